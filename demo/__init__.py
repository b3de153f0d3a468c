"""Fictional reports, places and accounts for ``make demo``, and their removal. All is marked as a sample."""
