"""An explanation of which law binds when it changed after the act (从旧兼从轻), with both laws."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Final

from core.errors import BadInput
from core.i18n import N_, Lang, say
from law import Article, Change, Law, LawBook, Rule
from verdict.applicable_law import basis_of
from verdict.glossary import EFFECTS
from verdict.wording.law import Line, cited_short, joined, labelled, zone_words
from verdict.wording.phrases import cited

BINDS: Final[dict[Law, str]] = {
    "same": N_("the same law on both days"),
    "old": N_("the law at the act"),
    "new": N_("the law of today"),
}


@dataclass(frozen=True, slots=True)
class LawChangeQuery:
    """Kind and grade of a zone, category, day of the act, day of the decision (``today``)."""

    kind: str
    grade: str | None
    category: str
    act: dt.date
    today: dt.date


def explain(book: LawBook, asked: LawChangeQuery, lang: Lang) -> list[Line]:
    """Lines on the law at the act, the law today, the changes between, and which binds under 从旧兼从轻.

    Raises :class:`BadInput` for codes that the book does not have, and for an act after the decision.
    """
    _check(book, asked)
    lines = [
        labelled(lang, N_("Zone"), zone_words(book, asked.kind, asked.grade, asked.act, lang)),
        labelled(lang, N_("Matter"), book.categories[asked.category].name.say(lang)),
        *_law_on(book, asked, asked.act, N_("Law at the act"), lang),
    ]
    if asked.today != asked.act:
        lines += _law_on(book, asked, asked.today, N_("Law today"), lang)
        lines += _changed(book, asked, lang)
    return [*lines, *_binds(book, asked, lang)]


def _check(book: LawBook, asked: LawChangeQuery) -> None:
    if asked.kind not in book.zone_kinds:
        raise _unknown("kind", N_("The zone kind {kind} is unknown."), asked.kind, book.zone_kinds)
    if asked.category not in book.categories:
        raise _unknown("category", N_("The category {category} is unknown."), asked.category, book.categories)
    grades = tuple(dict.fromkeys(named.grade for named in book.zone_kinds[asked.kind].grade_names))
    if asked.grade and asked.grade not in grades:
        raise _unknown("grade", N_("This kind of zone has no grade {grade}."), asked.grade, grades)
    if asked.act > asked.today:
        message = N_("The act on {act} is after the decision on {today}.")
        hint = N_("Give the first day before the last one.")
        raise BadInput(message, field="act", hint=hint, act=asked.act, today=asked.today)


def _unknown(field: str, message: str, code: str, known: Iterable[str]) -> BadInput:
    names = ", ".join(known)
    hint = N_("Use one of: {known}.") if names else N_("Leave it out.")
    return BadInput(message, field=field, hint=hint, known=names, **{field: code})


def _law_on(book: LawBook, asked: LawChangeQuery, on: dt.date, label: str, lang: Lang) -> Iterator[Line]:
    place = (asked.kind, asked.grade, asked.category, on)
    rules = book.rules_for(*place)
    if not rules:
        known = book.known_from(asked.kind, asked.category)
        early = known is not None and on < known
        told = say(lang, N_("known here from {day}"), day=known) if early else ""
        yield labelled(lang, label, joined(lang, (str(on), book.coverage(*place).reason.say(lang), told)))
    for rule in rules:
        yield labelled(lang, label, joined(lang, (str(on), say(lang, EFFECTS[rule.effect]))))
        yield from _rule(rule, lang)


def _rule(rule: Rule, lang: Lang) -> Iterator[Line]:
    basis = [asdict(basis_of(article)) for article in rule.articles]
    yield labelled(lang, N_("Legal basis"), joined(lang, cited(basis, lang)))
    yield labelled(lang, N_("Authority"), rule.authority.say(lang))
    yield labelled(lang, N_("Consequence"), rule.consequence.say(lang))
    for condition in rule.conditions:
        note = (condition.note.say(lang),) if condition.note else ()
        yield labelled(lang, N_("Only if"), joined(lang, (condition.text.say(lang), *note)))
    if rule.note:
        yield labelled(lang, N_("Note"), rule.note.say(lang))


def _changed(book: LawBook, asked: LawChangeQuery, lang: Lang) -> Iterator[Line]:
    for change in book.changes(asked.kind, asked.grade, asked.category, (asked.act, asked.today)):
        ended, began = _differ(change)
        parts = (
            str(change.on),
            say(lang, N_("ended: {articles}"), articles=cited_short(ended, lang)) if ended else "",
            say(lang, N_("began: {articles}"), articles=cited_short(began, lang)) if began else "",
        )
        yield labelled(lang, N_("Changed"), joined(lang, parts))


def _differ(change: Change) -> tuple[list[Article], list[Article]]:
    """Articles that ended, and that began.

    Articles in both are left out, unless nothing else changed: a rule was then reworded within one article.
    """
    ended, began = (
        list(dict.fromkeys(article for rule in rules for article in rule.articles))
        for rules in (change.ended, change.began)
    )
    alone = [a for a in ended if a not in began], [a for a in began if a not in ended]
    return alone if any(alone) else (ended, began)


def _binds(book: LawBook, asked: LawChangeQuery, lang: Lang) -> Iterator[Line]:
    found = book.applicable_law(asked.kind, asked.grade, asked.category, (asked.act, asked.today))
    yield labelled(lang, N_("Which law binds"), say(lang, BINDS[found.law]))
    yield labelled(
        lang, N_("Because"), joined(lang, (found.reason.say(lang), cited_short([found.basis], lang)))
    )
    if found.review:
        yield labelled(
            lang, N_("To be reviewed"), say(lang, N_("a person must compare both before deciding"))
        )
