"""The documents are true: commands, settings, doors and files that they name exist, and the reverse."""

from __future__ import annotations

import re

import pytest
from typer.main import get_command

from api.app import create_app
from cli.main import app
from core.settings import ROOT, Settings

pytestmark = pytest.mark.docs
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
HOUSE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
DOCUMENTS = {"README.md": README, "README.zh-CN.md": CHINESE, "ARCHITECTURE.md": HOUSE}


def test_every_setting_is_in_the_readme_with_its_default() -> None:
    for name, field in Settings.model_fields.items():
        variable = f"ZHIJIE_{name.upper()}"
        assert f"`{variable}`" in README, variable
        if isinstance(field.default, int | float) and not isinstance(field.default, bool):
            row = next(line for line in README.splitlines() if f"`{variable}`" in line)
            assert f"{field.default:g}" in row.replace("0.60", "0.6") or str(field.default) in row, row


def test_every_command_is_in_the_readme() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    for name in commands:
        assert re.search(rf"zhijie [a-z|]*\b{name}\b|\| zhijie {name}\b", README), name
    for name in commands["db"].commands:
        assert name in README
    for name in commands["demo"].commands:
        for text in (README, CHINESE):
            assert f"zhijie demo {name}" in text


def test_every_door_is_in_the_readme() -> None:
    for path in create_app(Settings()).openapi()["paths"]:
        assert path in README, path


def test_make_targets_that_are_named_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = {name for text in DOCUMENTS.values() for name in re.findall(r"(?:`|^)make ([a-z-]+)", text, re.M)}
    assert named <= targets


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_and_pictures_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", DOCUMENTS[name]):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target


def test_every_room_and_file_of_the_house_exists_and_is_named() -> None:
    table = HOUSE[HOUSE.index("| file | reason") : HOUSE.index("## Store")]
    for line in table.splitlines()[2:]:
        room = ""
        for name in re.findall(r"`([^`]+)`", line):
            room = name.partition("/")[0] if "/" in name.rstrip("/") else room
            path = ROOT / name if name.startswith(f"{room}/") else ROOT / room / name
            assert path.exists(), path
    for path in [*ROOT.glob("geo/*.py"), *ROOT.glob("cases/*.py"), *ROOT.glob("layers/*.py")]:
        if path.name not in ("__init__.py", "errors.py", "settings.py", "codes.py"):
            assert path.name in table, path


def test_both_readmes_say_the_two_commands_and_show_the_picture_in_the_first_screen() -> None:
    for text in (README, CHINESE):
        first = "\n".join(text.splitlines()[:22])
        for needed in ("make demo", "make test", "docs/images/map.png"):
            assert needed in first


def test_the_changelog_has_an_unreleased_part() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_project_names_no_registry_and_no_path_of_a_machine() -> None:
    tracked = [
        path
        for path in ROOT.rglob("*")
        if path.suffix in {".py", ".md", ".toml", ".yaml", ".json", ".sh", ".lock"}
    ]
    skipped = {".venv", "node_modules", "vendor", ".git", ".zhijie"}
    hosts = re.compile(r"pypi\.org|pythonhosted|npmjs\.|registry\.npm|deb\.debian|/work/main|/root/")
    guilty = [
        path.relative_to(ROOT).as_posix()
        for path in tracked
        if not skipped & set(path.relative_to(ROOT).parts)
        and path.name != "test_docs.py"
        and hosts.search(path.read_text(encoding="utf-8"))
    ]
    assert guilty == []
