"""Decisions on arrays of points: shares of units, conflicts with zones, law and competence by number."""
