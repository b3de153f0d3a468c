"""A verdict and a filed report on the terminal; used by the local and the remote commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cli.console import out, plain, print_lines
from core.i18n import N_, Lang, say
from verdict import tell_verdict
from verdict.wording import trace_lines


def print_verdict(verdict: Mapping[str, Any], lang: Lang, *, trace: bool = False) -> None:
    """Print a verdict, given in its JSON form, in words; ``trace``: followed by every rule that was tried."""
    words = tell_verdict(verdict, lang)
    out.print(f"\n[bold]{words['mark']} {plain(words['headline'])}[/bold]\n")
    print_lines(words["lines"])
    if trace:
        heading = say(lang, N_("How it was decided"))
        out.print(f"\n[bold]{heading}[/bold]")
        for number, step in enumerate(trace_lines(verdict, lang), start=1):
            out.print(f"[dim]{number:3}[/dim] {plain(step)}")


def print_filed(number: int, created: bool, lang: Lang) -> None:
    """Print the number of a report; ``created`` is False where the idempotency key had been used."""
    text = N_("Report {number} filed.") if created else N_("Report {number} was filed before.")
    out.print(say(lang, text, number=number))
