"""A preview of a change of law in words, as JSON, and as CSV rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

from core.i18n import N_, Lang, say
from law.book import LawBook
from previews.boundary_wording import OUTSIDE, Row, category_name, named
from previews.law_change import ASPECTS, Aspect, Comparison, Decision, Summary
from verdict.glossary import CERTAINTIES, EFFECTS, MODES
from verdict.wording.law import joined, listed

REFUSED: Final = N_("refused")
NO_VERDICT: Final = N_("refused: {reason}")
DECIDES: Final = N_("{authority} ({mode})")
NAMED: Final = N_("{authority} (named by a zone's rule)")
CSV_HEAD: Final = (
    "report",
    "category",
    "as_of",
    "changed",
    *(f"{aspect}_{side}" for aspect in ASPECTS for side in ("before", "after")),
)


def count_summary(summary: Summary, lang: Lang) -> str:
    """The number of decisions that differ, in one line."""
    if not summary.reports:
        return say(lang, N_("No report was received in this period."))
    return say(
        lang,
        N_("{differ} of {reports} reports would have been decided differently."),
        differ=summary.differ,
        reports=summary.reports,
    )


def tell_effects(summary: Summary, lang: Lang) -> Iterator[Row]:
    """Rows of effect before, effect after, reports; most reports first."""
    for (before, after), count in _ranked(summary.effects):
        yield _effect(before, lang), _effect(after, lang), str(count)


def _effect(code: str, lang: Lang) -> str:
    return say(lang, EFFECTS.get(code, REFUSED))


def tell_leads(summary: Summary, lang: Lang) -> Iterator[Row]:
    """Rows of lead unit before, lead unit after, reports; only where they differ."""
    for pair, count in _ranked(summary.leads):
        before, after = (_lead_name(summary, code, lang) for code in pair)
        yield before, after, str(count)


def _lead_name(summary: Summary, code: str, lang: Lang) -> str:
    if code in summary.names:
        return named(code, summary.names[code])
    return say(lang, OUTSIDE if code == "outside" else REFUSED)


def _ranked(counts: Mapping[tuple[str, str], int]) -> list[tuple[tuple[str, str], int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def tell_comparison(one: Comparison, book: LawBook, lang: Lang) -> Row:
    """Report, matter, day of the act, and each aspect before and after, empty where it is the same."""
    return (
        str(one.report),
        category_name(book, one.category, lang),
        one.as_of,
        *(_aspect(one, aspect, lang) for aspect in ASPECTS),
    )


def _aspect(one: Comparison, aspect: Aspect, lang: Lang) -> str:
    """Before → after; of lists the removed (−) and the added (+); empty where both are equal."""
    if aspect not in one.changed:
        return ""
    before, after = (aspect_parts(side, aspect, lang) for side in (one.before, one.after))
    if aspect in ("authority", "articles"):
        removed, added = (listed(lang, [*_without(*pair)]) for pair in ((before, after), (after, before)))
        return joined(lang, (f"− {removed}" if removed else "", f"+ {added}" if added else ""))
    return f"{listed(lang, before) or '–'} → {listed(lang, after) or '–'}"


def _without(parts: Iterable[str], others: Iterable[str]) -> Iterator[str]:
    known = set(others)
    return (part for part in parts if part not in known)


def aspect_parts(decision: Decision, aspect: Aspect, lang: Lang) -> list[str]:
    """An aspect of a decision in words; of a refusal only its reason, as the effect."""
    if decision.refused:
        return [say(lang, NO_VERDICT, reason=decision.refused[lang])] if aspect == "effect" else []
    return [*WORDS[aspect](decision, lang)]


def _effect_of(decision: Decision, lang: Lang) -> Iterator[str]:
    yield say(lang, EFFECTS[decision.effect or "unknown"])


def _lead(decision: Decision, lang: Lang) -> Iterator[str]:
    yield named(decision.lead.code, decision.lead.name) if decision.lead else say(lang, OUTSIDE)


def _certainty(decision: Decision, lang: Lang) -> Iterator[str]:
    yield say(lang, CERTAINTIES[decision.certainty or "outside"])


def _authorities(decision: Decision, lang: Lang) -> Iterator[str]:
    mode = say(lang, MODES[decision.mode or "none"])
    if decision.authority:
        yield say(lang, DECIDES, authority=decision.authority[lang], mode=mode)
    for authority in decision.zone_authorities:
        yield say(lang, NAMED, authority=authority[lang])


def _articles(decision: Decision, lang: Lang) -> Iterator[str]:
    return (text[lang] for text in decision.articles)


WORDS: Final[dict[Aspect, Callable[[Decision, Lang], Iterator[str]]]] = {
    "effect": _effect_of,
    "lead": _lead,
    "certainty": _certainty,
    "authority": _authorities,
    "articles": _articles,
}


def comparison_as_dict(one: Comparison) -> dict[str, Any]:
    """A comparison as values of JSON; texts in both languages."""
    return asdict(one)


def summary_as_dict(summary: Summary) -> dict[str, Any]:
    """The counts as values of JSON."""
    return {
        "reports": summary.reports,
        "differ": summary.differ,
        "effects": _pairs_as_dicts(summary.effects),
        "leads": _pairs_as_dicts(summary.leads),
    }


def _pairs_as_dicts(counts: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    return [{"before": pair[0], "after": pair[1], "reports": count} for pair, count in _ranked(counts)]


def csv_row(one: Comparison, lang: Lang) -> Row:
    """A comparison as a row under :data:`CSV_HEAD`; codes for what is compared, words for both sides."""
    words = (
        listed(lang, aspect_parts(side, aspect, lang))
        for aspect in ASPECTS
        for side in (one.before, one.after)
    )
    return (str(one.report), one.category, one.as_of, " ".join(one.changed), *words)
