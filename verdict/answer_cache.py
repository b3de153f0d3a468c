"""Answers to checks from memory, as JSON bytes; most are filled into the template of an earlier answer.

Verdicts on points with equal facts (``facts.memory.equivalence``) differ only in the location and in the
distance of the border. The second such point that is asked for is judged as any place is, and its answer
split at those fields; later ones are filled in, in a tenth of the time.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import orjson

from core.clock import today
from core.i18n import Lang
from facts import Snapshot, SnapshotSource
from facts.memory import LruCache, Own, PointView, facts_key, facts_of, nearest_unit_m
from geo.datum import has_plain_easting
from law import LawBook
from layers.lawbook import cached_book
from store import Reach
from verdict.inquiry import Inquiry, Limits
from verdict.judgement import Case, judge_facts, location_step
from verdict.model import Verdict, round_metres
from verdict.personal import tellable
from verdict.preconditions import checked_book
from verdict.trace import step
from verdict.wording.verdict import certainty_text, place_text, tell_verdict, verdict_with_words

MAX_TEMPLATES: Final = 4096  # of some 10 kB each
MAX_SEEN_KEYS: Final = 65_536  # hashes of keys that have been asked for once
# Markers of the location-dependent fields. They begin with NUL, which no text of ours has and PostgreSQL
# cannot store, so that splitting the JSON at them never hits anything else.
PLACE, BORDER, PLACE_STEP, BORDER_STEP, PLACE_TEXT, CERTAINTY_TEXT = MARKERS = tuple(
    f"\0{n}" for n in range(6)
)
MARKER: Final = re.compile(rb'"\\u0000(\d)"')
# trace steps that are replaced as a whole: their sentences hold the numbers, too
STEPS: Final = {
    "location.point": PLACE_STEP,
    "location.point_assumed": PLACE_STEP,
    "unit.edge": BORDER_STEP,
}
Json = dict[str, Any]
Border = tuple[int, int]  # number of the layer, position of the unit
Views = tuple[PointView, PointView]  # on the day of the act, and of the answer; one where they are the same


@dataclass(frozen=True, slots=True)
class ResponseTemplate:
    """JSON split at location-dependent fields: ``pieces``, and between them ``fields`` (markers).

    ``borders``: units (layer, position) whose nearest border is the distance stated; None where the place is
    outside all units, and the distance is that of the nearest unit. ``bordered``: whether there is any.
    """

    pieces: tuple[bytes, ...]
    fields: tuple[str, ...]
    jurisdiction: Json
    borders: frozenset[Border] | None
    bordered: bool

    def fill(self, view: PointView, own: Sequence[Own], lang: Lang) -> bytes:
        """The answer for the point of ``view``. ``own``: its units, from its ``FactsKey``."""
        location = view.location
        border = self._border_distance_m(view, own) if self.bordered else None
        jurisdiction = {**self.jurisdiction, "edge_distance_m": border}
        body = location.as_dict()
        values = {
            PLACE: body,
            PLACE_STEP: location_step(location),
            PLACE_TEXT: place_text(body, lang),
            CERTAINTY_TEXT: certainty_text(jurisdiction, lang),
            BORDER: border,
            BORDER_STEP: None if border is None else step("unit.edge", distance_m=border),
        }
        parts = [orjson.dumps(values[field]) for field in self.fields]
        return b"".join(part for pair in zip(self.pieces, (*parts, b""), strict=True) for part in pair)

    def _border_distance_m(self, view: PointView, own: Sequence[Own]) -> float | None:
        if self.borders is None:
            distance = nearest_unit_m(view.snapshot, view.location)
            return None if distance is None else round_metres(distance)
        layers = view.snapshot.units
        units = [(layers[n], unit, near2) for n, unit, near2 in own if (n, unit) in self.borders]
        return round_metres(min(view.edge_m(*unit) for unit in units))


class AnswerCache:
    """Answers of one process to inquiries, from snapshots in memory. Threads may share it."""

    def __init__(self, memory: SnapshotSource, limits: Limits) -> None:
        self._memory = memory
        self._limits = limits
        self._templates: LruCache[ResponseTemplate] = LruCache(MAX_TEMPLATES)
        self._leads: LruCache[str | None] = LruCache(MAX_TEMPLATES)
        self._seen: set[int] = set()
        self._lock = threading.Lock()

    @property
    def templates(self) -> int:
        """How many templates are held."""
        return len(self._templates)

    def get(self, inquiry: Inquiry, lang: Lang, names: Reach) -> bytes | None:
        """``{"verdict": …, "words": …}`` of an inquiry; None where the database must be asked.

        ``names``: where people are named (``verdict.personal``).
        That is for a footprint, a plain easting, a day without a snapshot, and a law book that is not parsed
        yet. Raises what :func:`verdict.inquiry.answer` raises.
        """
        now = today()
        case = inquiry.case(now)
        location = inquiry.location(self._limits)
        then, current = self._memory.at(case.as_of), self._memory.at(now)
        if location.footprint is not None or then is None or current is None:
            return None
        if has_plain_easting(location.datum):  # outside all units, other zones are tried: see judge
            return None
        book = cached_book(source for source in then.sources if source.role == "law")
        if book is None:
            return None
        # for its refusals: they must be those of the way through the database
        checked_book(then.sources, case.as_of, case.category, lambda: book)
        view = PointView(then, location)
        views = (view, view if current is then else PointView(current, location))
        return self._answer(views, case, book, (lang, names))

    def _answer(self, views: Views, case: Case, book: LawBook, terms: tuple[Lang, Reach]) -> bytes:
        lang, names = terms
        first, second = views

        @cache
        def judged() -> Verdict:
            then = facts_of(first)
            now = then if second is first else facts_of(second)
            return judge_facts(first.location, case, (then, now), book, self._limits.shares)

        key_then = facts_key(first)
        key_now = key_then if second is first or key_then is None else facts_key(second)
        if key_then is None or key_now is None:
            return verdict_with_words(judged(), lang, names)
        # snapshots by their content, so that no template can be stale; the words are in one language
        key = (first.snapshot.key, second.snapshot.key, case, lang, key_then.key, key_now.key)
        # a template costs more than an answer, and most keys are asked for only once
        if not self._was_seen(key):
            return verdict_with_words(judged(), lang, names)
        # one template for those who are shown names, and one for the others: equal facts have one lead
        named = names.covers(self._leads.get(key, lambda: _lead_code(judged())))
        template = self._templates.get(
            (key, named), lambda: _make_template(judged(), first.snapshot, key_then.own, (lang, names))
        )
        return template.fill(first, key_then.own, lang)

    def _was_seen(self, key: Hashable) -> bool:
        """Whether a key was asked for before; from now on it was."""
        # hashes alone: a collision only makes a template one request too early. Emptied when full, which
        # delays templates by one request and needs no order of use
        with self._lock:
            if hash(key) in self._seen:
                return True
            if len(self._seen) >= MAX_SEEN_KEYS:
                self._seen.clear()
            self._seen.add(hash(key))
            return False


def _lead_code(verdict: Verdict) -> str | None:
    lead = verdict.jurisdiction.lead
    return None if lead is None else lead.code


def _make_template(
    verdict: Verdict, snapshot: Snapshot, own: Sequence[Own], terms: tuple[Lang, Reach]
) -> ResponseTemplate:
    """The template of an answer: its JSON split at the markers put in place of location-dependent fields."""
    lang, names = terms
    body = tellable(verdict.as_dict(), names)
    words = tell_verdict(body, lang)
    jurisdiction = dict(body["jurisdiction"])
    texts = {
        place_text(body["location"], lang): PLACE_TEXT,
        certainty_text(jurisdiction, lang): CERTAINTY_TEXT,
    }
    words["lines"] = [{**line, "text": texts.get(line["text"], line["text"])} for line in words["lines"]]
    body["location"] = PLACE
    # without a border the field is null in every answer of this key, and needs no marker
    bordered = jurisdiction["edge_distance_m"] is not None
    if bordered:
        body["jurisdiction"] = {**jurisdiction, "edge_distance_m": BORDER}
    body["trace"] = [STEPS.get(one["rule"], one) for one in body["trace"]]
    cut = MARKER.split(orjson.dumps({"verdict": body, "words": words}))
    return ResponseTemplate(
        pieces=tuple(cut[::2]),
        fields=tuple(MARKERS[int(number)] for number in cut[1::2]),
        jurisdiction=jurisdiction,
        borders=_borders(verdict, snapshot, own),
        bordered=bordered,
    )


def _borders(verdict: Verdict, snapshot: Snapshot, own: Sequence[Own]) -> frozenset[Border] | None:
    """The units whose border distance the verdict states: the lead's, else its level's.

    As in ``verdict.jurisdiction``; None without a lead.
    """
    lead = verdict.jurisdiction.lead
    if lead is None:
        return None
    level = [(n, unit) for n, unit, _ in own if snapshot.units[n].level == lead.level]
    leads = [(n, unit) for n, unit in level if snapshot.units[n].rows[unit].code == lead.code]
    return frozenset(leads or level)
