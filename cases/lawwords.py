"""The law told to a person: findings of a check, terms, and which law binds after a change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from cases.conflicts import basis_of
from cases.glossary import EFFECTS
from cases.words import cited
from geo.errors import BadInput
from law.articles import Article
from law.binding import Law
from law.book import LawBook
from law.matrix import Finding, Hole
from law.rules import Rule
from law.terms import Clock, Term
from law.values import Unit
from layers.lawcheck import LawCheck
from words import N_, Lang, say

Line = dict[str, str]
Row = tuple[str, ...]

FEW: Final = 3  # so many units are named, of more the number is said
KINDS: Final = {"gap": N_("gap"), "overlap": N_("overlap"), "hole": N_("no rule known")}
UNITS: Final[dict[Unit, str]] = {
    "working_days": N_("{length} working days"),
    "days": N_("{length} days"),
    "months": N_("{length} months"),
}
BINDS: Final[dict[Law, str]] = {
    "same": N_("the same law on both days"),
    "old": N_("the law at the act"),
    "new": N_("the law of today"),
}


def tell_findings(check: LawCheck, lang: Lang) -> list[Row]:
    """Rows of kind, matters, places, units, authorities; findings that differ in the place alone are one."""
    return [*_finding_rows(check, lang), *_hole_rows(check, lang)]


def count_findings(check: LawCheck, lang: Lang) -> str:
    """How much was found, in one line."""
    kinds = [finding.kind for finding in check.findings]
    values = {"units": len(check.units), "day": check.on}
    if check.clean:
        return say(lang, N_("Nothing found in {units} townships on {day}."), **values)
    return say(
        lang,
        N_(
            "{count} findings in {units} townships on {day}: "
            "{gaps} gaps, {overlaps} overlaps, {holes} without a rule."
        ),
        count=len(kinds) + len(check.holes),
        gaps=kinds.count("gap"),
        overlaps=kinds.count("overlap"),
        holes=len(check.holes),
        **values,
    )


def _finding_rows(check: LawCheck, lang: Lang) -> Iterator[Row]:
    groups: dict[tuple[str, str, Row, Row], list[Finding]] = {}
    for one in check.findings:
        groups.setdefault((one.kind, one.category, one.units, one.entries), []).append(one)
    named = {entry.id: entry.authority.say(lang) for entry in check.book.entries}
    for (kind, category, units, entries), group in sorted(groups.items(), key=lambda item: item[0][:2]):
        matter = check.book.categories[category].name.say(lang)
        places = _list(lang, (_place(check.book, one.zone_kind, lang) for one in group))
        decide = _list(lang, dict.fromkeys(named[entry] for entry in entries))
        yield say(lang, KINDS[kind]), matter, places, _units(check, units, lang), decide


def _place(book: LawBook, zone_kind: str | None, lang: Lang) -> str:
    return book.zone_kinds[zone_kind].name.say(lang) if zone_kind else say(lang, N_("outside every zone"))


def _units(check: LawCheck, units: Row, lang: Lang) -> str:
    if len(units) <= FEW:
        return _list(lang, (f"{check.units[code]} {code}" for code in units))
    text = N_("all {count} townships") if len(units) == len(check.units) else N_("{count} townships")
    return say(lang, text, count=len(units))


def _hole_rows(check: LawCheck, lang: Lang) -> Iterator[Row]:
    groups: dict[tuple[str, str | None], list[Hole]] = {}
    for hole in check.holes:
        groups.setdefault((hole.zone_kind, hole.grade), []).append(hole)
    for (kind, grade), holes in groups.items():
        names = (check.book.categories[hole.category].name.say(lang) for hole in holes)
        whole = len(holes) == len(check.book.categories)
        matters = say(lang, N_("every matter")) if whole else _list(lang, names)
        yield say(lang, KINDS["hole"]), matters, _zone(check.book, kind, grade, check.on, lang), "", ""


def _zone(book: LawBook, kind: str, grade: str | None, on: dt.date, lang: Lang) -> str:
    zone = book.zone_kinds[kind]
    own = zone.own_grade(grade)
    return " · ".join([zone.name.say(lang), *([zone.grade_name(own, on).say(lang)] if own else [])])


def _list(lang: Lang, parts: Iterable[str]) -> str:
    return ("、" if lang == "zh" else ", ").join(parts)


def _join(lang: Lang, parts: Iterable[str]) -> str:
    return ("；" if lang == "zh" else "; ").join(part for part in parts if part)


def _line(lang: Lang, label: str, text: str) -> Line:
    return {"label": say(lang, label), "text": text}


def tell_clocks(book: LawBook, lang: Lang) -> list[Row]:
    """Rows of id, name, length, from when, articles, standing; in the order of the document."""
    return [
        (
            clock.id,
            clock.name.say(lang),
            _length(clock, lang),
            clock.starts.say(lang),
            _articles(clock.articles, lang),
            _standing(clock, lang),
        )
        for clock in book.clocks.values()
    ]


def _length(clock: Clock, lang: Lang) -> str:
    length = say(lang, UNITS[clock.unit], length=clock.length)
    return say(lang, N_("{length} before"), length=length) if clock.direction == "before" else length


def _articles(articles: Iterable[Article], lang: Lang) -> str:
    return _list(lang, (article.citation().say(lang) for article in articles))


def _standing(clock: Clock, lang: Lang) -> str:
    if clock.local:
        return say(lang, N_("local, an example"))
    return say(lang, N_("verified") if clock.verified else N_("not verified"))


def tell_term(term: Term, lang: Lang) -> list[Line]:
    """The last day, what it is counted from, and every step of the count."""
    clock = term.clock
    due = str(term.due) if term.due else say(lang, N_("not known yet"))
    basis = _join(lang, (_articles(clock.articles, lang), _standing(clock, lang)))
    lines = [
        _line(lang, N_("Last day"), due),
        _line(lang, N_("Term"), clock.name.say(lang)),
        _line(lang, N_("Counted from"), f"{term.start} · {clock.starts.say(lang)}"),
        _line(lang, N_("Legal basis"), basis),
        *(_line(lang, N_("Count"), step.say(lang)) for step in term.explained),
    ]
    return [*lines, _line(lang, N_("Note"), clock.note.say(lang))] if clock.note else lines


def term_as_dict(term: Term) -> dict[str, Any]:
    """A term as JSON holds it; texts in both languages."""
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


@dataclass(frozen=True, slots=True)
class LawAsked:
    """A zone, a matter, the day of the act and the day of the decision."""

    kind: str
    grade: str | None
    category: str
    act: dt.date
    today: dt.date


def explain(book: LawBook, asked: LawAsked, lang: Lang) -> list[Line]:
    """Which law held at the act, which holds today, what changed, and which binds under 从旧兼从轻.

    Raises :class:`BadInput` for codes that the book does not have and for an act after the decision.
    """
    _check(book, asked)
    lines = [
        _line(lang, N_("Zone"), _zone(book, asked.kind, asked.grade, asked.act, lang)),
        _line(lang, N_("Matter"), book.categories[asked.category].name.say(lang)),
        *_law_on(book, asked, asked.act, N_("Law at the act"), lang),
    ]
    if asked.today != asked.act:
        lines += _law_on(book, asked, asked.today, N_("Law today"), lang)
        lines += _changed(book, asked, lang)
    return [*lines, *_binds(book, asked, lang)]


def _check(book: LawBook, asked: LawAsked) -> None:
    if asked.kind not in book.zone_kinds:
        raise _unknown("kind", N_("The zone kind {code} is unknown."), asked.kind, book.zone_kinds)
    if asked.category not in book.categories:
        raise _unknown("category", N_("The category {code} is unknown."), asked.category, book.categories)
    grades = book.zone_kinds[asked.kind].grades
    if asked.grade and asked.grade not in grades:
        raise _unknown("grade", N_("This kind of zone has no grade {code}."), asked.grade, grades)
    if asked.act > asked.today:
        message = N_("The act on {act} is after the decision on {today}.")
        mend = N_("Give the first day before the last one.")
        raise BadInput(message, field="act", mend=mend, act=asked.act, today=asked.today)


def _unknown(field: str, message: str, code: str, known: Iterable[str]) -> BadInput:
    names = ", ".join(known)
    mend = N_("Use one of: {known}.") if names else N_("Leave it out.")
    return BadInput(message, field=field, mend=mend, code=code, known=names)


def _law_on(book: LawBook, asked: LawAsked, on: dt.date, label: str, lang: Lang) -> Iterator[Line]:
    place = (asked.kind, asked.grade, asked.category, on)
    rules = book.rules_for(*place)
    if not rules:
        yield _line(lang, label, _join(lang, (str(on), book.coverage(*place).reason.say(lang))))
    for rule in rules:
        yield _line(lang, label, _join(lang, (str(on), say(lang, EFFECTS[rule.effect]))))
        yield from _rule(rule, lang)


def _rule(rule: Rule, lang: Lang) -> Iterator[Line]:
    basis = [asdict(basis_of(article)) for article in rule.articles]
    yield _line(lang, N_("Legal basis"), _join(lang, cited(basis, lang)))
    yield _line(lang, N_("Authority"), rule.authority.say(lang))
    yield _line(lang, N_("Consequence"), rule.consequence.say(lang))
    if rule.note:
        yield _line(lang, N_("Note"), rule.note.say(lang))


def _changed(book: LawBook, asked: LawAsked, lang: Lang) -> Iterator[Line]:
    for change in book.changes(asked.kind, asked.grade, asked.category, (asked.act, asked.today)):
        ended = say(lang, N_("ended: {articles}"), articles=_cited_by(change.ended, lang))
        began = say(lang, N_("began: {articles}"), articles=_cited_by(change.began, lang))
        parts = (str(change.on), ended if change.ended else "", began if change.began else "")
        yield _line(lang, N_("Changed"), _join(lang, parts))


def _cited_by(rules: Iterable[Rule], lang: Lang) -> str:
    return _articles(dict.fromkeys(article for rule in rules for article in rule.articles), lang)


def _binds(book: LawBook, asked: LawAsked, lang: Lang) -> Iterator[Line]:
    found = book.binding(asked.kind, asked.grade, asked.category, (asked.act, asked.today))
    yield _line(lang, N_("Which law binds"), say(lang, BINDS[found.law]))
    yield _line(lang, N_("Because"), _join(lang, (found.reason.say(lang), _articles([found.basis], lang))))
    if found.review:
        yield _line(lang, N_("To be reviewed"), say(lang, N_("a person must compare both before deciding")))
