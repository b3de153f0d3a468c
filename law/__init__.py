"""The law room: legal data as YAML documents in, a checked :class:`~law.book.LawBook` out, and its answers.

A book answers which rules apply to a category in a zone on a day, which law applies after a change
(``applicable_law``), who is competent (``competence``) and when a term ends (``time_limits``, on the working
days of ``calendar``). All values are immutable and computed from the documents alone: the room knows no
database, no geometry and no present day; places come in as zone kinds and unit codes. Wrong data raises
:class:`~law.errors.LawDataError` with an issue for every wrong row.
"""
