"""Words on what zones do not decide: the nature of the matter, conditions, unverified law, further powers.

All take the JSON form of a verdict or a part of it; members that an older verdict lacks are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from core.i18n import N_, Lang, say
from verdict.glossary import EFFECTS, MARKS, UNLAWFUL
from verdict.wording.phrases import Json, Line, aside, cited, colon, join, line, listing, text_in

STRICT_EFFECTS: Final = ("prohibited", "permit_required")


def effect_and_matter(verdict: Json, decisive: list[Json], lang: Lang) -> tuple[str, ...]:
    """The effect, the matter, and whether the matter is unlawful in itself: parts of a headline.

    ``decisive``: the conflicts that have the effect; where all depend on a condition, the effect does.
    """
    effect = _effect(verdict, lang)
    if decisive and all(conflict.get("conditional") for conflict in decisive):
        texts = (condition["text"] for condition in decisive[0]["conditions"])
        effect = aside(lang, effect, _condition(texts, lang))
    told = in_itself(verdict) and verdict["effect"] != "clear"
    itself = say(lang, N_("unlawful in itself")) if told else ""
    return effect, text_in(verdict["category"]["name"], lang), itself


def headlines(category: Json) -> dict[str, dict[Lang, str]]:
    """Effect → the headline of a verdict with it, without a zone, in both languages; for the offline pack."""
    languages: tuple[Lang, ...] = ("zh", "en")
    verdicts = {effect: {"effect": effect, "category": category, "conflicts": []} for effect in MARKS}
    return {
        effect: {
            lang: " · ".join(part for part in effect_and_matter(verdict, [], lang) if part)
            for lang in languages
        }
        for effect, verdict in verdicts.items()
    }


def mark(verdict: Json) -> str:
    """The sign before a headline."""
    effect = verdict["effect"]
    if effect == "clear":
        # that speaks of zones only: a matter that other law may forbid has no sign of being clear
        unlawful = verdict["category"].get("unlawful")
        effect = {"itself": "prohibited", "listed": "unknown"}.get(unlawful, effect)
    return MARKS[effect]


def in_itself(verdict: Json) -> bool:
    """Whether the matter is unlawful wherever it happens."""
    return bool(verdict["category"].get("unlawful") == "itself")


def _effect(verdict: Json, lang: Lang) -> str:
    """The effect in words. "clear" speaks of zones only, so the words say what else decides."""
    unlawful = verdict["category"].get("unlawful")
    if verdict["effect"] != "clear" or unlawful is None:
        return say(lang, EFFECTS[verdict["effect"]])
    if unlawful == "itself":
        return say(lang, N_("Unlawful in itself, in no known zone"))
    if any((c.get("permit") or {}).get("status") == "inside" for c in verdict["conflicts"]):
        return say(lang, N_("Covered by a permit"))
    if unlawful == "listed":
        return say(lang, N_("In no known zone, the listed law to be checked"))
    if unlawful == "permit":
        return say(lang, N_("In no known zone, permits to be checked"))
    return say(lang, N_("In no known zone"))


def _condition(conditions: Iterable[Json], lang: Lang) -> str:
    texts = (text_in(condition, lang) for condition in conditions)
    return say(lang, N_("if {conditions}"), conditions=listing(lang, texts))


def nature(category: Json, lang: Lang) -> Iterator[Line]:
    """What makes the matter unlawful apart from zones."""
    if "unlawful" in category:
        note = text_in(category["note"], lang) if category["note"] else ""
        told = [say(lang, UNLAWFUL[category["unlawful"]]), note, *cited(category["basis"], lang)]
        yield line(lang, N_("Unlawful by"), join(lang, told))


def no_rule(conflict: Json, lang: Lang) -> str:
    """That no rule is known; where the law of the day is unknown, from which day it is known."""
    known_from = conflict.get("law_known_from")
    if known_from is None:
        return say(lang, N_("no rule known for this matter"))
    return say(lang, N_("the law of that day is not known here, only from {day}"), day=known_from)


def provisos(law: Json, lang: Lang) -> Iterator[Line]:
    """Lines on what a law depends on, what its rules note, and that it was not verified."""
    for condition in law.get("conditions", ()):
        text, note = text_in(condition["text"], lang), condition["note"]
        yield line(lang, N_("Only if"), aside(lang, text, text_in(note, lang)) if note else text)
    if notes := law.get("notes"):
        yield line(lang, N_("Note"), join(lang, (text_in(note, lang) for note in notes)))
    if law["basis"] and not law.get("verified", True):
        unread = N_("effect or penalty was not compared with the statute; check before deciding")
        yield line(lang, N_("Not verified"), say(lang, unread))


def laws_inside(missing: Iterable[Json], lang: Lang) -> Iterator[Line]:
    """For each kind of zone without data, the law that would apply if the place lay in such a zone."""
    for kind in missing:
        law = kind.get("law")
        if law and law["effect"] in STRICT_EFFECTS:
            yield line(lang, N_("If it lies there"), _law_inside(kind, lang))


def _law_inside(kind: Json, lang: Lang) -> str:
    law = kind["law"]
    effect = say(lang, EFFECTS[law["effect"]])
    if law["conditions"]:
        effect = aside(lang, effect, _condition(law["conditions"], lang))
    authority = text_in(law["authority"], lang) if law["authority"] else ""
    told = join(lang, [effect, *(text_in(cite, lang) for cite in law["cites"]), authority])
    return colon(lang, text_in(kind["name"], lang), told)


def limits_of_power(power: Json, lang: Lang) -> Iterator[str]:
    """What is not certain about who decides: an unread statute, a list that is not loaded."""
    if not power.get("verified", True):
        yield say(lang, N_("not verified"))
    if not power.get("list_loaded", True):
        yield say(lang, N_("no list of the township's further powers is loaded"))


def own_powers(power: Json, lang: Lang) -> Iterator[Line]:
    """Powers of the township beside the deciding authority, with the law that gives them."""
    for own in power.get("own_powers", ()):
        measures = (text_in(text, lang) for text in own["township_may"])
        yield line(lang, N_("In its own name too"), join(lang, [*measures, *cited(own["basis"], lang)]))
