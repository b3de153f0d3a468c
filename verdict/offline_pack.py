"""The offline pack of a county: areas, the law of the day as plain data, and who decides.

A telephone without a net judges by it (``maps/static/zhijie/field/offline.js``), more cautiously than the
service: whether a permit covers a place it leaves open, and past law is not in it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy.orm import Session

from core.clock import CHINA
from core.errors import BadInput, NotFound
from core.i18n import LANGS, N_
from geo.measure.probability import sigma_from_r68
from law.book import LawBook
from layers.lawbook.documents import current_book
from store.queries.area_extract import (
    AreaExtract,
    County,
    fetch_area_extract,
    fetch_county,
    fetch_versions,
    fetch_worst_m,
)
from verdict.applicable_law import Matter, bilingual, find_law
from verdict.inquiry import Limits
from verdict.model import Bilingual
from verdict.outcome import WHOLLY
from verdict.wording.verdict import cited

FORM: Final = 2  # of the pack: a telephone drops one that its scripts cannot read
SIGMAS: Final = 3.0  # an area farther off than this cannot reach the least share that counts
SLACK_M: Final = 1_000.0  # for the position's own error, and zones that want to be told of when near
COUNTY_DIGITS: Final = 6
Told = dict[str, Any]


def find_county(
    session: Session, place: tuple[float, float] | None, reaches: Iterable[str], day: dt.date
) -> County:
    """The county at a place (CGCS2000 degrees); without one, that of the first reach that lies in one."""
    code = next((reach[:COUNTY_DIGITS] for reach in reaches if len(reach) >= COUNTY_DIGITS), None)
    if place is None and code is None:
        raise BadInput(
            N_("Your reach is wider than a county."), field="lon", hint=N_("Give the place as lon and lat.")
        )
    found = fetch_county(session, code, place, day)
    if found is None:
        raise NotFound(N_("There is no county here."), field="lon", hint=N_("Give a place in your area."))
    return found


def version_of(session: Session, county: County, limits: Limits, day: dt.date) -> str:
    """A text that is another whenever the pack would be."""
    said = repr((FORM, county, limits, day, fetch_versions(session)))
    return hashlib.sha256(said.encode()).hexdigest()[:24]


def make_pack(session: Session, county: County, limits: Limits, day: dt.date) -> Told:
    """The pack of a county on a day, without its version."""
    margin_m = SIGMAS * sigma_from_r68(fetch_worst_m(session)) + SLACK_M
    around = fetch_area_extract(session, county, margin_m, day)
    book = current_book(session)
    law, power = Table(), Table()
    return {
        "form": FORM,
        "as_of": day.isoformat(),
        "loaded_on": _loaded_on(around),
        "until": _first(around.until, _turn(book, day)),
        "county": {"code": county.code, "name": county.name},
        "box": [round(side, 6) for side in around.box],
        "limits": {**asdict(limits.shares), "outside": WHOLLY, "max_accuracy_m": limits.max_accuracy_m},
        "sources": [_source(row) for row in around.sources],
        "units": around.units,
        "zones": [{**row, "grade_name": _grade(book, row, day)} for row in around.zones],
        "grid": around.cells,
        "permits": around.permits,
        "kinds": {k.kind: {"name": bilingual(k.name), "near_m": k.near_m} for k in book.zone_kinds.values()},
        "categories": [
            {
                "code": category.code,
                "name": bilingual(category.name),
                "relevant": sorted(book.relevant_kinds(category.code, day)),
                "law": dict(_law(book, around, category.code, day, law)),
                "power": dict(_power(book, around, category.code, day, power)),
            }
            for category in book.categories.values()
        ],
        "laws": law.rows,
        "powers": power.rows,
    }


@dataclass(slots=True)
class Table:
    """Each different row once; what repeats is a number."""

    rows: list[Told] = field(default_factory=list)

    def number(self, row: Told) -> int:
        """Where a row stands."""
        if row not in self.rows:
            self.rows.append(row)
        return self.rows.index(row)


def _loaded_on(around: AreaExtract) -> str:
    newest = max((row["loaded_at"] for row in around.sources), default=None)
    return newest.astimezone(CHINA).date().isoformat() if newest else ""


def _first(*days: dt.date | None) -> str | None:
    known = [day for day in days if day is not None]
    return min(known).isoformat() if known else None


def _source(row: Told) -> Told:
    plain = {name: row[name] for name in ("role", "title", "official", "accuracy_m", "reach", "kinds")}
    begins = row["begins"]
    return {**plain, "simplified_m": row["simplified_m"], "begins": begins and begins.isoformat()}


def _grade(book: LawBook, row: Told, day: dt.date) -> Bilingual | None:
    return (
        None
        if row["grade"] is None
        else bilingual(book.zone_kinds[row["kind"]].grade_name(row["grade"], day))
    )


def _law(
    book: LawBook, around: AreaExtract, category: str, day: dt.date, table: Table
) -> Iterator[tuple[str, int]]:
    """ "kind/grade" of each zone of the pack → what the law of the day says of the category there."""
    for kind, grade in sorted({(row["kind"], row["grade"] or "") for row in around.zones}):
        found = find_law(book, Matter(kind, grade or None, category, day, day))
        said = found.binding_law
        basis = [asdict(one) for one in said.basis]
        yield (
            f"{kind}/{grade}",
            table.number(
                {
                    "effect": said.effect,
                    "known": found.known,
                    "basis": {lang: cited(basis, lang) for lang in LANGS},
                    "authority": said.authority,
                    "consequence": said.consequence,
                }
            ),
        )


def _power(
    book: LawBook, around: AreaExtract, category: str, day: dt.date, table: Table
) -> Iterator[tuple[str, int]]:
    """ "unit/kind" (kind empty: outside all zones) → who decides there, and what the township may do."""
    kinds = ["", *sorted({row["kind"] for row in around.zones})]
    for unit in sorted({row["code"] for row in around.units}):
        for kind in kinds:
            found = book.competence_for(category, [kind] if kind else [], unit, day)
            yield (
                f"{unit}/{kind}",
                table.number(
                    {
                        "authority": bilingual(found.authority),
                        "mode": found.mode,
                        "township_may": [bilingual(text) for text in found.township_may],
                        "whistle": [bilingual(text) for text in found.whistle],
                        "sample": found.sample,
                    }
                ),
            )


def _turn(book: LawBook, day: dt.date) -> dt.date | None:
    """The first day after ``day`` on which the book says something else."""
    periods = [one.period for one in (*book.rules, *book.absences)]
    periods += [entry.period for entry in book.entries]
    periods += [reading.period for kind in book.zone_kinds.values() for reading in kind.readings]
    turns = (turn for period in periods for turn in (period.start, period.end))
    return min((turn for turn in turns if turn is not None and turn > day), default=None)
