"""Texts about the law: findings of a check, statutory time limits, and a computed term."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any, Final

from core.i18n import N_, Lang, say
from law import Article, Clock, CompetenceFinding, LawBook, RuleGap, Term, Unit
from layers.lawbook import LawCheck

Line = dict[str, str]
Row = tuple[str, ...]

FEW: Final = 3  # up to so many units are named; of more, the number is given
KINDS: Final = {
    "gap": N_("gap"),
    "overlap": N_("overlap"),
    "hole": N_("no rule known"),
    "contradiction": N_("contradiction"),
}
UNITS: Final[dict[Unit, str]] = {
    "working_days": N_("{length} working days"),
    "days": N_("{length} days"),
    "months": N_("{length} months"),
}


def finding_rows(check: LawCheck, lang: Lang) -> list[Row]:
    """Rows of (kind, matters, places, units, authorities or what contradicts what).

    Findings that differ only in the zone kind share a row, as do holes that differ only in the category.
    """
    return [*_power_rows(check, lang), *_hole_rows(check, lang), *_contradiction_rows(check, lang)]


def findings_summary(check: LawCheck, lang: Lang) -> str:
    """The number of findings by kind, in one line."""
    kinds = [finding.kind for finding in check.findings]
    values = {"units": len(check.units), "day": check.on}
    if check.clean:
        return say(lang, N_("Nothing found in {units} townships on {day}."), **values)
    return say(
        lang,
        N_(
            "{count} findings in {units} townships on {day}: "
            "{gaps} gaps, {overlaps} overlaps, {holes} without a rule, {contradictions} contradictions."
        ),
        count=len(kinds) + len(check.rule_gaps) + len(check.contradictions),
        contradictions=len(check.contradictions),
        gaps=kinds.count("gap"),
        overlaps=kinds.count("overlap"),
        holes=len(check.rule_gaps),
        **values,
    )


def _power_rows(check: LawCheck, lang: Lang) -> Iterator[Row]:
    groups: dict[tuple[str, str, Row, Row], list[CompetenceFinding]] = {}
    for one in check.findings:
        groups.setdefault((one.kind, one.category, one.units, one.entries), []).append(one)
    named = {entry.id: entry.authority.say(lang) for entry in check.book.entries}
    for (kind, category, units, entries), group in sorted(groups.items(), key=lambda item: item[0][:2]):
        matter = check.book.categories[category].name.say(lang)
        places = joined(lang, (_place(check.book, one.zone_kind, lang) for one in group))
        decide = joined(lang, dict.fromkeys(named[entry] for entry in entries))
        yield say(lang, KINDS[kind]), matter, places, _units(check, units, lang), decide


def _place(book: LawBook, zone_kind: str | None, lang: Lang) -> str:
    return book.zone_kinds[zone_kind].name.say(lang) if zone_kind else say(lang, N_("outside every zone"))


def _units(check: LawCheck, units: Row, lang: Lang) -> str:
    if len(units) <= FEW:
        return listed(lang, (f"{check.units[code]} {code}" for code in units))
    text = N_("all {count} townships") if len(units) == len(check.units) else N_("{count} townships")
    return say(lang, text, count=len(units))


def _hole_rows(check: LawCheck, lang: Lang) -> Iterator[Row]:
    groups: dict[tuple[str, str | None], list[RuleGap]] = {}
    for hole in check.rule_gaps:
        groups.setdefault((hole.zone_kind, hole.grade), []).append(hole)
    for (kind, grade), holes in groups.items():
        names = (check.book.categories[hole.category].name.say(lang) for hole in holes)
        whole = len(holes) == len(check.book.categories)
        matters = say(lang, N_("every matter")) if whole else joined(lang, names)
        yield say(lang, KINDS["hole"]), matters, zone_words(check.book, kind, grade, check.on, lang), "", ""


def _contradiction_rows(check: LawCheck, lang: Lang) -> Iterator[Row]:
    """Rows of contradictions; the last cell says what contradicts what."""
    for one in check.contradictions:
        matter = check.book.categories[one.category].name.say(lang)
        place = _place(check.book, one.zone_kind, lang)
        yield (
            say(lang, KINDS["contradiction"]),
            matter,
            place,
            _units(check, one.units, lang),
            say(lang, one.what),
        )


def zone_words(book: LawBook, kind: str, grade: str | None, on: dt.date, lang: Lang) -> str:
    """Names of a kind of zone and of its grade, as the law of a day names it."""
    zone = book.zone_kinds[kind]
    own = zone.own_grade(grade)
    return " · ".join([zone.name.say(lang), *([zone.grade_name(own, on).say(lang)] if own else [])])


def listed(lang: Lang, parts: Iterable[str]) -> str:
    """Items of a list as one text: 甲、乙 / a, b."""
    return ("、" if lang == "zh" else ", ").join(parts)


def joined(lang: Lang, parts: Iterable[str]) -> str:
    """Statements as one text, empty ones left out: 甲；乙 / a; b."""
    return ("；" if lang == "zh" else "; ").join(part for part in parts if part)


def labelled(lang: Lang, label: str, text: str) -> Line:
    """A line of text with its label; ``label`` is a message id."""
    return {"label": say(lang, label), "text": text}


def clock_rows(book: LawBook, lang: Lang) -> list[Row]:
    """Rows of (id, name, length, start, articles, verification) of all time limits, in the book's order."""
    return [
        (
            clock.id,
            clock.name.say(lang),
            _length(clock, lang),
            clock.starts.say(lang),
            cited_short(clock.articles, lang),
            _verification(clock, lang),
        )
        for clock in book.clocks.values()
    ]


def _length(clock: Clock, lang: Lang) -> str:
    length = say(lang, UNITS[clock.unit], length=clock.length)
    return say(lang, N_("{length} before"), length=length) if clock.direction == "before" else length


def cited_short(articles: Iterable[Article], lang: Lang) -> str:
    """Citations with the laws' short names, grouped by law: 《城乡规划法》第六十四条、第六十八条."""
    laws: dict[str, list[str]] = {}
    for article in articles:
        labels = laws.setdefault(article.short.say(lang), [])
        if article.label.say(lang) not in labels:
            labels.append(article.label.say(lang))
    cited = N_("{law}, {article}")
    return joined(
        lang, (say(lang, cited, law=law, article=listed(lang, labels)) for law, labels in laws.items())
    )


def _verification(clock: Clock, lang: Lang) -> str:
    if clock.local:
        return say(lang, N_("local, an example"))
    return say(lang, N_("verified") if clock.verified else N_("not verified"))


def term_lines(term: Term, lang: Lang) -> list[Line]:
    """Lines for a term: its last day, name, start, legal basis, and each step of the computation."""
    clock = term.clock
    due = str(term.due) if term.due else say(lang, N_("not known yet"))
    basis = joined(lang, (cited_short(clock.articles, lang), _verification(clock, lang)))
    lines = [
        labelled(lang, N_("Last day"), due),
        labelled(lang, N_("Term"), clock.name.say(lang)),
        labelled(lang, N_("Counted from"), f"{term.start} · {clock.starts.say(lang)}"),
        labelled(lang, N_("Legal basis"), basis),
        *(labelled(lang, N_("Count"), step.say(lang)) for step in term.explained),
    ]
    return [*lines, labelled(lang, N_("Note"), clock.note.say(lang))] if clock.note else lines


def term_as_dict(term: Term) -> dict[str, Any]:
    """A term as a JSON object, texts in both languages."""
    clock = term.clock
    return {
        "clock": clock.id,
        "name": asdict(clock.name),
        "start": term.start.isoformat(),
        "due": term.due.isoformat() if term.due else None,
        "length": clock.length,
        "unit": clock.unit,
        "direction": clock.direction,
        "articles": [asdict(article.citation()) for article in clock.articles],
        "local": clock.local,
        "verified": clock.verified,
        "explained": [asdict(text) for text in term.explained],
    }
