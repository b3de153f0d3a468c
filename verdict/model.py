"""The verdict: one immutable value, the same in Python, JSON, the page, the print sheet and the archive.

``Verdict.to_json`` is canonical (sorted keys, no white space, fixed rounding): the same verdict has
the same bytes. Texts that people read come as ``{"zh", "en"}``; names of places stay Chinese.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson

Certainty = Literal["certain", "probable", "disputed", "outside"]
Relation = Literal["within", "overlaps", "possible", "near"]
Effect = Literal["prohibited", "permit_required", "notice"]
Outcome = Literal["prohibited", "permit_required", "clear", "unknown"]
Bilingual = dict[str, str]

SHARE_DIGITS: Final = 6  # a millionth: far finer than any layer's accuracy
METRE_DIGITS: Final = 2


def share_of(value: float) -> float:
    """A share, rounded as it is stored."""
    return round(float(value), SHARE_DIGITS)


def metres(value: float) -> float:
    """A length in metres or an area in square metres, rounded as it is stored."""
    return round(float(value), METRE_DIGITS)


@dataclass(frozen=True, slots=True)
class UnitShare:
    """A unit and the part of the position's probability, or of the footprint's area, in it."""

    code: str
    name: str
    level: str
    share: float


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain from the city down to the grid cell."""

    level: str
    code: str
    name: str
    worker: str | None = None
    team: str | None = None


@dataclass(frozen=True, slots=True)
class Sliver:
    """A part of a footprint thinner than the layer's accuracy: digitising noise that changes nothing."""

    code: str
    name: str
    area_m2: float
    width_m: float


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """Whose ground it is, and how sure that is.

    ``others`` share the place with the lead; ``noise`` does not count. ``edge_distance_m``: to the nearest
    border of the lead.
    """

    certainty: Certainty
    lead: UnitShare | None
    chain: tuple[Link, ...]
    others: tuple[UnitShare, ...]
    noise: tuple[Sliver, ...]
    edge_distance_m: float | None


@dataclass(frozen=True, slots=True)
class Basis:
    """An article that an effect rests on.

    ``article`` is the number in digits, empty where it is not known; ``label`` is how people write it.
    ``in_force``: first and, exclusive, last day. ``verified``: the statute's text was read.
    """

    law: Bilingual
    article: str
    label: Bilingual
    in_force: tuple[str | None, str | None]
    verified: bool


@dataclass(frozen=True, slots=True)
class ZoneRef:
    """Which zone, in names that can be shown."""

    id: str
    kind: str
    kind_name: Bilingual
    grade: str | None
    grade_name: Bilingual | None
    name: str


@dataclass(frozen=True, slots=True)
class LawThen:
    """What the law of a day says of a zone and a matter. ``effect`` is None where it says nothing."""

    day: str
    effect: Effect | None
    basis: tuple[Basis, ...]
    authority: Bilingual | None
    consequence: Bilingual | None


@dataclass(frozen=True, slots=True)
class Binding:
    """Which law binds an act that is decided later, and why. ``review``: a person must compare."""

    law: Literal["same", "old", "new"]
    reason: Bilingual
    review: bool
    basis: Basis


PermitStatus = Literal["inside", "exceeds", "not_sure", "expired", "other_use"]


@dataclass(frozen=True, slots=True)
class PermitState:
    """What a permit does for a place. ``excess_m2``: how far a footprint goes beyond what it covers."""

    number: str
    holder: str
    status: PermitStatus
    excess_m2: float
    valid: tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A zone that the place meets, and what the law says of it.

    ``effect``, ``basis``, ``authority`` and ``consequence`` are the binding law's; ``effect`` is None where
    it has no rule: nothing is said (``law_known``), or nothing is known. ``at_act`` and ``today`` show both
    laws where they differ (从旧兼从轻). A ``permit`` whose status is "inside" lifts the effect.
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
    law_known: bool
    at_act: LawThen | None
    today: LawThen | None
    binding: Binding
    permit: PermitState | None


@dataclass(frozen=True, slots=True)
class Change:
    """What has changed between the act and the day of the answer. ``on``: the day, where it is known."""

    what: Literal["unit", "zone", "law"]
    on: str | None
    about: str
    before: Bilingual
    after: Bilingual


@dataclass(frozen=True, slots=True)
class Power:
    """Who decides, in whose name; what the township may do at once and whom it whistles for.

    ``by_township``: the township itself decides. ``enforcement``: who may demolish. ``rivals``: authorities
    of equally good entries, an overlap in the lists. ``sample``: the list is not an official one.
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


@dataclass(frozen=True, slots=True)
class MissingKind:
    """A kind of zone that has a rule for the matter, but of which nothing is known at the place."""

    kind: str
    name: Bilingual


@dataclass(frozen=True, slots=True)
class DataUsed:
    """A dataset version that the verdict rests on."""

    dataset: str
    version: str
    title: Bilingual
    official: bool
    accuracy_m: float


@dataclass(frozen=True, slots=True)
class Step:
    """One rule tried: its name, the numbers it saw, and the same in (Chinese) words."""

    rule: str
    words: str
    numbers: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to "whose ground is this, and may that stand on it?" on a day."""

    location: dict[str, Any]
    as_of: str
    asked_on: str
    category: dict[str, Any]
    jurisdiction: Jurisdiction
    conflicts: tuple[Conflict, ...]
    competence: Power
    effect: Outcome
    changes: tuple[Change, ...]
    missing: tuple[MissingKind, ...]
    data: tuple[DataUsed, ...]
    trace: tuple[Step, ...]

    def as_dict(self) -> dict[str, Any]:
        """The JSON contract of ARCHITECTURE.md."""
        told: dict[str, Any] = orjson.loads(self.to_bytes())
        return told

    def to_bytes(self) -> bytes:
        """The same as JSON in UTF-8, members in the order of the contract."""
        return orjson.dumps(self)

    def to_json(self) -> str:
        """Canonical JSON: the same verdict, the same bytes."""
        return json.dumps(
            self.as_dict(), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
        )
