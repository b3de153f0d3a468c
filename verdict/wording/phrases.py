"""Phrases that the words of a verdict are made of: lines, lists, brackets, citations; Chinese or English."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from core.i18n import N_, Lang, say

Json = Mapping[str, Any]
Line = dict[str, str]


def line(lang: Lang, label: str, text: str) -> Line:
    """A line with its label, a message id."""
    return {"label": say(lang, label), "text": text}


def text_in(text: Mapping[str, str], lang: Lang) -> str:
    """A bilingual text in a language."""
    return text[lang] or text["zh"]


def join(lang: Lang, parts: Iterable[str]) -> str:
    """Statements as one text, empty ones left out."""
    return ("；" if lang == "zh" else "; ").join(part for part in parts if part)


def listing(lang: Lang, parts: Iterable[str]) -> str:
    """Items as one text."""
    return ("、" if lang == "zh" else ", ").join(parts)


def aside(lang: Lang, text: str, remark: str) -> str:
    """A text with another in brackets after it."""
    return f"{text}（{remark}）" if lang == "zh" else f"{text} ({remark})"


def colon(lang: Lang, head: str, text: str) -> str:
    """A text after its head and a colon."""
    return f"{head}：{text}" if lang == "zh" else f"{head}: {text}"


def cited(basis: Iterable[Json], lang: Lang) -> list[str]:
    """Citations, one for each law and period in force, with its articles."""
    laws: dict[tuple[str, str, bool], list[str]] = {}
    for article in basis:
        key = (text_in(article["law"], lang), span(article["in_force"], lang), article["verified"])
        laws.setdefault(key, []).append(text_in(article["label"], lang))
    return [_law_cited(*key, labels, lang) for key, labels in laws.items()]


def _law_cited(law: str, period: str, verified: bool, labels: list[str], lang: Lang) -> str:
    name = say(lang, N_("{law}, {article}"), law=law, article=listing(lang, labels))
    checked = "" if verified else say(lang, N_(", not verified"))
    return aside(lang, name, f"{period}{checked}")


def span(in_force: list[str | None], lang: Lang) -> str:
    """When an article or a permit is in force."""
    first, last = in_force
    if last is None:
        return say(lang, N_("in force from {first}"), first=first or "…")
    return say(lang, N_("in force {first} to {last}"), first=first or "…", last=last)
