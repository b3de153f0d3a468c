"""What has changed between the act and the day of the answer: units, zones, law."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from functools import lru_cache

from core.i18n import LANGS, N_, say
from facts.model import PlaceFacts, ZoneHit
from law.book import LawBook
from law.rules import Rule
from verdict.applicable_law import bilingual
from verdict.model import Bilingual, Change, Jurisdiction

NOTHING = N_("none")


def find_changes(
    then: tuple[PlaceFacts, Jurisdiction],
    now: tuple[PlaceFacts, Jurisdiction],
    law: tuple[LawBook, str, dt.date, dt.date],
) -> tuple[Change, ...]:
    """Changes of the lead unit, of the zones that meet the place, and of those zones' law.

    ``law``: book, category, day of the act, day of the answer.
    """
    return (*_unit(then, now), *_zones(then[0], now[0]), *_law(then[0], *law))


def _unit(then: tuple[PlaceFacts, Jurisdiction], now: tuple[PlaceFacts, Jurisdiction]) -> Iterator[Change]:
    before, after = then[1].lead, now[1].lead
    if before is None or after is None or before.code == after.code:
        return
    ends = next((hit.ends for hit in then[0].units if hit.code == before.code), None)
    names = [
        {"zh": f"{unit.name}（{unit.code}）", "en": f"{unit.name} ({unit.code})"} for unit in (before, after)
    ]
    yield Change("unit", ends.isoformat() if ends else None, before.code, names[0], names[1])


def _zones(then: PlaceFacts, now: PlaceFacts) -> Iterator[Change]:
    before, after = _met(then), _met(now)
    for zone in sorted(before.keys() | after.keys()):
        if (old := before.get(zone)) != (new := after.get(zone)):
            yield Change("zone", None, zone, _zone_name(old), _zone_name(new))


def _met(facts: PlaceFacts) -> dict[str, tuple[str, str | None]]:
    return {hit.id: (hit.name, hit.grade) for hit in facts.zones if _meets(hit)}


def _meets(hit: ZoneHit) -> bool:
    return hit.covers or hit.overlap_m2 > 0


def _zone_name(zone: tuple[str, str | None] | None) -> Bilingual:
    if zone is None:
        return {lang: say(lang, NOTHING) for lang in LANGS}
    text = " ".join(part for part in zone if part)
    return {"zh": text, "en": text}


def _law(
    facts: PlaceFacts, book: LawBook, category: str, as_of: dt.date, asked_on: dt.date
) -> Iterator[Change]:
    kinds = dict.fromkeys((hit.kind, hit.grade) for hit in facts.zones)
    told: set[tuple[str, str, str]] = set()
    for kind, grade in kinds:
        for on, before, after in _law_changes(book, kind, grade, category, (as_of, asked_on)):
            if (on, before["zh"], after["zh"]) not in told:
                told.add((on, before["zh"], after["zh"]))
                yield Change("law", on, kind, before, after)


@lru_cache(maxsize=4096)
def _law_changes(
    book: LawBook, kind: str, grade: str | None, category: str, days: tuple[dt.date, dt.date]
) -> tuple[tuple[str, Bilingual, Bilingual], ...]:
    """Day of each change, the laws before and after. Kept, as the law is."""
    changes = book.changes(kind, grade, category, days)
    return tuple((c.on.isoformat(), _cited(c.ended), _cited(c.began)) for c in changes)


def _cited(rules: Iterable[Rule]) -> Bilingual:
    """The laws that rules rest on, each once."""
    laws = dict.fromkeys(article.law for rule in rules for article in rule.articles)
    if not laws:
        return {lang: say(lang, NOTHING) for lang in LANGS}
    texts = [bilingual(law) for law in laws]
    return {"zh": "、".join(f"《{t['zh']}》" for t in texts), "en": "; ".join(t["en"] for t in texts)}
