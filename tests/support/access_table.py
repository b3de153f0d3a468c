"""The tables of docs/access.md: what a role may, as people read it."""

from __future__ import annotations

from typing import Final

from core.settings import ROOT

NOBODY: Final = "nobody"


def doors() -> dict[str, dict[str, str]]:
    """Door → role → cell of the table of endpoints."""
    return _table("endpoint")


def names() -> dict[str, dict[str, str]]:
    """What a verdict may name → role → cell of the table of names."""
    return _table("name")


def _table(first: str) -> dict[str, dict[str, str]]:
    """The table whose first column has this head."""
    page = (ROOT / "docs" / "access.md").read_text(encoding="utf-8")
    (part,) = (part for part in page.split("\n\n") if part.startswith(f"| {first} |"))
    lines = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| ")]
    head, *body = [[cell.strip("` ") for cell in line] for line in lines]
    return {line[0]: dict(zip(head[1:], line[1:], strict=True)) for line in body}
