"""What a change of boundaries or of the law would do to past reports, before it is put into force.

Nothing is stored: changes are loaded into a savepoint or compared as two days of the same data.
"""
