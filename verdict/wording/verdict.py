"""A verdict in words: a headline and labelled lines, in Chinese or English.

Works on the JSON form, so that a stored verdict and a fresh one have the same words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import orjson

from core.i18n import N_, Lang, say
from core.i18n.quantities import area, percent
from verdict.channels import channel_name
from verdict.glossary import (
    BINDING,
    CERTAINTIES,
    CHANGES,
    EFFECTS,
    MET,
    MODES,
    PERMITS,
    RELATIONS,
    ZONE_CERTAINTIES,
)
from verdict.model import Verdict
from verdict.personal import NAMING, shows_names, tellable
from verdict.trace import step_text
from verdict.wording.phrases import Json, Line, aside, cited, colon, join, line, listing, span, text_in
from verdict.wording.provisos import (
    effect_and_matter,
    laws_inside,
    limits_of_power,
    mark,
    nature,
    no_rule,
    own_powers,
    provisos,
)

if TYPE_CHECKING:  # the words of an answer are told without the store, too
    from store import Reach

MEMBERS: Final = tuple(field.name for field in fields(Verdict))
CLOSING: Final = ("missing", "competence", "data")  # members that the closing lines are made from
NOT_IN_LINES: Final = (*CLOSING, "trace")  # members that headline and _lines do not read


def tell_verdict(verdict: Json, lang: Lang) -> dict[str, Any]:
    """``{"headline", "mark", "lines": [{"label", "text"}]}`` of a verdict's JSON form."""
    return {
        "headline": headline(verdict, lang),
        "mark": mark(verdict),
        "lines": [*_lines(verdict, lang), *_closing(verdict, lang)],
    }


def verdict_with_words(verdict: Verdict, lang: Lang, names: Reach) -> bytes:
    """``{"verdict": …, "words": …}`` as JSON; ``words`` as :func:`tell_verdict` gives them.

    ``names``: where people are named, see :func:`verdict.personal.tellable`.
    """
    # Each member is written once, and read back for the lines only where they need it. The closing lines are
    # equal for most places of a category and cached by the bytes they are made from
    parts = {name: orjson.dumps(getattr(verdict, name)) for name in MEMBERS}
    read = {name: orjson.loads(parts[name]) for name in MEMBERS if name not in NOT_IN_LINES}
    if not shows_names(read, names):
        read = tellable(read, names)
        parts |= {name: orjson.dumps(read[name]) for name in NAMING}
    data = b",".join(b'"%b":%b' % (name.encode(), part) for name, part in parts.items())
    words = {
        "headline": headline(read, lang),
        "mark": mark(read),
        "lines": [*_lines(read, lang), *_cached_closing(*(parts[name] for name in CLOSING), lang)],
    }
    return b'{"verdict":{%b},"words":%b}' % (data, orjson.dumps(words))


@lru_cache(maxsize=4096)
def _cached_closing(missing: bytes, competence: bytes, data: bytes, lang: Lang) -> tuple[Line, ...]:
    # callers share the lines and must not change them
    parts = zip(CLOSING, map(orjson.loads, (missing, competence, data)), strict=True)
    return tuple(_closing(dict(parts), lang))


def trace_lines(verdict: Json, lang: Lang) -> list[str]:
    """The sentences of all steps of the trace."""
    return [step_text(lang, step) for step in verdict["trace"]]


def headline(verdict: Json, lang: Lang) -> str:
    """The verdict in one line: its effect, the matter, and the first zone that has the effect."""
    decisive = [
        c for c in verdict["conflicts"] if c["effect"] == verdict["effect"] and c["relation"] != "near"
    ]
    zone = _zone(decisive[0], lang) if decisive else ""
    return " · ".join(part for part in (*effect_and_matter(verdict, decisive, lang), zone) if part)


def _lines(verdict: Json, lang: Lang) -> Iterator[Line]:
    yield line(
        lang, N_("Matter"), listing(lang, [text_in(verdict["category"]["name"], lang), verdict["as_of"]])
    )
    yield from nature(verdict["category"], lang)
    yield from _stated(verdict, lang)
    yield line(lang, N_("Place"), place_text(verdict["location"], lang))
    yield line(lang, N_("Responsible unit"), _chain(verdict["jurisdiction"], lang))
    yield line(lang, N_("How sure"), certainty_text(verdict["jurisdiction"], lang))
    yield from _conflicts(verdict["conflicts"], lang)
    yield from _together(verdict, lang)
    yield from _changes(verdict, lang)


def _closing(verdict: Json, lang: Lang) -> Iterator[Line]:
    yield from _missing(verdict, lang)
    yield from _power(verdict["competence"], lang)
    yield from _caveats(verdict, lang)


def place_text(location: Json, lang: Lang) -> str:
    """Coordinates of a place, how it was given, its accuracy or area."""
    where = say(
        lang, N_("{lon}, {lat} (CGCS2000)"), lon=f"{location['lon']:.6f}", lat=f"{location['lat']:.6f}"
    )
    given = location["given"]
    shifted = location["shift_m"] >= 1
    return join(
        lang,
        [
            where,
            say(
                lang,
                N_("given in {datum}, moved {m} m"),
                datum=given["datum"],
                m=f"{location['shift_m']:,.0f}",
            )
            if shifted
            else "",
            _accuracy(location, lang),
            _fitting(location, lang),
            area(location["area_m2"], lang) if location["area_m2"] else "",
        ],
    )


def _accuracy(location: Json, lang: Lang) -> str:
    """The position error, and where none was given, that it is the channel's default."""
    metres = f"{location['accuracy_m']:g}"
    if channel := location.get("assumed_from"):
        text = N_("no position error given: the default of the channel “{channel}”, {m} m, is taken")
        return say(lang, text, channel=channel_name(channel)[lang], m=metres)
    return say(lang, N_("accuracy {m} m"), m=metres) if location["accuracy_m"] else ""


def _fitting(location: Json, lang: Lang) -> str:
    """The zone that would fit a place outside all units; empty for any other."""
    fits = location.get("fits")
    text = N_("as {datum} it would be in a known unit: check the central meridian")
    return say(lang, text, datum=fits) if fits else ""


def _stated(verdict: Json, lang: Lang) -> Iterator[Line]:
    """What was stated about conditions of the law, and what is still to be asked."""
    for fact in verdict.get("stated", ()):
        yield line(
            lang,
            N_("Stated"),
            colon(lang, text_in(fact["text"], lang), say(lang, MET["yes" if fact["met"] else "no"])),
        )
    for condition in verdict.get("questions", ()):
        note = text_in(condition["note"], lang) if condition["note"] else ""
        question = say(
            lang,
            N_("whether {condition}: that changes the effect"),
            condition=text_in(condition["text"], lang),
        )
        yield line(lang, N_("To be asked"), join(lang, [question, note]))


def _chain(jurisdiction: Json, lang: Lang) -> str:
    if jurisdiction["lead"] is None:
        return say(lang, N_("none of the known units"))
    units = [link for link in jurisdiction["chain"] if link["level"] != "grid_cell"]
    cells = [link for link in jurisdiction["chain"] if link["level"] == "grid_cell"]
    path = " › ".join(link["name"] for link in units)
    team = [listing(lang, filter(None, (cell["name"], cell["team"], cell["worker"]))) for cell in cells]
    return join(lang, [aside(lang, path, jurisdiction["lead"]["code"]), *team])


def certainty_text(jurisdiction: Json, lang: Lang) -> str:
    """Certainty of the lead unit, shares of all units, and distance of the border."""
    lead = jurisdiction["lead"]
    others = [f"{other['name']} {percent(other['share'])}" for other in jurisdiction["others"]]
    leads = jurisdiction.get("lead_probability")
    partly = N_("parts in: {others}") if leads is not None else N_("or: {others}")
    capped = [text_in(title, lang) for title in jurisdiction.get("capped_by", ())]
    ignored = [text_in(title, lang) for title in jurisdiction.get("ignored", ())]
    edge = jurisdiction["edge_distance_m"]
    return join(
        lang,
        [
            say(lang, CERTAINTIES[jurisdiction["certainty"]]),
            f"{lead['name']} {percent(lead['share'])}" if lead else "",
            say(
                lang, N_("not certain, as this layer is not official: {layers}"), layers=listing(lang, capped)
            )
            if capped
            else "",
            say(lang, partly, others=listing(lang, others)) if others else "",
            say(lang, N_("the largest part with {share}"), share=percent(leads))
            if lead and others and leads is not None
            else "",
            say(lang, N_("not used, as an official layer answers: {layers}"), layers=listing(lang, ignored))
            if ignored
            else "",
            say(lang, N_("nearest border {m} m"), m=f"{edge:,.0f}") if edge is not None else "",
        ],
    )


def _zone(conflict: Json, lang: Lang) -> str:
    zone = conflict["zone"]
    name: str = zone["name"] if lang == "zh" else f"{zone['name']} ({zone['kind_name']['en']})"
    grade = text_in(zone["grade_name"], lang) if zone["grade_name"] else ""
    return f"{name}{grade}" if lang == "zh" else f"{name} {grade}".rstrip()


def _conflicts(conflicts: Iterable[Json], lang: Lang) -> Iterator[Line]:
    """A line for each zone, and its law below; a law equal to an earlier zone's is not repeated."""
    shown: list[list[Line]] = []
    for conflict in conflicts:
        effect = conflict["effect"]
        word = say(lang, EFFECTS[effect]) if effect else no_rule(conflict, lang)
        met = colon(lang, _zone(conflict, lang), _relation(conflict, lang))
        law = [*_law(conflict, lang)]
        same = law in shown
        yield line(
            lang, N_("Zone"), join(lang, [met, word, say(lang, N_("law as above")) if law and same else ""])
        )
        if not same:
            shown.append(law)
            yield from law


def _together(verdict: Json, lang: Lang) -> Iterator[Line]:
    """The probability of the outcome by all zones together, where it is more than that of any one."""
    whole = verdict.get("effect_share")
    shares = [c["share"] for c in verdict["conflicts"] if c["relation"] != "near"]
    if whole and verdict["location"]["area_m2"] is None and whole["at_least"] > max(shares, default=1.0):
        effect = say(lang, EFFECTS[whole["effect"]])
        text = N_("{effect} with {share}, in one zone or another")
        yield line(
            lang, N_("Zones together"), say(lang, text, effect=effect, share=percent(whole["at_least"]))
        )


def _law(conflict: Json, lang: Lang) -> Iterator[Line]:
    if conflict["basis"]:
        yield line(lang, N_("Legal basis"), join(lang, cited(conflict["basis"], lang)))
    if conflict["authority"]:
        yield line(lang, N_("Authority"), text_in(conflict["authority"], lang))
    if conflict["consequence"]:
        yield line(lang, N_("Consequence"), text_in(conflict["consequence"], lang))
    yield from provisos(conflict, lang)
    yield from _both_laws(conflict, lang)
    if permit := conflict.get("permit"):
        yield line(lang, N_("Permit"), _permit(permit, lang))


def _both_laws(conflict: Json, lang: Lang) -> Iterator[Line]:
    """Lines on which law binds and why, and on the other law; none where the law has not changed.

    The binding law itself is in the lines above.
    """
    if not conflict.get("at_act") or not conflict.get("today"):
        return
    binding = conflict["binding"]
    new = binding["law"] == "new"
    other = conflict["at_act" if new else "today"]
    effect = say(lang, EFFECTS[other["effect"]] if other["effect"] else N_("no rule"))
    consequence = text_in(other["consequence"], lang) if other["consequence"] else ""
    review = say(lang, N_("a person must review it")) if binding["review"] else ""
    why = [say(lang, BINDING[binding["law"]]), text_in(binding["reason"], lang), review]
    yield line(lang, N_("Which law binds"), join(lang, [*why, *cited([binding["basis"]], lang)]))
    label = N_("Law at the act") if new else N_("Law of today")
    yield line(lang, label, join(lang, [effect, *cited(other["basis"], lang), consequence]))


def _permit(permit: Json, lang: Lang) -> str:
    excess = say(lang, N_("exceeds by {area}"), area=area(permit["excess_m2"], lang))
    return join(
        lang,
        [
            aside(lang, permit["number"], permit["holder"]) if permit["holder"] else permit["number"],
            say(lang, PERMITS[permit["status"]]),
            excess if permit["status"] == "exceeds" else "",
            span(permit["valid"], lang),
        ],
    )


def _changes(verdict: Json, lang: Lang) -> Iterator[Line]:
    for change in verdict.get("changes", ()):
        on = change["on"] or say(lang, N_("since then"))
        moved = f"{text_in(change['before'], lang)} → {text_in(change['after'], lang)}"
        yield line(lang, CHANGES[change["what"]], colon(lang, on, moved))


def _relation(conflict: Json, lang: Lang) -> str:
    """The relation to a zone, with distance or share, and its certainty."""
    relation = say(lang, RELATIONS[conflict["relation"]])
    sure = say(lang, ZONE_CERTAINTIES[conflict["certainty"]])
    share = percent(conflict["share"])
    match conflict["relation"]:
        case "near":
            return say(lang, N_("{m} m away"), m=f"{conflict['distance_m']:,.0f}")
        case "overlaps":
            overlap = listing(lang, [area(conflict["overlap_m2"], lang), share])
            return aside(lang, f"{relation} {overlap}", sure)
        case _:
            return aside(lang, f"{relation} {share}", sure)


def _missing(verdict: Json, lang: Lang) -> Iterator[Line]:
    if verdict["missing"]:
        names = listing(lang, (text_in(unknown["name"], lang) for unknown in verdict["missing"]))
        yield line(lang, N_("Not known here"), say(lang, N_("no data on: {names}"), names=names))
        yield from laws_inside(verdict["missing"], lang)


def _power(power: Json, lang: Lang) -> Iterator[Line]:
    decides = aside(lang, text_in(power["authority"], lang), say(lang, MODES[power["mode"]]))
    sample = say(lang, N_("sample list, not an official one")) if power["sample"] else ""
    yield line(lang, N_("Who decides"), join(lang, [decides, sample, *limits_of_power(power, lang)]))
    yield line(lang, N_("Demolition"), text_in(power["enforcement"], lang))
    if power["rivals"]:
        rivals = listing(lang, (text_in(rival, lang) for rival in power["rivals"]))
        yield line(lang, N_("Overlap in the lists"), rivals)
    for label, key in (
        (N_("The township may"), "township_may"),
        (N_("Departments to call in"), "whistle"),
        (N_("Hand over"), "documents"),
    ):
        if power[key]:
            yield line(lang, label, join(lang, (text_in(text, lang) for text in power[key])))
    yield from own_powers(power, lang)


def _caveats(verdict: Json, lang: Lang) -> Iterator[Line]:
    for used in verdict["data"]:
        if used["official"] or used.get("ignored") or used["dataset"].startswith("law/"):
            continue
        yield line(
            lang,
            N_("Approximate data"),
            say(
                lang,
                N_(
                    "{title}: not official, lines may be off by {m} m, "
                    "so nothing is certain before a site survey"
                ),
                title=text_in(used["title"], lang),
                m=f"{used['accuracy_m']:,.0f}",
            ),
        )
