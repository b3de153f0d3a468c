"""The journal: an append-only chain of steps, each hashed together with the one before.

``append`` adds a step, ``read`` lists those about one subject, ``verification`` finds the first row that was
edited, removed, moved or inserted, and ``proof`` writes a bundle that a third party can check without the
database. ``docs/journal.md`` describes the chain and what it can and cannot prove.
"""
