"""`zhijie law …`: check the law, load a competence list, count terms, try out a change."""

from __future__ import annotations

from typing import Final

from cli.lazy import LazyCommand, lazy_app

COMMANDS: Final = {
    "check": LazyCommand(
        "cli.law.check",
        "check",
        "Find gaps, overlaps and contradictions of power, and zones without a rule, in the whole matrix.\n\n"
        "Exit status: 0 where nothing is found, 1 where there are findings, 2 where the question is wrong.",
    ),
    "load": LazyCommand(
        "cli.law.lists",
        "load",
        "Load a competence list beside the statutory powers: all of it, or nothing where a row is wrong.",
    ),
    "unload": LazyCommand(
        "cli.law.lists",
        "unload",
        "Retire the loaded competence list: statutory powers alone remain. It stays stored for replays.",
    ),
    "list": LazyCommand("cli.law.lists", "list_versions", "List the current versions of the law's datasets."),
    "term": LazyCommand("cli.law.terms", "term", "Count a term: its last day, and every step of the count."),
    "clocks": LazyCommand("cli.law.terms", "clocks", "List the clocks: length, article, verified or local."),
    "explain": LazyCommand(
        "cli.law.explain",
        "explain",
        "Show the law in force at the act, the law of today, and which of them binds.",
    ),
    "simulate": LazyCommand(
        "cli.law.simulate",
        "simulate",
        "Judge past reports by a changed rule, competence list or boundary: what would be decided otherwise?"
        "\n\nStores nothing: the change is tried out in a transaction that is rolled back.",
    ),
}
app = lazy_app(COMMANDS)
