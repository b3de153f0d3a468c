"""The offline pack of a county: its areas, the law of one day as plain data, and competences.

A telephone without a connection judges by it (``maps/static/zhijie/field/offline.js``), more cautiously than
the service: it does not decide whether a permit covers a place, and has no past law.
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
from geo.measure import sigma_from_r68
from law import LawBook
from layers import current_book
from store import Reach
from store.queries import (
    AreaExtract,
    County,
    fetch_area_extract,
    fetch_coarsest_accuracy_m,
    fetch_county,
    fetch_versions,
)
from verdict.applicable_law import LawQuery, bilingual, find_law
from verdict.inquiry import Limits
from verdict.model import Bilingual
from verdict.outcome import MAX_OUTSIDE_SHARE
from verdict.personal import workers_within
from verdict.wording.phrases import cited
from verdict.wording.provisos import headlines

PACK_FORMAT: Final = 4  # a telephone drops a pack of a format that its scripts cannot read
CHANNEL: Final = "field"  # of what a telephone asks
SIGMAS: Final = 3.0  # an area farther away than this many σ cannot reach the least share that counts
MARGIN_M: Final = 1_000.0  # for the position's own error, and for the notice distances of zones
COUNTY_DIGITS: Final = 6
Json = dict[str, Any]


def find_county(
    session: Session, place: tuple[float, float] | None, reaches: Iterable[str], day: dt.date
) -> County:
    """The county at a place (CGCS2000 degrees); without a place, that of the first reach within one county.

    Raises BadInput where neither names a county, NotFound where the store has none there on ``day``.
    """
    code = next((reach[:COUNTY_DIGITS] for reach in reaches if len(reach) >= COUNTY_DIGITS), None)
    if place is None and code is None:
        raise BadInput(
            N_("Your reach is wider than a county."), field="lon", hint=N_("Give the place as lon and lat.")
        )
    found = fetch_county(session, code, place, day)
    if found is None:
        raise NotFound(N_("There is no county here."), field="lon", hint=N_("Give a place in your area."))
    return found


@dataclass(frozen=True, slots=True)
class PackTerms:
    """What a pack depends on beside the store. ``names``: where grid workers are named."""

    limits: Limits
    day: dt.date
    names: Reach


def pack_version(session: Session, county: County, terms: PackTerms) -> str:
    """Version of a county's pack (24 hex digits); it changes whenever the pack would."""
    # of everything the pack is made from, which is cheaper to read than the pack is to make
    terms_text = (terms.limits, terms.day, sorted(terms.names.stems))
    inputs = repr((PACK_FORMAT, county, *terms_text, fetch_versions(session)))
    return hashlib.sha256(inputs.encode()).hexdigest()[:24]


def make_pack(session: Session, county: County, terms: PackTerms) -> Json:
    """The pack of a county on a day, without its version."""
    limits, day = terms.limits, terms.day
    margin_m = SIGMAS * sigma_from_r68(fetch_coarsest_accuracy_m(session)) + MARGIN_M
    around = fetch_area_extract(session, county, margin_m, day)
    book = current_book(session)
    law, power = RowTable(), RowTable()
    return {
        "form": PACK_FORMAT,
        "as_of": day.isoformat(),
        "loaded_on": _loaded_on(around),
        "until": _earliest(around.until, _next_change(book, day)),
        "county": {"code": county.code, "name": county.name},
        "box": [round(side, 6) for side in around.box],
        "limits": {
            **asdict(limits.shares),
            "outside": MAX_OUTSIDE_SHARE,
            "max_accuracy_m": limits.max_accuracy_m,
            "default_accuracy_m": limits.radius_m(None, CHANNEL),
        },
        "sources": [_source(row) for row in around.sources],
        "units": around.units,
        "zones": [{**row, "grade_name": _grade(book, row, day)} for row in around.zones],
        "grid": workers_within(around.cells, terms.names),
        "permits": around.permits,
        "kinds": {k.kind: {"name": bilingual(k.name), "near_m": k.near_m} for k in book.zone_kinds.values()},
        "categories": [
            {
                "code": category.code,
                "name": bilingual(category.name),
                "unlawful": category.unlawful,
                "headlines": headlines({"name": bilingual(category.name), "unlawful": category.unlawful}),
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
class RowTable:
    """Distinct rows, referred to by index: most zones and units share a few laws and competences."""

    rows: list[Json] = field(default_factory=list)

    def index_of(self, row: Json) -> int:
        """Index of a row, appended where it is new."""
        if row not in self.rows:
            self.rows.append(row)
        return self.rows.index(row)


def _loaded_on(around: AreaExtract) -> str:
    newest = max((row["loaded_at"] for row in around.sources), default=None)
    return newest.astimezone(CHINA).date().isoformat() if newest else ""


def _earliest(*days: dt.date | None) -> str | None:
    """The earliest of the days that are known, ISO; None where none is."""
    known = [day for day in days if day is not None]
    return min(known).isoformat() if known else None


def _source(row: Json) -> Json:
    plain = {name: row[name] for name in ("role", "title", "official", "accuracy_m", "reach", "kinds")}
    begins = row["begins"]
    return {**plain, "simplified_m": row["simplified_m"], "begins": begins and begins.isoformat()}


def _grade(book: LawBook, row: Json, day: dt.date) -> Bilingual | None:
    return (
        None
        if row["grade"] is None
        else bilingual(book.zone_kinds[row["kind"]].grade_name(row["grade"], day))
    )


def _law(
    book: LawBook, around: AreaExtract, category: str, day: dt.date, table: RowTable
) -> Iterator[tuple[str, int]]:
    """Pairs for each kind of zone in the pack: ``"kind/grade"``, index of the law for the category there."""
    for kind, grade in sorted({(row["kind"], row["grade"] or "") for row in around.zones}):
        # one day for act and answer: the telephone judges what it sees today, so no law can have changed
        found = find_law(book, LawQuery(kind, grade or None, category, day, day))
        law_now = found.binding_law
        basis = [asdict(one) for one in law_now.basis]
        yield (
            f"{kind}/{grade}",
            table.index_of(
                {
                    "effect": law_now.effect,
                    "known": found.known,
                    "basis": {lang: cited(basis, lang) for lang in LANGS},
                    "authority": law_now.authority,
                    "consequence": law_now.consequence,
                }
            ),
        )


def _power(
    book: LawBook, around: AreaExtract, category: str, day: dt.date, table: RowTable
) -> Iterator[tuple[str, int]]:
    """Pairs ``"unit/kind"`` (kind "" outside all zones), index of the competence for the category there."""
    kinds = ["", *sorted({row["kind"] for row in around.zones})]
    for unit in sorted({row["code"] for row in around.units}):
        for kind in kinds:
            found = book.competence_for(category, [kind] if kind else [], unit, day)
            yield (
                f"{unit}/{kind}",
                table.index_of(
                    {
                        "authority": bilingual(found.authority),
                        "mode": found.mode,
                        "township_may": [bilingual(text) for text in found.township_may],
                        "whistle": [bilingual(text) for text in found.whistle],
                        "sample": found.sample,
                    }
                ),
            )


def _next_change(book: LawBook, day: dt.date) -> dt.date | None:
    """The first day after ``day`` on which something in the law book begins or ends; None: never."""
    periods = [one.period for one in (*book.rules, *book.absences)]
    periods += [entry.period for entry in book.entries]
    periods += [reading.period for kind in book.zone_kinds.values() for reading in kind.readings]
    turns = (turn for period in periods for turn in (period.start, period.end))
    return min((turn for turn in turns if turn is not None and turn > day), default=None)
