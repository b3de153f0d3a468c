"""Command groups that import a command's module when the command is run, not when help is printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """Where a command or a group of commands is defined, and its help: the first paragraph is the short one.

    ``attribute`` of ``module`` is a function (a command) or a ``typer.Typer`` (a group).
    """

    module: str
    attribute: str
    help: str


class LazyGroup(TyperGroup):
    """A group that lists its commands from a table and imports the one that is run.

    Listing (``--help``, completion of names, "did you mean") uses stand-ins that carry the help text only.
    """

    table: ClassVar[Mapping[str, LazyCommand]]

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - typer's own
        attributes["commands"] = {
            name: TyperCommand(name=name, help=entry.help) for name, entry in self.table.items()
        }
        super().__init__(**attributes)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - typer's types are private
        """Name, imported command and remaining arguments; running and completing come through here."""
        # The first step that needs a command's own parameters; earlier ones get by with its stand-in.
        name, stand_in, rest = super().resolve_command(ctx, args)
        return name, stand_in and self.load(str(name)), rest

    def load(self, name: str) -> Any:  # noqa: ANN401 - typer's types are private
        """Import a command of the table: a click command, or a click group."""
        entry = self.table[name]
        target = getattr(import_module(entry.module), entry.attribute)
        holder = typer.Typer()
        if isinstance(target, typer.Typer):
            holder.add_typer(target, name=name, help=entry.help)
        else:
            holder.command(name, help=entry.help)(target)
        return get_group(holder).commands[name]


def lazy_app(commands: Mapping[str, LazyCommand], **options: Any) -> typer.Typer:  # noqa: ANN401 - typer's own
    """An application of these commands; ``options`` are those of ``typer.Typer``."""
    group = type("LazyGroup", (LazyGroup,), {"table": commands})
    app = typer.Typer(cls=group, no_args_is_help=True, **options)
    app.callback()(_no_options)  # typer makes a group only where a command or a callback is registered
    return app


def _no_options() -> None:
    pass
