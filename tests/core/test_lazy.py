"""Packages load the names of their interface on first use; importing a package loads none of its modules."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from core.settings import ROOT
from tools.catalogue import ROOMS

# the packages that list their interface in __all__ and load it lazily
PACKAGES = sorted(
    path.parent.relative_to(ROOT).as_posix().replace("/", ".")
    for room in ROOMS
    for path in (ROOT / room).rglob("__init__.py")
    if "lazy_exports(" in path.read_text("utf-8")
)
# packages without an interface of their own that lie on the way to one with an interface
PARENTS = {name.rpartition(".")[0] for name in PACKAGES if "." in name}


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


@pytest.mark.parametrize("name", PACKAGES)
def test_types_and_values_come_from_the_same_modules(name: str) -> None:
    package = import_module(name)
    typed = _imports_for_types(ROOT / name.replace(".", "/") / "__init__.py")
    assert list(package.__all__) == sorted(package.__all__)
    assert typed.keys() == set(package.__all__) <= set(dir(package))
    for export, module in typed.items():
        assert getattr(package, export) is getattr(import_module(module), export)
        assert export in vars(package)


def test_importing_a_package_loads_none_of_its_modules() -> None:
    rooms = {name.partition(".")[0] for name in PACKAGES}
    ours = f"n.partition('.')[0] in {rooms}"
    code = f"import sys, {', '.join(PACKAGES)}; print(*(n for n in sys.modules if {ours}))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(run.stdout.split()) == {*PACKAGES, *rooms, *PARENTS}


def test_other_names_are_missing() -> None:
    geo = import_module("geo")
    with pytest.raises(AttributeError, match="module 'geo' has no attribute 'nothing'"):
        _ = geo.nothing
