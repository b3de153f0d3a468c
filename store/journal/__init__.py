"""The journal: an append-only chain of steps, each hashed together with the one before.

``append`` adds a step, ``read`` lists those about one subject, ``verification`` finds the first row that was
edited, removed, moved or inserted, ``rows`` compares what the journal is about with the digests that it
holds, ``guards`` checks its triggers and functions, and ``proof`` writes a bundle that a third party can
check without the database. ``docs/journal.md`` describes the chain and what it can and cannot prove.
"""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "Head",
    "ProofSummary",
    "Uncovered",
    "VerificationResult",
    "count_rows",
    "current_head",
    "fetch_steps",
    "verified_head",
    "verify_guards",
    "verify_journal",
    "verify_rows",
    "write_proof",
]

if TYPE_CHECKING:
    from store.journal.chain import Head, count_rows, current_head
    from store.journal.guards import verify_guards
    from store.journal.proof import ProofSummary, write_proof
    from store.journal.read import fetch_steps
    from store.journal.rows import Uncovered, verify_rows
    from store.journal.verification import VerificationResult, verified_head, verify_journal
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "store.journal.chain": ["Head", "count_rows", "current_head"],
            "store.journal.guards": ["verify_guards"],
            "store.journal.proof": ["ProofSummary", "write_proof"],
            "store.journal.read": ["fetch_steps"],
            "store.journal.rows": ["Uncovered", "verify_rows"],
            "store.journal.verification": ["VerificationResult", "verified_head", "verify_journal"],
        },
    )
