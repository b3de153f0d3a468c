"""Which reports are urgent: prohibited in a zone that the installation's settings name."""

from __future__ import annotations

from verdict import Verdict


def is_urgent(verdict: Verdict, zones: frozenset[str]) -> bool:
    """Whether a conflict of the verdict prohibits, in one of ``zones`` ("kind" or "kind:grade")."""
    return verdict.effect == "prohibited" and any(
        conflict.effect == "prohibited"
        and (conflict.zone.kind in zones or f"{conflict.zone.kind}:{conflict.zone.grade}" in zones)
        for conflict in verdict.conflicts
    )


def conflict_kinds(verdict: Verdict) -> list[str]:
    """The kinds of zones that the place conflicts with, certainly or possibly; sorted, each once."""
    kinds = (conflict.zone.kind for conflict in verdict.conflicts if conflict.relation != "near")
    return sorted(set(kinds))
