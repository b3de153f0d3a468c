"""Previews a change of law or data: past reports judged by the current data and by the changed one."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from sqlalchemy import ColumnElement, and_, true
from sqlalchemy.orm import Session

from core.clock import CHINA
from core.errors import BadInput
from core.i18n import LANGS, N_
from layers.loading import Candidate, Versions, stage_candidate
from previews.boundary_change import Progress, without_progress
from previews.past_reports import PastReport, count_reports, stream_reports
from store.schema import Report
from verdict import Bilingual, Certainty, Limits, Outcome, Verdict, judge

Aspect = Literal["effect", "lead", "certainty", "authority", "articles"]
ASPECTS: Final[tuple[Aspect, ...]] = ("effect", "lead", "certainty", "authority", "articles")


@dataclass(frozen=True, slots=True)
class Period:
    """A period of days in China, both included; None leaves a side open."""

    first: dt.date | None = None
    last: dt.date | None = None

    def condition(self) -> ColumnElement[bool]:
        """The condition that a report was received in the period.

        Raises :class:`BadInput` for a reversed one.
        """
        if self.first and self.last and self.last < self.first:
            raise BadInput(
                N_("The period ends on {last}, before it begins on {first}."),
                field="to",
                hint=N_("Give the first day before the last one."),
                first=self.first,
                last=self.last,
            )
        bounds: list[ColumnElement[bool]] = [true()]
        if self.first:
            bounds.append(Report.received_at >= _midnight(self.first))
        if self.last:  # the whole day: up to the next midnight
            bounds.append(Report.received_at < _midnight(self.last + dt.timedelta(days=1)))
        return and_(*bounds)


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.min, CHINA)


@dataclass(frozen=True, slots=True)
class LeadUnit:
    """The lead unit of a decision."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a verdict decides, without what only explains it.

    ``authority`` and ``mode``: who decides, by which power. ``zone_authorities``: authorities that rules of
    the zones name. ``articles``: of those rules, then of the power. ``refused``: why no verdict could be
    given; all else is then empty.
    """

    effect: Outcome | None
    lead: LeadUnit | None
    certainty: Certainty | None
    authority: Bilingual | None
    mode: str | None
    zone_authorities: tuple[Bilingual, ...]
    articles: tuple[Bilingual, ...]
    refused: Bilingual | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A report judged twice. ``changed``: the aspects in which the decisions differ; may be empty."""

    report: int
    category: str
    as_of: str
    before: Decision
    after: Decision
    changed: tuple[Aspect, ...]


def preview_law(
    session: Session,
    change: Candidate,
    period: Period,
    limits: Limits,
    progress: Progress = without_progress,
) -> Iterator[Comparison]:
    """Judge every report of a period by the current data, and again with ``change`` in its place.

    Place, day of the act and day of the answer are the stored ones in both. Reports come by rising id, one at
    a time. Nothing is stored, and no other session sees the change, whether the iteration ends, is abandoned,
    or fails. Do not commit the session meanwhile. Raises :class:`BadInput` or :class:`BadData` for an invalid
    period or change.
    """
    condition = period.condition()
    # ``stage_candidate`` loads the change inside a savepoint and rolls it back.
    with stage_candidate(session, change) as versions:
        total = count_reports(session, condition)
        for report in progress(stream_reports(session, condition), total):
            before = _judge_by(session, report, versions.current, limits)
            after = _judge_by(session, report, versions.changed, limits)
            yield _compare(report, before, after)


def _judge_by(session: Session, report: PastReport, versions: Versions, limits: Limits) -> Decision:
    """The decision by these dataset versions; a refusal is a decision, too."""
    try:
        found = judge(
            session, report.location, report.case, source_ids=versions, limits=limits.shares
        ).verdict
    except BadInput as fault:  # such as a category that the changed law does not have
        return Decision(None, None, None, None, None, (), (), {lang: fault.detail(lang) for lang in LANGS})
    return _decision_of(found)


def _decision_of(found: Verdict) -> Decision:
    """A verdict reduced to what it decides."""
    lead, power = found.jurisdiction.lead, found.competence
    zones = [conflict for conflict in found.conflicts if conflict.relation != "near"]
    bases = [*(basis for conflict in zones for basis in conflict.basis), *power.basis]
    return Decision(
        effect=found.effect,
        lead=LeadUnit(lead.code, lead.name) if lead else None,
        certainty=found.jurisdiction.certainty,
        authority=power.authority,
        mode=power.mode,
        zone_authorities=_distinct([conflict.authority for conflict in zones if conflict.authority]),
        articles=_distinct([_citation(basis.law, basis.label) for basis in bases]),
    )


def _citation(law: Bilingual, label: Bilingual) -> Bilingual:
    return {"zh": f"《{law['zh']}》{label['zh']}", "en": f"{law['en']}, {label['en']}"}


def _distinct(texts: list[Bilingual]) -> tuple[Bilingual, ...]:
    """The texts, each once, in their order."""
    return tuple({tuple(sorted(text.items())): text for text in texts}.values())


def _compare(report: PastReport, before: Decision, after: Decision) -> Comparison:
    changed = tuple(
        aspect for aspect in ASPECTS if _comparison_key(before, aspect) != _comparison_key(after, aspect)
    )
    as_of = report.case.as_of.isoformat()
    return Comparison(report.id, report.case.category, as_of, before, after, changed)


def _comparison_key(decision: Decision, aspect: Aspect) -> object:
    """The value by which an aspect is compared: a unit's code, the Chinese of texts, in any order."""
    # Names may be reworded in a dataset without any change of the decision.
    if aspect == "effect":
        return decision.effect, decision.refused
    if aspect == "lead":
        return decision.lead and decision.lead.code
    if aspect == "certainty":
        return decision.certainty
    if aspect == "authority":
        return decision.authority, decision.mode, {text["zh"] for text in decision.zone_authorities}
    return {text["zh"] for text in decision.articles}


Pair = tuple[str, str]


@dataclass(slots=True)
class Summary:
    """Counts over all comparisons. ``"refused"`` and ``"outside"`` stand for a missing effect or unit.

    ``effects``: (effect before, after) → reports, unchanged ones included. ``leads``: (lead unit's code
    before, after) → reports, where they differ. ``names``: code → name.
    """

    reports: int = 0
    differ: int = 0
    effects: Counter[Pair] = field(default_factory=Counter)
    leads: Counter[Pair] = field(default_factory=Counter)
    names: dict[str, str] = field(default_factory=dict)

    def add(self, one: Comparison) -> None:
        """Count a comparison."""
        self.reports += 1
        self.differ += bool(one.changed)
        self.effects[one.before.effect or "refused", one.after.effect or "refused"] += 1
        if "lead" in one.changed:
            self.leads[self._code(one.before), self._code(one.after)] += 1

    def _code(self, decision: Decision) -> str:
        if decision.lead is None:
            return "refused" if decision.refused else "outside"
        self.names[decision.lead.code] = decision.lead.name
        return decision.lead.code
