"""The house holds: rooms, the import rule, where ST_* may be spelled, how large things may grow."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from core.settings import ROOT
from tools.catalogue import ROOMS

FILES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
MIGRATIONS = ROOT / "store" / "migrations"
pytestmark = pytest.mark.docs


def test_imports_run_downward_only() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_folders_that_were_asked_for_stand() -> None:
    asked = (
        "geo",
        "api",
        "layers",
        "data/boundaries",
        "data/protected_areas",
        "maps",
        "tests",
        "pyproject.toml",
    )
    assert [name for name in asked if not (ROOT / name).exists()] == []


def test_only_store_and_facts_spell_spatial_functions() -> None:
    strangers = [
        path.relative_to(ROOT).as_posix()
        for path in FILES
        if path.parts[len(ROOT.parts)] not in ("store", "facts")
        and re.search(r"\bST_[A-Z]", path.read_text(encoding="utf-8"))
    ]
    assert strangers == []


def test_no_file_is_too_large_and_no_function_too_long() -> None:
    large = [path.name for path in FILES if len(path.read_text(encoding="utf-8").splitlines()) > 400]
    long = [
        f"{path.name}:{node.name}"
        for path in FILES
        if MIGRATIONS not in path.parents
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > 60
    ]
    assert (large, long) == ([], [])


def test_nothing_is_built_at_import() -> None:
    probe = "import api.app, cli.main, store.engine; import sqlalchemy; print('imported')"
    env = {"PATH": "/usr/bin:/bin", "ZHIJIE_DATABASE_URL": "not-an-address"}
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.stdout == "imported\n", done.stderr


# core's modules are themselves its interface; compiled loops may only be inlined from their own module
DIRECT = ("core", "geo.index.kernel")


def _deep_imports(path: Path) -> list[str]:
    """Imports of a file from another room that do not name a package and a name in its ``__all__``."""
    room = path.relative_to(ROOT).parts[0]
    imports = [
        (node.module or "", alias.name)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    return [
        f"{path.relative_to(ROOT).as_posix()}: {module}.{name}"
        for module, name in imports
        if module.partition(".")[0] in {*ROOMS} - {room}
        and not f"{module}.".startswith(tuple(f"{prefix}." for prefix in DIRECT))
        and name not in _interface(module)
    ]


@cache
def _interface(module: str) -> frozenset[str]:
    """The names in a package's ``__all__``; none of a module that is no package."""
    source = ROOT / module.replace(".", "/") / "__init__.py"
    if not source.exists():
        return frozenset()
    return frozenset(
        name
        for node in ast.parse(source.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        for name in ast.literal_eval(node.value)
    )


def test_rooms_use_each_other_through_their_interfaces() -> None:
    assert [deep for path in FILES for deep in _deep_imports(path)] == []


def test_every_exported_name_is_used_by_another_room() -> None:
    used = {
        (node.module, alias.name)
        for folder in (*ROOMS, "tests", "benchmarks", "tools")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    packages = {".".join(path.relative_to(ROOT).parts[:-1]) for path in FILES if path.name == "__init__.py"}
    assert [f"{p}.{n}" for p in sorted(packages) for n in sorted(_interface(p)) if (p, n) not in used] == []
