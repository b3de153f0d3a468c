"""What an inquiry states about conditions of the law, as a verdict tells it."""

from __future__ import annotations

from core.errors import BadInput
from core.i18n import N_
from law import LawBook, Stated
from verdict.applicable_law import bilingual
from verdict.model import StatedFact, Step
from verdict.trace import step


def stated_facts(book: LawBook, stated: Stated) -> tuple[StatedFact, ...]:
    """The stated conditions with their texts. Raises BadInput for one that no rule of the book has."""
    for code, _ in stated:
        if code not in book.conditions:
            raise BadInput(
                N_("No rule depends on a condition {code}."),
                field="stated",
                hint=N_("Known conditions: {codes}."),
                code=code,
                codes=", ".join(sorted(book.conditions)),
            )
    return tuple(StatedFact(code, bilingual(book.conditions[code].text), met) for code, met in stated)


def stated_step(fact: StatedFact) -> Step:
    """The trace step of a stated condition."""
    return step("condition.stated", condition=fact.text, met="yes" if fact.met else "no")
