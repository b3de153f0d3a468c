"""The house holds: rooms, the import rule, where ST_* may be spelled, how large things may grow."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
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
