"""Changes of unit, zones and law between the day of the act and the day of the answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from functools import lru_cache

from core.i18n import LANGS, N_, say
from facts import PlaceFacts
from law import LawBook, Rule
from verdict.applicable_law import bilingual
from verdict.model import Bilingual, Change, Jurisdiction

NOTHING = N_("none")  # stored with the verdict in both languages: another wording would break replays


def find_changes(
    then: tuple[PlaceFacts, Jurisdiction],
    now: tuple[PlaceFacts, Jurisdiction],
    law: tuple[LawBook, str, dt.date, dt.date],
) -> tuple[Change, ...]:
    """Changes of the lead unit, of the zones that the place lies in, and of the law of zones at or near it.

    ``then``, ``now``: facts and jurisdiction on the day of the act and of the answer. ``law``: book,
    category, and those two days.
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
    before, after = (
        {hit.id: (hit.name, hit.grade) for hit in facts.zones if hit.covers or hit.overlap_m2 > 0}
        for facts in (then, now)
    )
    for zone in sorted(before.keys() | after.keys()):
        if (old := before.get(zone)) != (new := after.get(zone)):
            yield Change("zone", None, zone, _zone_name(old), _zone_name(new))


def _zone_name(zone: tuple[str, str | None] | None) -> Bilingual:
    if zone is None:
        return {lang: say(lang, NOTHING) for lang in LANGS}
    text = " ".join(part for part in zone if part)
    return {"zh": text, "en": text}


def _law(
    facts: PlaceFacts, book: LawBook, category: str, as_of: dt.date, asked_on: dt.date
) -> Iterator[Change]:
    kinds = dict.fromkeys((hit.kind, hit.grade) for hit in facts.zones)
    seen: set[tuple[str, str, str]] = set()  # a change that two kinds of zones share is listed once
    for kind, grade in kinds:
        for on, before, after in _law_changes(book, kind, grade, category, (as_of, asked_on)):
            if (on, before["zh"], after["zh"]) not in seen:
                seen.add((on, before["zh"], after["zh"]))
                yield Change("law", on, kind, before, after)


@lru_cache(maxsize=4096)
def _law_changes(
    book: LawBook, kind: str, grade: str | None, category: str, days: tuple[dt.date, dt.date]
) -> tuple[tuple[str, Bilingual, Bilingual], ...]:
    """(day, laws before, laws after) of each change. Cached: it does not depend on the place."""
    changes = book.changes(kind, grade, category, days)
    return tuple((c.on.isoformat(), _cited(c.ended), _cited(c.began)) for c in changes)


def _cited(rules: Iterable[Rule]) -> Bilingual:
    """Titles of the laws that rules rest on, each once; "none" where there are no rules."""
    laws = dict.fromkeys(article.law for rule in rules for article in rule.articles)
    if not laws:
        return {lang: say(lang, NOTHING) for lang in LANGS}
    texts = [bilingual(law) for law in laws]
    return {"zh": "、".join(f"《{t['zh']}》" for t in texts), "en": "; ".join(t["en"] for t in texts)}
