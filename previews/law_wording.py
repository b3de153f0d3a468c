"""A preview of a change of law in words, as JSON, and as CSV rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

from core.i18n import N_, Lang, say
from law import LawBook
from previews.boundary_wording import OUTSIDE, Row, category_name, named
from previews.law_change import ASPECTS, Aspect, Comparison, Decision, Summary
from verdict import CERTAINTIES, EFFECTS, MODES
from verdict.wording import joined, listed

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


def differences_summary(summary: Summary, lang: Lang) -> str:
    """The number of reports that would be decided differently, in one line."""
    if not summary.reports:
        return say(lang, N_("No report was received in this period."))
    return say(
        lang,
        N_("{differ} of {reports} reports would have been decided differently."),
        differ=summary.differ,
        reports=summary.reports,
    )


def effect_rows(summary: Summary, lang: Lang) -> Iterator[Row]:
    """Rows of (effect before, effect after, number of reports); most reports first."""
    for (before, after), count in _ranked(summary.effects):
        yield _effect(before, lang), _effect(after, lang), str(count)


def _effect(code: str, lang: Lang) -> str:
    return say(lang, EFFECTS.get(code, REFUSED))


def lead_rows(summary: Summary, lang: Lang) -> Iterator[Row]:
    """Rows of (lead unit before, lead unit after, number of reports), only where both differ."""
    for pair, count in _ranked(summary.leads):
        before, after = (_lead_name(summary, code, lang) for code in pair)
        yield before, after, str(count)


def _lead_name(summary: Summary, code: str, lang: Lang) -> str:
    if code in summary.names:
        return named(code, summary.names[code])
    return say(lang, OUTSIDE if code == "outside" else REFUSED)


def _ranked(counts: Mapping[tuple[str, str], int]) -> list[tuple[tuple[str, str], int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def comparison_row(comparison: Comparison, book: LawBook, lang: Lang) -> Row:
    """A row of (report, matter, day of the act, then each aspect before → after); equal aspects are empty."""
    return (
        str(comparison.report),
        category_name(book, comparison.category, lang),
        comparison.as_of,
        *(_aspect(comparison, aspect, lang) for aspect in ASPECTS),
    )


def _aspect(comparison: Comparison, aspect: Aspect, lang: Lang) -> str:
    """Before → after; of lists the items removed (−) and added (+); empty where both are equal."""
    if aspect not in comparison.changed:
        return ""
    before, after = (aspect_parts(side, aspect, lang) for side in (comparison.before, comparison.after))
    if aspect in ("authority", "articles"):
        removed, added = (listed(lang, [*_without(*pair)]) for pair in ((before, after), (after, before)))
        return joined(lang, (f"− {removed}" if removed else "", f"+ {added}" if added else ""))
    return f"{listed(lang, before) or '–'} → {listed(lang, after) or '–'}"


def _without(parts: Iterable[str], others: Iterable[str]) -> Iterator[str]:
    known = set(others)
    return (part for part in parts if part not in known)


def aspect_parts(decision: Decision, aspect: Aspect, lang: Lang) -> list[str]:
    """The texts of an aspect of a decision; a refusal has only its reason, as the effect."""
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


def comparison_as_dict(comparison: Comparison) -> dict[str, Any]:
    """A comparison as a JSON object; texts in both languages."""
    return asdict(comparison)


def summary_as_dict(summary: Summary) -> dict[str, Any]:
    """The counts as a JSON object."""
    return {
        "reports": summary.reports,
        "differ": summary.differ,
        "effects": _pairs_as_dicts(summary.effects),
        "leads": _pairs_as_dicts(summary.leads),
    }


def _pairs_as_dicts(counts: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    return [{"before": pair[0], "after": pair[1], "reports": count} for pair, count in _ranked(counts)]


def csv_row(comparison: Comparison, lang: Lang) -> Row:
    """A comparison as a row under :data:`CSV_HEAD`: names of the changed aspects, then the texts of each."""
    words = (
        listed(lang, aspect_parts(side, aspect, lang))
        for aspect in ASPECTS
        for side in (comparison.before, comparison.after)
    )
    return (
        str(comparison.report),
        comparison.category,
        comparison.as_of,
        " ".join(comparison.changed),
        *words,
    )
