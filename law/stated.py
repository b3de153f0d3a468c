"""Facts of a case that somebody has stated: a condition of rules that is met, or is not.

A rule with an unmet condition does not apply: the book then documents that it has no rule there, so that a
small farm is not told "unknown". A condition that is met needs no "if" any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.i18n import N_
from law.rules import Absence, Condition, Rule
from law.values import bilingual

Stated = tuple[tuple[str, bool], ...]
"""Codes of conditions with whether each is met, sorted by code."""


def conditions_of(rules: Iterable[Rule]) -> dict[str, Condition]:
    """The conditions of rules by code, in the order of the document."""
    return {condition.code: condition for rule in rules for condition in rule.conditions}


def rules_given(rules: Iterable[Rule], stated: Stated) -> tuple[tuple[Rule, ...], tuple[Absence, ...]]:
    """The rules that may apply where some conditions are known, and an absence for each of the others."""
    known = dict(stated)
    kept, absent = list[Rule](), list[Absence]()
    for rule in rules:
        unmet = [condition for condition in rule.conditions if known.get(condition.code) is False]
        if unmet:
            absent.append(_absence(rule, unmet[0]))
        else:
            still_open = tuple(c for c in rule.conditions if c.code not in known)
            kept.append(
                rule if len(still_open) == len(rule.conditions) else replace(rule, conditions=still_open)
            )
    return tuple(kept), tuple(absent)


def _absence(rule: Rule, condition: Condition) -> Absence:
    return Absence(
        id=rule.id,
        zone_kind=rule.zone_kind,
        grades=rule.grades,
        categories=rule.categories,
        valid_from=rule.valid_from,
        valid_to=rule.valid_to,
        reason=bilingual(N_("stated not to be so: {condition}"), condition=condition.text),
    )
