"""Rooms give their names on first use, and importing a room loads none of its modules."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from core.settings import ROOT

# the rooms that list their names in __all__ and load them lazily
ROOMS = sorted(
    path.parent.name for path in ROOT.glob("*/__init__.py") if "lazy_exports(" in path.read_text("utf-8")
)


def _imports_for_types(path: Path) -> dict[str, str]:
    """Name → module, as a room's ``__init__`` imports them under TYPE_CHECKING."""
    tree = ast.parse(path.read_text("utf-8"))
    guarded = [node for node in tree.body if isinstance(node, ast.If)]
    return {
        alias.name: node.module or ""
        for block in guarded
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@pytest.mark.parametrize("room", ROOMS)
def test_types_and_values_come_from_the_same_modules(room: str) -> None:
    package = import_module(room)
    typed = _imports_for_types(ROOT / room / "__init__.py")
    assert list(package.__all__) == sorted(package.__all__)
    assert typed.keys() == set(package.__all__) <= set(dir(package))
    for name, module in typed.items():
        assert getattr(package, name) is getattr(import_module(module), name)
        assert name in vars(package)


@pytest.mark.parametrize("room", ROOMS)
def test_importing_a_room_loads_none_of_its_modules(room: str) -> None:
    code = f"import sys, {room}; print(*(name for name in sys.modules if name.startswith('{room}.')))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    expected = {"core.lazy"} if room == "core" else set()
    assert set(run.stdout.split()) == expected


def test_other_names_are_missing() -> None:
    geo = import_module("geo")
    with pytest.raises(AttributeError, match="module 'geo' has no attribute 'nothing'"):
        _ = geo.nothing
