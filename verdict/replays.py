"""Replay: a stored verdict computed again from its inquiry, limits and dataset versions."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from core.errors import NotFound
from core.i18n import N_
from store.schema import StoredVerdict
from verdict.inquiry import Inquiry, Limits
from verdict.judgement import Judgement, judge
from verdict.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Replay:
    """The stored and the recomputed verdict, both as canonical JSON."""

    verdict_id: int
    stored: str
    computed: str

    @property
    def same(self) -> bool:
        """Whether both are equal, byte for byte."""
        return self.stored == self.computed


def stored_verdict(report_id: int, inquiry: Inquiry, limits: Limits, judgement: Judgement) -> StoredVerdict:
    """The table row of a verdict, with everything that a replay needs."""
    return StoredVerdict(
        report_id=report_id,
        source_ids=list(judgement.source_ids),
        inquiry=_inquiry_as_dict(inquiry, limits, judgement),
        body=judgement.verdict.to_json(),
    )


def _inquiry_as_dict(inquiry: Inquiry, limits: Limits, judgement: Judgement) -> dict[str, Any]:
    plain = asdict(inquiry) | {"as_of": judgement.verdict.as_of}
    # the radius is stored as the verdict used it: a later setting of the channel must not change it
    plain |= {"accuracy_m": limits.radius_m(inquiry.accuracy_m, inquiry.channel)}
    plain |= {"accuracy_given": inquiry.accuracy_m is not None}
    bounds = {
        "max_accuracy_m": limits.max_accuracy_m,
        "max_vertices": limits.max_vertices,
        "max_extent_m": limits.max_extent_m,
    }
    return {
        "inquiry": plain,
        "asked_on": judgement.verdict.asked_on,
        "limits": bounds,
        "shares": asdict(limits.shares),
    }


def replay(session: Session, verdict_id: int) -> Replay:
    """Compute a stored verdict again. Raises NotFound where it, or its inquiry, was not stored."""
    stored = session.get(StoredVerdict, verdict_id)
    if stored is None:
        raise NotFound(N_("There is no verdict {id}."), field="id", id=verdict_id)
    if stored.inquiry is None:
        raise NotFound(
            N_("Verdict {id} predates replays: its inquiry was not stored."), field="id", id=verdict_id
        )
    computed = _recompute(session, stored.inquiry, stored.source_ids)
    return Replay(verdict_id, stored.body, computed.verdict.to_json())


def _recompute(session: Session, stored: dict[str, Any], source_ids: list[int]) -> Judgement:
    plain = {**stored["inquiry"], "as_of": dt.date.fromisoformat(stored["inquiry"]["as_of"])}
    given = plain.pop("accuracy_given", True)  # older verdicts took an accuracy that was not stated for 0
    inquiry = Inquiry(**plain)
    shares = Thresholds(**stored["shares"])
    # without r95_channels: the stored radius is a 68 % one whatever the channel, and is not converted twice
    limits = Limits(**stored["limits"], shares=shares)
    case = inquiry.case(dt.date.fromisoformat(stored["asked_on"]))
    place = inquiry.location(limits)
    place = place if given else replace(place, assumed_from=inquiry.channel)
    return judge(session, place, case, source_ids=source_ids, limits=shares)
