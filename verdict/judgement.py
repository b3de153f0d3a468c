"""Judging a place: facts of both days and the law book in, one immutable :class:`Verdict` out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, Final

from sqlalchemy.orm import Session

from facts import PlaceFacts, facts_of_days
from geo import Location
from geo.datum import other_zones
from law import LawBook, Stated
from law import OwnPower as TownshipPower
from layers.lawbook import fetch_book
from verdict.applicable_law import basis_of, bilingual, law_inside
from verdict.changes import find_changes
from verdict.channels import channel_name
from verdict.conflicts import ConflictQuery, ZoneFindings, find_conflicts
from verdict.jurisdiction import decide
from verdict.model import (
    Condition,
    Conflict,
    DataUsed,
    EffectShare,
    Jurisdiction,
    MissingKind,
    Outcome,
    OwnPower,
    Power,
    Step,
    UnitShare,
    Verdict,
)
from verdict.outcome import AnyOf, decide_effect, decide_outcome, is_lifted, sure_kinds
from verdict.preconditions import checked_book
from verdict.stated import stated_facts, stated_step
from verdict.thresholds import DEFAULT, Thresholds
from verdict.trace import step
from verdict.union import chance_of_any

# roles that a verdict depends on; parcels and other layers are looked up elsewhere
USED_ROLES: Final = ("units", "zones", "grid", "permits", "law")


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, the place judged, and the ids of all dataset versions in use when it was judged."""

    verdict: Verdict
    location: Location
    source_ids: tuple[int, ...]


def check(
    session: Session,
    location: Location,
    category: str,
    as_of: dt.date,
    asked_on: dt.date | None = None,
    **more: Any,  # noqa: ANN401 - passed on to judge
) -> Verdict:
    """The verdict on a place and a category on a day: the unit responsible, conflicts, who decides.

    ``asked_on``: day of the answer, by default ``as_of``. ``more``: keyword arguments of :func:`judge`.
    """
    return judge(session, location, Case(category, as_of, asked_on or as_of), **more).verdict


@dataclass(frozen=True, slots=True)
class Case:
    """What a place is judged for: category, day of the act (``as_of``), day of the answer (``asked_on``).

    ``stated``: conditions of rules that somebody has answered (``law.Stated``). ``asks``: whether to find out
    which others to ask for.
    """

    category: str
    as_of: dt.date
    asked_on: dt.date
    stated: Stated = ()
    asks: bool = True


def judge(
    session: Session,
    location: Location,
    case: Case,
    *,
    source_ids: Iterable[int] | None = None,
    limits: Thresholds = DEFAULT,
) -> Judgement:
    """The verdict on a place, with the dataset versions used. Facts come from ``facts.lookup``.

    ``source_ids``: dataset versions to use; None: the current ones.
    Raises :class:`BadInput` for an unknown category and for a day before the boundary data begin.
    """
    then, now = facts_of_days(session, location, (case.as_of, case.asked_on), source_ids)
    book = checked_book(
        then.sources, case.as_of, case.category, lambda: fetch_book(session, then.with_role("law"))
    )
    if not then.units:
        location = replace(location, fits=_fitting_zone(session, location, case.as_of, source_ids))
    verdict = judge_facts(location, case, (then, now), book, limits)
    return Judgement(verdict, location, tuple(source.id for source in then.sources))


def _fitting_zone(
    session: Session, location: Location, day: dt.date, source_ids: Iterable[int] | None
) -> str | None:
    """The zone nearest to the declared one in which the coordinates lie in a unit; None where none does.

    A plain easting is valid in every zone, so a wrong central meridian moves a place by some 270 km and is
    refused by no check of the numbers. ``geo.datum.find_wrong_zone`` asks the same of a batch.
    """
    used = None if source_ids is None else list(source_ids)
    for datum, degrees in other_zones(location.datum):
        there = replace(location, lon=location.lon + degrees, footprint=None)
        if any(hit.covers for hit in facts_of_days(session, there, (day,), used)[0].units):
            return datum
    return None


def judge_facts(
    location: Location,
    case: Case,
    facts: tuple[PlaceFacts, PlaceFacts],
    book: LawBook,
    limits: Thresholds,
) -> Verdict:
    """The verdict from facts already fetched; reads nothing.

    ``facts``: those of the day of the act and of the day of the answer; one object twice where equal.
    Raises BadInput for a stated condition that the book lacks.
    """
    then, now = facts
    stated = stated_facts(book, case.stated)
    book = book.given(case.stated)
    jurisdiction, unit_steps = decide(location, then, limits)
    found = find_conflicts(
        ConflictQuery(location, then, book, case.category, case.as_of, case.asked_on, limits)
    )
    missing = _missing_kinds(then, book, case.category, jurisdiction, case.as_of)
    # identity, not equality: one snapshot serves both days in most checks, and shares are costly to compute
    today = (now, jurisdiction if now is then else decide(location, now, limits)[0])
    any_of = _any_of(location, then, found)
    # where today's data have no unit there, the unit at the act still has to decide
    lead = today[1].lead or jurisdiction.lead
    power, power_step = _competence(book, case, (found.conflicts, any_of, limits), lead)
    unlifted = [c for c in found.conflicts if c.relation != "near" and not is_lifted(c)]
    effect_share = decide_effect(unlifted, any_of, limits)
    effect, because = decide_outcome(found.conflicts, missing, jurisdiction, effect_share)
    used = _data_used(then, jurisdiction)
    questions = _questions((location, case, facts, book, limits), unlifted, effect) if case.asks else ()
    law = (book, case.category, case.as_of, case.asked_on)
    return Verdict(
        location=location.as_dict(),
        as_of=case.as_of.isoformat(),
        asked_on=case.asked_on.isoformat(),
        category=_category(book, case),
        jurisdiction=jurisdiction,
        conflicts=tuple(found.conflicts),
        competence=power,
        effect=effect,
        effect_share=effect_share,
        stated=stated,
        questions=questions,
        changes=find_changes((then, jurisdiction), today, law),
        missing=missing,
        data=tuple(data for data, _ in used),
        trace=(
            location_step(location),
            *_fits_step(location),
            *map(stated_step, stated),
            *(layer_step for _, layer_step in used),
            *unit_steps,
            *found.steps,
            *(_missing_kind(book, unknown.kind, case.category, case.as_of)[1] for unknown in missing),
            power_step,
            *_outcome_steps(effect_share, effect, because),
        ),
    )


def _outcome_steps(share: EffectShare | None, effect: Outcome, because: str) -> Iterator[Step]:
    if share is not None:
        yield step("zone.any", **asdict(share))
    yield step("outcome", effect=effect, because=because)


def _questions(
    judged: tuple[Location, Case, tuple[PlaceFacts, PlaceFacts], LawBook, Thresholds],
    conflicts: Sequence[Conflict],
    effect: Outcome,
) -> tuple[Condition, ...]:
    """The open conditions of conflicts without which the effect would be another one."""
    location, case, facts, book, limits = judged
    still_open = {c.code: c for conflict in conflicts if conflict.conditional for c in conflict.conditions}

    def effect_without(code: str) -> Outcome:
        other = replace(case, stated=((code, False),), asks=False)  # the book has taken in what is stated
        return judge_facts(location, other, facts, book, limits).effect

    return tuple(c for code, c in sorted(still_open.items()) if effect_without(code) != effect)


def _any_of(location: Location, facts: PlaceFacts, found: ZoneFindings) -> AnyOf:
    """The limits of the probability that one of some conflicts' zones holds the place."""
    relations = {id(c): met for c, met in zip(found.conflicts, found.relations, strict=True)}
    known = dict[tuple[int, ...], tuple[float, float]]()

    def any_of(conflicts: Sequence[Conflict]) -> tuple[float, float]:
        key = tuple(map(id, conflicts))
        if key not in known:  # the same zones are asked for by effect and by kind
            known[key] = chance_of_any(location, facts, [relations[one] for one in key])
        return known[key]

    return any_of


@lru_cache(maxsize=1024)
def _category(book: LawBook, case: Case) -> dict[str, Any]:
    """The category, and what makes it unlawful apart from zones. Shared: verdicts do not change it."""
    category = book.categories[case.category]
    return {
        "code": case.category,
        "name": bilingual(category.name),
        "unlawful": category.unlawful,
        "basis": [asdict(basis_of(a)) for a in book.basis_of_category(case.category, case.as_of)],
        "note": bilingual(category.note) if category.note else None,
    }


@lru_cache(maxsize=1024)
def _relevant_kinds(book: LawBook, category: str, as_of: dt.date) -> frozenset[str]:
    return book.relevant_kinds(category, as_of)


def _missing_kinds(
    facts: PlaceFacts, book: LawBook, category: str, jurisdiction: Jurisdiction, as_of: dt.date
) -> tuple[MissingKind, ...]:
    """Kinds of zones that have a rule for the category, but no data at the place on the day."""
    code = jurisdiction.lead.code if jurisdiction.lead else None
    known = {
        kind
        for source in facts.with_role("zones")
        if code is not None
        and code.startswith(source.reach)
        and (source.begins is None or source.begins <= as_of)
        for kind in source.kinds
    }
    # a dataset may hold zones of a kind that it does not list; a hit is knowledge of its kind
    met = {hit.kind for hit in facts.zones}
    unknown = sorted(_relevant_kinds(book, category, as_of) - known - met)
    return tuple(_missing_kind(book, kind, category, as_of)[0] for kind in unknown)


@lru_cache(maxsize=1024)
def _missing_kind(book: LawBook, kind: str, category: str, day: dt.date) -> tuple[MissingKind, Step]:
    name = bilingual(book.zone_kinds[kind].name)
    return MissingKind(kind, name, law_inside(book, kind, category, day)), step("kind.missing", kind=name)


def _competence(
    book: LawBook,
    case: Case,
    zones: tuple[list[Conflict], AnyOf, Thresholds],
    lead: UnitShare | None,
) -> tuple[Power, Step]:
    """Competence for the case, and its trace step.

    Substance follows the law at the act, but power the law of the day on which it is used (``asked_on``).
    ``lead``: the lead unit of that day; it may have succeeded the one at the act.
    ``zones``: the conflicts, and how probable it is that one of some holds the place.
    """
    conflicts, any_of, limits = zones
    sure = sure_kinds(conflicts, any_of, limits)
    met = sorted({c.zone.kind for c in conflicts if c.relation != "near"})
    code = lead.code if lead else ""
    return _competence_of(book, case.category, (tuple(sure), tuple(met)), code, case.asked_on)


@lru_cache(maxsize=65_536)
def _competence_of(
    book: LawBook, category: str, kinds: tuple[tuple[str, ...], tuple[str, ...]], code: str, day: dt.date
) -> tuple[Power, Step]:
    """Competence by unit code and kinds of zones (those that decide, those met). Cached: few combinations."""
    sure, met = kinds
    competence = book.competence_for(category, sure, code, day)
    whistle = competence.whistle
    if met != sure:  # a doubtful zone decides nothing, but its authority should know
        whistle += book.competence_for(category, met, code, day).whistle
    power = Power(
        authority=bilingual(competence.authority),
        mode=competence.mode,
        in_the_name_of=bilingual(competence.in_the_name_of),
        by_township=competence.by_township,
        enforcement=bilingual(competence.enforcement),
        township_may=tuple(map(bilingual, competence.township_may)),
        whistle=tuple(map(bilingual, dict.fromkeys(whistle))),
        documents=tuple(map(bilingual, competence.documents)),
        basis=tuple(map(basis_of, competence.basis)),
        rivals=tuple(map(bilingual, competence.rivals)),
        sample=competence.sample,
        verified=competence.verified,
        list_loaded=book.has_list,
        own_powers=tuple(map(_own_power, competence.own_powers)),
    )
    if power.mode == "none":
        return power, step("power.none")
    return power, step("power.found", mode=power.mode, authority=power.authority)


def _own_power(power: TownshipPower) -> OwnPower:
    return OwnPower(
        authority=bilingual(power.authority),
        township_may=tuple(map(bilingual, power.township_may)),
        enforcement=bilingual(power.enforcement),
        documents=tuple(map(bilingual, power.documents)),
        basis=tuple(map(basis_of, power.basis)),
    )


def _data_used(facts: PlaceFacts, jurisdiction: Jurisdiction) -> list[tuple[DataUsed, Step]]:
    """Dataset versions that cover the lead unit or were hit, each with its trace step."""
    code = jurisdiction.lead.code if jurisdiction.lead else ""
    met = {hit.source_id for hit in facts.units} | {hit.source_id for hit in facts.zones}
    return [
        _data_used_step(
            (s.dataset, s.version, (s.title["zh"], s.title["en"]), s.official, s.accuracy_m),
            ignored=s.title in jurisdiction.ignored,
        )
        for s in facts.sources
        if s.role in USED_ROLES and (s.id in met or not code or code.startswith(s.reach))
    ]


@lru_cache(maxsize=1024)
def _data_used_step(
    about: tuple[str, str, tuple[str, str], bool, float], *, ignored: bool
) -> tuple[DataUsed, Step]:
    """A dataset version as the verdict lists it, and its trace step. Cached: there are only a few."""
    dataset, version, title, official, accuracy_m = about
    used = DataUsed(dataset, version, {"zh": title[0], "en": title[1]}, official, accuracy_m, ignored)
    named = {"title": used.title, "dataset": dataset, "version": version}
    if dataset.startswith("law/"):
        return used, step("law.used", **named)
    return used, step("layer.used", official=official, accuracy_m=accuracy_m, **named)


def _fits_step(location: Location) -> list[Step]:
    given = location.datum
    return [] if location.fits is None else [step("location.fits", declared=given, suspected=location.fits)]


def location_step(location: Location) -> Step:
    """The trace step with the place's coordinates, as given and in CGCS2000."""
    place: dict[str, Any] = location.as_dict()
    common = {key: place[key] for key in ("lon", "lat", "shift_m")} | {"datum": place["given"]["datum"]}
    assumed = "" if location.assumed_from is None else "_assumed"
    if location.assumed_from is not None:
        common |= {"accuracy_m": place["accuracy_m"], "channel": channel_name(location.assumed_from)}
    if location.footprint is not None:
        return step(f"location.footprint{assumed}", area_m2=place["area_m2"], **common)
    common |= {"x": place["given"]["x"], "y": place["given"]["y"], "accuracy_m": place["accuracy_m"]}
    return step(f"location.point{assumed}", **common)
