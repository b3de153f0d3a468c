"""Commands import what they need: `zhijie --help` neither numba nor the API, light commands no kernel."""

from __future__ import annotations

import pytest
import typer
from support.program import run_python
from typer.main import get_command
from typer.testing import CliRunner

import cli
from cli.lazy import LazyGroup
from cli.main import COMMANDS, app

COMPILED = {"numba", "geopandas", "pandas"}
HEAVY = {*COMPILED, "fastapi", "sqlalchemy", "pydantic_settings", "shapely", "numpy", "pyarrow", "matplotlib"}
PROBE = """
import sys
sys.argv = ["zhijie", *sys.argv[1:]]
from cli.main import main
try:
    main()
finally:
    print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def imported(*arguments: str) -> set[str]:
    """The top-level modules that a run of the program has imported."""
    done = run_python(PROBE, *arguments, ZHIJIE_DATABASE_URL="postgresql://x@127.0.0.1:9/none")
    return set(done.stderr.splitlines()[-1].split())


def test_help_imports_nothing_that_is_slow() -> None:
    assert imported("--help") & HEAVY == set()


@pytest.mark.parametrize("group", ["datum", "db", "journal", "law", "verdict"])
def test_the_help_of_a_group_imports_nothing_that_is_slow(group: str) -> None:
    assert imported(group, "--help") & HEAVY == set()


@pytest.mark.parametrize(
    ("arguments", "without"),
    [
        (["datum", "convert", "--lon", "112.85", "--lat", "35.49"], {*COMPILED, "sqlalchemy", "fastapi"}),
        (["db", "status"], {*COMPILED, "shapely", "numpy", "fsspec", "fastapi"}),
        (["user", "list"], {*COMPILED, "pyarrow", "scipy", "fastapi"}),
        (["law", "term", "service", "--from", "2024-05-06"], {*COMPILED, "pyarrow", "openpyxl", "fastapi"}),
        (["journal", "head"], {*COMPILED, "shapely", "numpy", "fastapi"}),
        (["remote", "check", "--category", "other", "--server", "x"], {*COMPILED, "sqlalchemy", "fastapi"}),
        (["check", "--category", "other", "--lon", "1", "--lat", "1"], {"geopandas", "pandas", "fastapi"}),
        (["report", "--category", "other", "--lon", "1", "--lat", "1"], {"geopandas", "pandas", "fastapi"}),
    ],
)
def test_a_command_imports_what_it_needs(arguments: list[str], without: set[str]) -> None:
    assert imported(*arguments) & without == set()


def groups(group: LazyGroup) -> list[LazyGroup]:
    """A lazy group and the lazy groups in it."""
    inner = [group.load(name) for name in group.table]
    return [group, *(one for child in inner if isinstance(child, LazyGroup) for one in groups(child))]


def test_every_entry_of_the_tables_can_be_imported_and_has_its_help() -> None:
    root = get_command(app)
    assert isinstance(root, LazyGroup)
    found = groups(root)
    assert {group.name for group in found[1:]} == {"datum", "db", "journal", "law", "verdict"}
    for group in found:
        for name, entry in group.table.items():
            assert (group.load(name).name, group.load(name).help) == (name, entry.help)


def test_a_wrong_name_is_answered_with_the_nearest() -> None:
    for arguments, meant in ((["chek"], "'check'"), (["law", "trem"], "'term'")):
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 2
        assert f"Did you mean {meant}" in done.output


@pytest.mark.parametrize(
    ("words", "expected"),
    [("zhijie la", "law"), ("zhijie law te", "term"), ("zhijie law term --ext", "--extend")],
)
def test_the_shell_completes_names_and_options(words: str, expected: str) -> None:
    count = str(len(words.split()) - 1)
    env = {"_ZHIJIE_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": count}
    done = CliRunner().invoke(app, env=env, prog_name="zhijie")
    assert done.output.split() == [expected]


def test_the_room_exports_the_application() -> None:
    assert cli.app is app
    assert isinstance(app, typer.Typer)
    assert set(COMMANDS) >= {"check", "serve", "law"}
    with pytest.raises(AttributeError, match="nonsense"):
        _ = cli.nonsense
