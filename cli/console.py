"""Printing for a terminal or a pipe. Needs neither the store nor a verdict."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from core.i18n import Lang, say

# Soft wrap: rich must not break a line that goes into a pipe. No highlight: it would colour numbers in texts.
out = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, highlight=False, soft_wrap=True)


# Signs that a terminal obeys: control codes, and the marks that turn the direction of what follows.
_COMMANDS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_LAYOUT: Final = "\n\t"  # of texts of our own


def visible(text: str, keep: str = "") -> str:
    """``text`` with what a terminal would obey shown as an escape, such as \\x1b, but for ``keep``."""
    return _COMMANDS.sub(lambda found: found[0] if found[0] in keep else ascii(found[0])[1:-1], text)


def plain(text: str) -> str:
    """``text`` for rich: brackets are no markup, and control codes are shown and not obeyed."""
    return escape(visible(text, _LAYOUT))


def print_lines(lines: list[dict[str, str]]) -> None:
    """Print labels and texts: two columns on a terminal, unwrapped lines into a pipe or a file."""
    if not out.is_terminal:
        for line in lines:
            out.print(plain(f"{line['label']}  {line['text']}"))
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for line in lines:
        table.add_row(plain(line["label"]), plain(line["text"]))
    out.print(table)


def print_rows(heads: Iterable[str], rows: Iterable[tuple[str, ...]], lang: Lang) -> None:
    """Print a table with headings on a terminal; bare lines with tabs into a pipe or a file."""
    if not out.is_terminal:
        for row in rows:
            # Empty cells at the end are left out, so that a line has no trailing tabs.
            typer.echo("\t".join(map(visible, row)).rstrip())
        return
    table = Table(box=box.SIMPLE)
    for head in heads:
        table.add_column(say(lang, head), overflow="fold")
    for row in rows:
        table.add_row(*(escape(visible(cell)) for cell in row))
    if table.row_count:
        out.print(table)
