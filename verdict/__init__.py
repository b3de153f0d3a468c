"""The verdict room: an inquiry in, a decision out, as a value and in words.

An :class:`~verdict.inquiry.Inquiry` (place, category, day) becomes facts (``facts``) and law (``law``); from
these ``judge`` decides jurisdiction, conflicts, permits, competence and outcome, and returns an immutable
:class:`~verdict.model.Verdict` with a trace of every rule. Deciding is pure: facts and law in, verdict out,
without SQL and without the clock, so that ``replay`` computes a stored verdict again to the same bytes.
``wording`` puts a verdict into Chinese or English, ``offline_pack`` takes what a telephone needs to judge
without a connection, and ``answer_cache`` answers a server's checks from memory.
"""
