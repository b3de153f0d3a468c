"""The verdict room: an inquiry in, a decision out, as a value and in words.

An :class:`~verdict.inquiry.Inquiry` (place, category, day) becomes facts (``facts``) and law (``law``); from
these ``judge`` decides jurisdiction, conflicts, permits, competence and outcome, and returns an immutable
:class:`~verdict.model.Verdict` with a trace of every rule. Deciding is pure: facts and law in, verdict out,
without SQL and without the clock, so that ``replay`` computes a stored verdict again to the same bytes.
``wording`` puts a verdict into Chinese or English, ``offline_pack`` takes what a telephone needs to judge
without a connection, and ``answer_cache`` answers a server's checks from memory.
"""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "AnswerCache",
    "Bilingual",
    "CERTAINTIES",
    "Case",
    "Certainty",
    "DEFAULT",
    "EFFECTS",
    "Inquiry",
    "Judgement",
    "LawQuery",
    "Limits",
    "MAX_OUTSIDE_SHARE",
    "METRE_DIGITS",
    "MODES",
    "OUTCOMES",
    "Outcome",
    "PackTerms",
    "RELATIONS",
    "Replay",
    "SHARE_DIGITS",
    "STRICT",
    "STRICTEST_FIRST",
    "Thresholds",
    "UnitShare",
    "Verdict",
    "answer",
    "channel_name",
    "check_day",
    "checked_book",
    "decide",
    "deciding_conflicts",
    "find_county",
    "find_law",
    "judge",
    "judge_facts",
    "judge_inquiry",
    "locate",
    "make_pack",
    "pack_version",
    "reach_of_names",
    "replay",
    "stored_verdict",
    "tell_verdict",
    "tellable",
    "without_workers",
    "workers_within",
]

if TYPE_CHECKING:
    from verdict.answer_cache import AnswerCache
    from verdict.applicable_law import STRICTEST_FIRST, LawQuery, find_law
    from verdict.channels import channel_name
    from verdict.conflicts import RELATIONS
    from verdict.glossary import CERTAINTIES, EFFECTS, MODES
    from verdict.inquiry import Inquiry, Limits, answer, judge_inquiry, locate
    from verdict.judgement import Case, Judgement, judge, judge_facts
    from verdict.jurisdiction import decide
    from verdict.model import METRE_DIGITS, SHARE_DIGITS, Bilingual, Certainty, Outcome, UnitShare, Verdict
    from verdict.offline_pack import PackTerms, find_county, make_pack, pack_version
    from verdict.outcome import MAX_OUTSIDE_SHARE, OUTCOMES, STRICT, deciding_conflicts
    from verdict.personal import (
        reach_of_names,
        tellable,
        without_workers,
        workers_within,
    )
    from verdict.preconditions import check_day, checked_book
    from verdict.replays import Replay, replay, stored_verdict
    from verdict.thresholds import DEFAULT, Thresholds
    from verdict.wording.verdict import tell_verdict
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "verdict.answer_cache": ["AnswerCache"],
            "verdict.applicable_law": ["LawQuery", "STRICTEST_FIRST", "find_law"],
            "verdict.channels": ["channel_name"],
            "verdict.conflicts": ["RELATIONS"],
            "verdict.glossary": ["CERTAINTIES", "EFFECTS", "MODES"],
            "verdict.inquiry": ["Inquiry", "Limits", "answer", "judge_inquiry", "locate"],
            "verdict.judgement": ["Case", "Judgement", "judge", "judge_facts"],
            "verdict.jurisdiction": ["decide"],
            "verdict.model": [
                "Bilingual",
                "Certainty",
                "METRE_DIGITS",
                "Outcome",
                "SHARE_DIGITS",
                "UnitShare",
                "Verdict",
            ],
            "verdict.offline_pack": ["PackTerms", "find_county", "make_pack", "pack_version"],
            "verdict.outcome": ["MAX_OUTSIDE_SHARE", "OUTCOMES", "STRICT", "deciding_conflicts"],
            "verdict.personal": [
                "reach_of_names",
                "tellable",
                "without_workers",
                "workers_within",
            ],
            "verdict.preconditions": ["check_day", "checked_book"],
            "verdict.replays": ["Replay", "replay", "stored_verdict"],
            "verdict.thresholds": ["DEFAULT", "Thresholds"],
            "verdict.wording.verdict": ["tell_verdict"],
        },
    )
