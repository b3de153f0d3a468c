"""The command line: reads options, calls one function of a room below, prints what it returns.

``cli.main`` holds the table of commands; each module is imported only when its command runs. Nothing here
knows a rule of the law or a table of the store. ``app`` is the Typer application, ``cli.main.main`` the
program's entry point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = ["app"]

if TYPE_CHECKING:
    from cli.main import app
else:
    # lazily: importing a command's module must not build the application
    __getattr__, __dir__ = lazy_exports(__name__, {"cli.main": ["app"]})
