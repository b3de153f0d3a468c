"""How tests are run: a room alone, and what a test of pure code waits for."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from core.settings import ROOT

HEAVY = {"fastapi", "geopandas", "matplotlib", "numba", "pandas", "playwright", "rasterio"}
COLLECT = """
import sys
import pytest
code = pytest.main(["--collect-only", "-p", "no:cacheprovider", sys.argv[1]])
print("imported:", *sorted(set(sys.argv[2:]) & set(sys.modules)))
sys.exit(code)
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("tests/law/test_rules.py", set()),
        ("tests/geo/place/test_location.py", set()),
        ("tests/verdict/test_parts.py", {"numba"}),  # the index, which facts are looked up in
    ],
)
def test_a_unit_test_waits_for_no_import_that_it_does_not_need(path: str, allowed: set[str]) -> None:
    command = [sys.executable, "-c", COLLECT, path, *HEAVY - allowed]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "imported:"


def make_test(room: str) -> subprocess.CompletedProcess[str]:
    """``make -n test`` of a room: what it would run."""
    env = os.environ | {"MAKEFLAGS": "", "MAKELEVEL": "0"}
    command = ["make", "-n", "test", f"ROOM={room}"]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_a_room_of_pure_code_is_tested_without_postgis_and_browser() -> None:
    commands = make_test("geo").stdout
    assert commands.rstrip().endswith(" tests/geo")
    assert "setup.sh python" in commands
    assert "postgis" not in commands
    assert "browser" not in commands
    assert "setup.sh postgis" in make_test("api").stdout


def test_an_unknown_room_is_answered_with_those_there_are() -> None:
    run = make_test("attic")
    assert (run.returncode, run.stdout) == (2, "")
    (line,) = run.stderr.splitlines()
    assert "attic" in line
    rooms = {path.parent.relative_to(ROOT / "tests").parts[0] for path in (ROOT / "tests").rglob("test_*.py")}
    assert rooms <= set(line.replace(".", " ").split())
