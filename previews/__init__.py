"""The previews room: the effect that a change of boundaries or of the law would have on past reports.

``boundary_change`` takes two days or two sets of dataset versions and returns changed units and reports with
another lead unit; ``law_change`` takes a candidate dataset and returns pairs of decisions on past reports.
The ``*_wording`` modules put both into words, JSON and CSV. Nothing is stored: a candidate is loaded inside a
savepoint, which is rolled back. Judging itself is left to ``verdict``.
"""
