"""Answers to checks from memory, as the bytes of their JSON; most are filled into one that was given before.

The verdicts on points that are alike (``facts.memory.equivalence``) differ only in where the point lies and
how far the border is. The first of them is judged as any place is, and its answer cut where those two stand;
the others are put together from the pieces, in a tenth of the time.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from core.clock import today
from core.i18n import Lang
from facts.lookup import SnapshotSource
from facts.memory.cache import LruCache
from facts.memory.equivalence import Own, facts_key
from facts.memory.facts import facts_of, nearest_unit_m
from facts.memory.point import PointView
from facts.memory.snapshot import Snapshot
from law.book import LawBook
from layers.lawbook.documents import known_book
from verdict.inquiry import Inquiry, Limits
from verdict.judge import Case, judge_facts, location_step
from verdict.model import Verdict, metres
from verdict.preconditions import checked_book
from verdict.trace import step
from verdict.wording.verdict import certainty_text, place_text, tell_verdict, verdict_with_words

KEPT: Final = 4096  # forms, of some 10 kB
MET: Final = 65_536  # keys that are remembered without a form
PLACE, BORDER, PLACE_STEP, BORDER_STEP, PLACE_TEXT, SURENESS = HOLES = tuple(f"\0{n}" for n in range(6))
HOLE: Final = re.compile(rb'"\\u0000(\d)"')  # no text of ours, and none that PostgreSQL holds, has a NUL
STEPS: Final = {"location.point": PLACE_STEP, "unit.edge": BORDER_STEP}
Told = dict[str, Any]
Border = tuple[int, int]  # number of the layer, position of the unit
Views = tuple[PointView, PointView]  # on the day of the act, and of the answer; one where they are the same


@dataclass(frozen=True, slots=True)
class ResponseTemplate:
    """An answer without its place: pieces, and between them holes, each to be filled with what it is for.

    ``borders``: of which units of which layers the nearest border is told; None where the place is outside
    all units, and the way to them is told. ``bordered``: whether any is.
    """

    pieces: tuple[bytes, ...]
    holes: tuple[str, ...]
    jurisdiction: Told
    borders: frozenset[Border] | None
    bordered: bool

    def filled(self, view: PointView, own: Sequence[Own], lang: Lang) -> bytes:
        """The answer for a place."""
        location = view.location
        border = self._border_m(view, own) if self.bordered else None
        jurisdiction = {**self.jurisdiction, "edge_distance_m": border}
        told = location.as_dict()
        values = {
            PLACE: told,
            PLACE_STEP: location_step(location),
            PLACE_TEXT: place_text(told, lang),
            SURENESS: certainty_text(jurisdiction, lang),
            BORDER: border,
            BORDER_STEP: None if border is None else step("unit.edge", distance_m=border),
        }
        parts = [orjson.dumps(values[hole]) for hole in self.holes]
        return b"".join(part for pair in zip(self.pieces, (*parts, b""), strict=True) for part in pair)

    def _border_m(self, view: PointView, own: Sequence[Own]) -> float | None:
        if self.borders is None:
            distance = nearest_unit_m(view.snapshot, view.location)
            return None if distance is None else metres(distance)
        layers = view.snapshot.units
        units = [(layers[n], unit, near2) for n, unit, near2 in own if (n, unit) in self.borders]
        return metres(min(view.edge_m(*unit) for unit in units))


class AnswerCache:
    """Answers to the inquiries of one process."""

    def __init__(self, memory: SnapshotSource, limits: Limits) -> None:
        self._memory = memory
        self._limits = limits
        self._forms: LruCache[ResponseTemplate] = LruCache(KEPT)
        self._met: set[int] = set()
        self._lock = threading.Lock()

    @property
    def forms(self) -> int:
        """How many forms are kept."""
        return len(self._forms)

    def to(self, inquiry: Inquiry, lang: Lang) -> bytes | None:
        """``{"verdict": …, "words": …}`` of an inquiry; None where the store must be asked.

        Raises what :func:`verdict.inquiry.answer` raises.
        """
        now = today()
        case = Case(inquiry.category, inquiry.day(), now)
        location = inquiry.location(self._limits)
        then, current = self._memory.at(case.as_of), self._memory.at(now)
        if location.footprint is not None or then is None or current is None:
            return None
        book = known_book(source for source in then.sources if source.role == "law")
        if book is None:
            return None
        checked_book(then.sources, case.as_of, case.category, lambda: book)
        view = PointView(then, location)
        views = (view, view if current is then else PointView(current, location))
        return self._answer(views, case, book, lang)

    def _answer(self, views: Views, case: Case, book: LawBook, lang: Lang) -> bytes:
        first, second = views

        def judged() -> Verdict:
            then = facts_of(first)
            now = then if second is first else facts_of(second)
            return judge_facts(first.location, case, (then, now), book, self._limits.shares)

        found = facts_key(first)
        other = found if second is first or found is None else facts_key(second)
        if found is None or other is None:
            return verdict_with_words(judged(), lang)
        key = (first.snapshot.key, second.snapshot.key, case, lang, found.key, other.key)
        if not self._is_met(key):  # a form is dearer than an answer, and most ground is asked for once
            return verdict_with_words(judged(), lang)
        form = self._forms.get(key, lambda: _make_template(judged(), first.snapshot, found.own, lang))
        return form.filled(first, found.own, lang)

    def _is_met(self, key: Hashable) -> bool:
        """Whether a key has been asked for before, lately."""
        with self._lock:
            if hash(key) in self._met:
                return True
            if len(self._met) >= MET:
                self._met.clear()
            self._met.add(hash(key))
            return False


def _make_template(verdict: Verdict, snapshot: Snapshot, own: Sequence[Own], lang: Lang) -> ResponseTemplate:
    """What is left of an answer without its place."""
    told = verdict.as_dict()
    words = tell_verdict(told, lang)
    jurisdiction = dict(told["jurisdiction"])
    texts = {
        place_text(told["location"], lang): PLACE_TEXT,
        certainty_text(jurisdiction, lang): SURENESS,
    }
    words["lines"] = [{**line, "text": texts.get(line["text"], line["text"])} for line in words["lines"]]
    told["location"] = PLACE
    bordered = jurisdiction["edge_distance_m"] is not None
    if bordered:
        told["jurisdiction"] = {**jurisdiction, "edge_distance_m": BORDER}
    told["trace"] = [STEPS.get(one["rule"], one) for one in told["trace"]]
    cut = HOLE.split(orjson.dumps({"verdict": told, "words": words}))
    return ResponseTemplate(
        pieces=tuple(cut[::2]),
        holes=tuple(HOLES[int(number)] for number in cut[1::2]),
        jurisdiction=jurisdiction,
        borders=_borders(verdict, snapshot, own),
        bordered=bordered,
    )


def _borders(verdict: Verdict, snapshot: Snapshot, own: Sequence[Own]) -> frozenset[Border] | None:
    """The units whose border distance is told (``verdict.jurisdiction``): the lead, else its level."""
    lead = verdict.jurisdiction.lead
    if lead is None:
        return None
    level = [(n, unit) for n, unit, _ in own if snapshot.units[n].level == lead.level]
    leads = [(n, unit) for n, unit in level if snapshot.units[n].rows[unit].code == lead.code]
    return frozenset(leads or level)
