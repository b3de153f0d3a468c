"""A stored verdict is computed again, on the dataset versions and with the question of its day."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from core.errors import NotFound
from core.i18n import N_
from store.schema.datasets import StoredVerdict
from verdict.inquiry import Inquiry, Limits
from verdict.judge import Case, Judgement, judge
from verdict.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Replay:
    """What was stored and what comes out today; ``same`` to the byte."""

    verdict_id: int
    stored: str
    computed: str

    @property
    def same(self) -> bool:
        """Whether the bytes are the same."""
        return self.stored == self.computed


def stored_verdict(report_id: int, inquiry: Inquiry, limits: Limits, judgement: Judgement) -> StoredVerdict:
    """The row that keeps a verdict with all that it needs to be computed again."""
    return StoredVerdict(
        report_id=report_id,
        source_ids=list(judgement.source_ids),
        inquiry=_question(inquiry, limits, judgement),
        body=judgement.verdict.to_json(),
    )


def _question(inquiry: Inquiry, limits: Limits, judgement: Judgement) -> dict[str, Any]:
    asked = asdict(inquiry) | {"as_of": judgement.verdict.as_of}
    # the radius is kept as the verdict used it: a later setting of the channel must not change it
    asked |= {"accuracy_m": limits.r68(inquiry.accuracy_m, inquiry.channel)}
    bounds = {
        "max_accuracy_m": limits.max_accuracy_m,
        "max_vertices": limits.max_vertices,
        "max_extent_m": limits.max_extent_m,
    }
    return {
        "inquiry": asked,
        "asked_on": judgement.verdict.asked_on,
        "limits": bounds,
        "shares": asdict(limits.shares),
    }


def replay(session: Session, verdict_id: int) -> Replay:
    """Compute a stored verdict again; :class:`NotFound` where there is none or its question was not kept."""
    stored = session.get(StoredVerdict, verdict_id)
    if stored is None:
        raise NotFound(N_("There is no verdict {id}."), field="id", id=verdict_id)
    if stored.inquiry is None:
        raise NotFound(
            N_("Verdict {id} is older than replays: its question was not kept."), field="id", id=verdict_id
        )
    computed = _judge_again(session, stored.inquiry, stored.source_ids)
    return Replay(verdict_id, stored.body, computed.verdict.to_json())


def _judge_again(session: Session, kept: dict[str, Any], source_ids: list[int]) -> Judgement:
    asked = kept["inquiry"]
    inquiry = Inquiry(**{**asked, "as_of": dt.date.fromisoformat(asked["as_of"])})
    shares = Thresholds(**kept["shares"])
    limits = Limits(**kept["limits"], shares=shares)
    case = Case(inquiry.category, inquiry.day(), dt.date.fromisoformat(kept["asked_on"]))
    return judge(session, inquiry.location(limits), case, source_ids=source_ids, limits=shares)
