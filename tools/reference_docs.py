"""Write the reference pages of docs/ from the code: `python tools/reference_docs.py` (`make docs`).

``docs/commands.md`` comes from the command line's options, ``docs/settings.md`` from ``core.settings``,
``docs/api.md`` from the OpenAPI document and the table of roles in ``docs/access.md``. A test compares the
files with what this writes, so edit the code, not the pages.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from typer.main import get_command  # noqa: E402

from api.app import create_app  # noqa: E402
from cli import app  # noqa: E402
from core.settings import Settings  # noqa: E402

DOCS: Final = ROOT / "docs"
MADE: Final = "<!-- Written by `make docs` from the code. Edit the code, not this page. -->"
COMMANDS_INTRO: Final = """\
`zhijie` is `.venv/bin/zhijie` after `make setup`. An error that the user can fix is one line on standard
error and status 2; commands with other statuses say so. `ZHIJIE_LANG=en` prints English."""
SETTINGS_INTRO: Final = """\
Environment variables, read once when the program starts; all have defaults. `zhijie remote` also reads
`ZHIJIE_SERVER` and `ZHIJIE_KEY` ([commands](commands.md))."""
API_INTRO: Final = """\
A request carries an API key (`Authorization: Bearer …`, made by `zhijie user key` or on `/account`) or the
cookie of a session (`POST /api/session`). [access.md](access.md) says what each role may do where. Errors are
problem documents (RFC 9457, `application/problem+json`) with the members `field` (what is wrong) and `hint`
(what helps); `mend` repeats `hint` for one version. Schemas and examples: `/docs` and `/openapi.json` of a
running server."""
ROLE_WORDS: Final = {
    "all": "{roles}",
    "own": "{roles}: own area",
    "mine": "{roles}: own reports",
    "in hand": "{roles}: reports assigned to them",
}


def commands_page() -> str:
    """docs/commands.md: every command with its arguments and options."""
    parts = [
        "# Commands",
        MADE,
        COMMANDS_INTRO,
    ]
    for name, command in _commands(get_command(app), "zhijie"):
        parts.append(f"## `{name}`\n\n{_usage(name, command)}\n\n{inspect.cleandoc(command.help or '')}")
        rows = [row for parameter in command.params if (row := _parameter(parameter))]
        if rows:
            parts.append(_table(("option", "meaning", "default"), rows))
    return "\n\n".join(parts) + "\n"


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - typer's types are private
    """Each command with the words that call it; a group that runs by itself is a command too."""
    if not hasattr(command, "commands"):
        yield name, command
        return
    if command.invoke_without_command:
        yield name, command
    for child in command.commands:
        found = command.load(child) if hasattr(command, "load") else command.commands[child]
        yield from _commands(found, f"{name} {child}")


def _usage(name: str, command: Any) -> str:  # noqa: ANN401
    arguments = [_metavar(one) for one in command.params if one.param_type_name == "argument"]
    return (
        f"`{' '.join([name, *arguments])} [OPTIONS]`"
        if _options(command)
        else f"`{' '.join([name, *arguments])}`"
    )


def _options(command: Any) -> list[Any]:  # noqa: ANN401
    return [one for one in command.params if one.param_type_name == "option" and "--help" not in one.opts]


def _metavar(argument: Any) -> str:  # noqa: ANN401
    return str(argument.name.upper()) if argument.required else f"[{argument.name.upper()}]"


def _parameter(one: Any) -> tuple[str, ...] | None:  # noqa: ANN401
    """The row of an argument or an option; None for --help."""
    if "--help" in one.opts:
        return None
    spelling = (
        _metavar(one)
        if one.param_type_name == "argument"
        else ", ".join(f"`{opt}`" for opt in (*one.opts, *one.secondary_opts))
    )
    variable = f" (or `{one.envvar}`)" if one.envvar else ""
    return spelling, f"{one.help or ''}{variable}", _default(one)


def _default(one: Any) -> str:  # noqa: ANN401
    if one.required:
        return "required"
    if one.default is None or one.default is False or one.default == "":
        return ""
    return f"`{one.opts[0] if one.default is True else one.default}`"


def settings_page() -> str:
    """docs/settings.md: every environment variable with its meaning and its default."""
    rows = [
        (f"`ZHIJIE_{name.upper()}`", _sentence(field.description or ""), _setting_default(field.default))
        for name, field in Settings.model_fields.items()
    ]
    return "\n\n".join(
        (
            "# Settings",
            MADE,
            SETTINGS_INTRO,
            _table(("variable", "meaning", "default"), rows) + "\n",
        )
    )


def _setting_default(value: object) -> str:
    if value in (None, ""):
        return "–"
    if isinstance(value, Path):
        return f"`{value.relative_to(ROOT)}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def api_page() -> str:
    """docs/api.md: every endpoint with its first sentence and the roles that may call it."""
    roles = access_table()
    rows = [
        (f"`{method.upper()}`", f"`{path}`", _summary(operation), roles[f"{method.upper()} {path}"])
        for path, operations in create_app(Settings(database_url="postgresql://unused/unused"))
        .openapi()["paths"]
        .items()
        for method, operation in operations.items()
    ]
    return "\n\n".join(
        (
            "# HTTP API",
            MADE,
            API_INTRO,
            _table(("method", "path", "what it does", "who may"), rows) + "\n",
        )
    )


def access_table() -> dict[str, str]:
    """Endpoint → who may call it, in words, from the table of docs/access.md."""
    lines = [
        line for line in (DOCS / "access.md").read_text(encoding="utf-8").splitlines() if line[:1] == "|"
    ]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    heads = next(row for row in cells if "grid_worker" in row)
    return {
        row[0].strip("`"): _who(dict(zip(heads[1:], row[1:], strict=True)))
        for row in cells
        if len(row) == len(heads) and row[0].startswith("`")
    }


def _who(cells: dict[str, str]) -> str:
    """Roles with the same cell together: "officer, command: own area; grid_worker: own reports"."""
    if cells["nobody"] == "all":
        return "everybody, without signing in"
    roles = {role: cell for role, cell in cells.items() if role != "nobody" and cell in ROLE_WORDS}
    if len(roles) == len(cells) - 1 and set(roles.values()) == {"all"}:
        return "every role"
    return "; ".join(
        words.format(roles=", ".join(role for role, cell in roles.items() if cell == kind))
        for kind, words in ROLE_WORDS.items()
        if kind in roles.values()
    )


def _summary(operation: dict[str, Any]) -> str:
    """The first paragraph of an endpoint's description, on one line."""
    first = inspect.cleandoc(operation.get("description") or operation["summary"]).split("\n\n")[0]
    return re.sub(r"\s+", " ", first).replace("``", "`")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


PAGES: Final[dict[str, Callable[[], str]]] = {
    "commands.md": commands_page,
    "settings.md": settings_page,
    "api.md": api_page,
}


def main() -> None:
    """Write the pages."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
        print(f"docs/{name}")


if __name__ == "__main__":
    main()
