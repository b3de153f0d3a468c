"""The command line: reads options, calls one function of a room below, prints what it returns.

``cli.main`` holds the table of commands; each module is imported only when its command runs. Nothing here
knows a rule of the law or a table of the store. ``app`` is the Typer application, ``cli.main.main`` the
program's entry point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cli.main import app

__all__ = ["app"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cli.main import app  # noqa: PLC0415 - importing a command's module must not build the application

    return app
