"""The verdict: one immutable value for Python, JSON, the page, the print sheet and the archive.

``Verdict.to_json`` is canonical (sorted keys, no white space, fixed rounding): equal verdicts have equal
bytes. Texts that people read come as ``{"zh", "en"}``; names of places are Chinese only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson

Certainty = Literal["certain", "probable", "disputed", "outside"]
Relation = Literal["within", "overlaps", "possible", "near"]
Effect = Literal["prohibited", "permit_required", "notice"]
StrictEffect = Literal["prohibited", "permit_required"]
Outcome = Literal["prohibited", "permit_required", "clear", "unknown"]
Bilingual = dict[str, str]

SHARE_DIGITS: Final = 6  # a millionth: far finer than any layer's accuracy
METRE_DIGITS: Final = 2


def round_share(value: float) -> float:
    """A share, [0, 1], rounded as it is stored: to 6 digits."""
    # float() first: numpy's float64 rounds by another method, and orjson does not take it
    return round(float(value), SHARE_DIGITS)


def round_metres(value: float) -> float:
    """A length in metres or an area in square metres, rounded as it is stored: to 2 digits."""
    return round(float(value), METRE_DIGITS)


@dataclass(frozen=True, slots=True)
class UnitShare:
    """A unit and its share, [0, 1]: of a point's probability, or of a footprint's area as it is expected."""

    code: str
    name: str
    level: str
    share: float


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain of units above the lead, down to the grid cell."""

    level: str
    code: str
    name: str
    worker: str | None = None
    team: str | None = None


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """The unit responsible for a place, and how certain that is.

    ``others``: units that share the place with the lead. ``edge_distance_m``: to the lead's nearest border;
    without a lead, to the nearest unit. ``capped_by``: titles of the layers that are not official, without
    which the lead would be called certain. ``lead_probability``: of a footprint, the probability, [0, 1],
    that the lead truly holds the largest part; None for a point, where it is the lead's share. ``ignored``:
    titles of approximate layers that were left out because an official layer of a finer level answers.
    """

    certainty: Certainty
    lead: UnitShare | None
    chain: tuple[Link, ...]
    others: tuple[UnitShare, ...]
    edge_distance_m: float | None
    capped_by: tuple[Bilingual, ...] = ()
    lead_probability: float | None = None
    ignored: tuple[Bilingual, ...] = ()


@dataclass(frozen=True, slots=True)
class Basis:
    """An article that an effect rests on.

    ``article``: its number in digits, "" where unknown; ``label``: as it is written in a citation.
    ``in_force``: first day in force and first day after, ISO. ``verified``: checked against the statute.
    """

    law: Bilingual
    article: str
    label: Bilingual
    in_force: tuple[str | None, str | None]
    verified: bool


@dataclass(frozen=True, slots=True)
class ZoneRef:
    """A zone by its id, with the names of its kind and grade."""

    id: str
    kind: str
    kind_name: Bilingual
    grade: str | None
    grade_name: Bilingual | None
    name: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A fact that the law asks for and that nobody has stated, such as a size. ``text`` completes "if …"."""

    code: str
    text: Bilingual
    note: Bilingual | None


@dataclass(frozen=True, slots=True)
class StatedFact:
    """What somebody has stated about a condition of a rule. ``text`` completes "if …"."""

    code: str
    text: Bilingual
    met: bool


@dataclass(frozen=True, slots=True)
class LawOnDay:
    """The law of a day for a zone and a category. ``effect``: None where there is no rule.

    ``conditions``: of all its rules; ``conditional``: the effect itself depends on one. ``verified``: every
    rule was compared with the statute. ``notes``: what else its rules say.
    """

    day: str
    effect: Effect | None
    basis: tuple[Basis, ...]
    authority: Bilingual | None
    consequence: Bilingual | None
    conditions: tuple[Condition, ...]
    conditional: bool
    verified: bool
    notes: tuple[Bilingual, ...]


@dataclass(frozen=True, slots=True)
class Binding:
    """Which law binds an act that is decided later, and why. ``review``: a person must compare both."""

    law: Literal["same", "old", "new"]
    reason: Bilingual
    review: bool
    basis: Basis


PermitStatus = Literal["inside", "exceeds", "not_sure", "expired", "other_use"]


@dataclass(frozen=True, slots=True)
class PermitState:
    """The effect of a permit on a place. ``excess_m2``: area of a footprint outside the permitted area.

    ``holder``: null where it is told to somebody who may not know it, as ``Link.worker``
    (``verdict.personal``).
    """

    number: str
    holder: str | None
    status: PermitStatus
    excess_m2: float
    valid: tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A zone that the place meets or lies near, and the law for it.

    ``effect``, ``basis``, ``authority``, ``consequence``, ``conditions``, ``conditional``, ``verified`` and
    ``notes`` are the binding law's. ``effect`` is None where it has no rule: because the law is silent
    (``law_known``), or because the law of that day is not known; ``law_known_from``: the first day that is.
    ``at_act`` and ``today``: both laws where they differ (从旧兼从轻). ``share``: [0, 1], see
    ``verdict.conflicts``. A ``permit`` whose status is "inside" lifts the effect.
    """

    zone: ZoneRef
    relation: Relation
    overlap_m2: float | None
    share: float
    distance_m: float
    certainty: Certainty
    effect: Effect | None
    basis: tuple[Basis, ...]
    authority: Bilingual | None
    consequence: Bilingual | None
    conditions: tuple[Condition, ...]
    conditional: bool
    verified: bool
    notes: tuple[Bilingual, ...]
    law_known: bool
    law_known_from: str | None
    at_act: LawOnDay | None
    today: LawOnDay | None
    binding: Binding
    permit: PermitState | None


@dataclass(frozen=True, slots=True)
class Change:
    """A change between the day of the act and that of the answer. ``on``: its day, None where unknown."""

    what: Literal["unit", "zone", "law"]
    on: str | None
    about: str
    before: Bilingual
    after: Bilingual


@dataclass(frozen=True, slots=True)
class OwnPower:
    """A power that the township has beside the deciding authority, by the law of another zone it lies in."""

    authority: Bilingual
    township_may: tuple[Bilingual, ...]
    enforcement: Bilingual
    documents: tuple[Bilingual, ...]
    basis: tuple[Basis, ...]


@dataclass(frozen=True, slots=True)
class Power:
    """The authority that decides, and the powers of the township.

    ``mode``: "statutory", "delegated", "empowered" or "none". ``by_township``: the township itself decides.
    ``enforcement``: who may demolish. ``township_may``: what it may do at once. ``whistle``: departments it
    calls in (吹哨). ``rivals``: authorities of entries that rank equally, an overlap in the competence list.
    ``sample``: the list is not an official one. ``verified``: a statutory power was compared with the
    statute. ``list_loaded``: a competence list is loaded; otherwise only statutory powers are known.
    """

    authority: Bilingual
    mode: str
    in_the_name_of: Bilingual
    by_township: bool
    enforcement: Bilingual
    township_may: tuple[Bilingual, ...]
    whistle: tuple[Bilingual, ...]
    documents: tuple[Bilingual, ...]
    basis: tuple[Basis, ...]
    rivals: tuple[Bilingual, ...]
    sample: bool
    verified: bool
    list_loaded: bool
    own_powers: tuple[OwnPower, ...]


@dataclass(frozen=True, slots=True)
class MissingKind:
    """A kind of zone that has a rule for the category, but no data at the place.

    ``law``: what would apply inside such a zone, ``{effect, conditions, cites, authority}`` with the
    conditions that the effect depends on; None for kinds whose law depends on a grade.
    """

    kind: str
    name: Bilingual
    law: dict[str, Any] | None  # plain: written for most verdicts, and much faster than a dataclass


@dataclass(frozen=True, slots=True)
class DataUsed:
    """A dataset version that the verdict rests on. ``accuracy_m``: 68 % error of its lines, metres.

    ``ignored``: it has the place, but a finer official layer answers (``Jurisdiction.ignored``).
    """

    dataset: str
    version: str
    title: Bilingual
    official: bool
    accuracy_m: float
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class EffectShare:
    """The probability, [0, 1], that a zone with this effect, or a stricter one, holds the place.

    Exact, and then both limits are equal, where the lines of these zones have one error. A footprint's is
    that it truly overlaps such a zone.
    """

    effect: StrictEffect
    at_least: float
    at_most: float


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the trace: name of the rule, a Chinese sentence, and the numbers in that sentence."""

    rule: str
    words: str
    numbers: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for a place, a category and a day: unit, conflicts, competence, effect, trace.

    ``category``: code, name, what makes it unlawful (``law.kinds.Unlawful``), articles on that in force
    at the act, and what has to be checked apart from zones. ``effect_share``: None for other outcomes.
    ``stated``: conditions that the inquiry has answered; ``questions``: those that nobody has, and whose
    answer would change the effect.

    Field names and their order are those of the JSON contract (ARCHITECTURE.md).
    """

    location: dict[str, Any]
    as_of: str
    asked_on: str
    category: dict[str, Any]
    jurisdiction: Jurisdiction
    conflicts: tuple[Conflict, ...]
    competence: Power
    effect: Outcome
    effect_share: EffectShare | None
    stated: tuple[StatedFact, ...]
    questions: tuple[Condition, ...]
    changes: tuple[Change, ...]
    missing: tuple[MissingKind, ...]
    data: tuple[DataUsed, ...]
    trace: tuple[Step, ...]

    def as_dict(self) -> dict[str, Any]:
        """The verdict as plain dicts and lists, as JSON holds it."""
        plain: dict[str, Any] = orjson.loads(self.to_bytes())
        return plain

    def to_bytes(self) -> bytes:
        """The verdict as JSON in UTF-8, members in the order of the fields. For answers, not for storage."""
        return orjson.dumps(self)

    def to_json(self) -> str:
        """Canonical JSON, as stored: equal verdicts give equal bytes."""
        # json, not orjson: stored verdicts have its 1e-05 where orjson writes 0.00001
        return json.dumps(
            self.as_dict(), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
        )
