"""The documents are true: commands, settings, endpoints and files that they name exist, and the reverse."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.settings import ROOT
from tools.catalogue import ROOMS
from tools.reference_docs import PAGES

pytestmark = pytest.mark.docs
WRITTEN = ("README.md", "README.zh-CN.md", "ARCHITECTURE.md", "CONTRIBUTING.md")
DOCUMENTS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (*(ROOT / name for name in WRITTEN), *sorted((ROOT / "docs").glob("*.md")))
}
MAX_LINES = 120


@pytest.mark.parametrize("name", PAGES)
def test_reference_pages_are_those_made_from_the_code(name: str) -> None:
    assert DOCUMENTS[f"docs/{name}"] == PAGES[name](), "run `make docs`"


@pytest.mark.parametrize("name", WRITTEN)
def test_documents_stay_short(name: str) -> None:
    assert len(DOCUMENTS[name].splitlines()) <= MAX_LINES


def test_commands_that_are_named_exist() -> None:
    known = set(re.findall(r"^## `zhijie ([a-z -]+)`", DOCUMENTS["docs/commands.md"], re.M))
    words = known | {name.partition(" ")[0] for name in known}
    for document, text in DOCUMENTS.items():
        for named in re.findall(r"(?:^|`)zhijie ((?:[a-z]+ ?)+)", text, re.M):
            first, _, rest = named.strip().partition(" ")
            assert first in words, (document, named)
            second = rest.partition(" ")[0]
            groups = {name.partition(" ")[0] for name in known if " " in name}
            if second and first in groups and first not in known:
                assert f"{first} {second}" in known, (document, named)


def test_settings_that_are_named_exist() -> None:
    known = set(re.findall(r"`(ZHIJIE_[A-Z0-9_]+)`", DOCUMENTS["docs/settings.md"]))
    known |= {"ZHIJIE_KEY", "ZHIJIE_SERVER"}
    for document, text in DOCUMENTS.items():
        assert set(re.findall(r"\bZHIJIE_[A-Z0-9_]+\b", text)) <= known, document


def test_make_targets_that_are_named_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    for document, text in DOCUMENTS.items():
        assert set(re.findall(r"(?:`|^)make ([a-z-]+)", text, re.M)) <= targets, document


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_and_pictures_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", DOCUMENTS[name]):
        if not target.startswith("http"):
            assert (ROOT / name).parent.joinpath(target).exists(), target


@pytest.mark.parametrize("name", DOCUMENTS)
def test_files_of_the_rooms_that_are_named_exist(name: str) -> None:
    rooms = "|".join((*ROOMS, "tests", "data", "docs", "tools"))
    for named in re.findall(rf"(?<![\w./-])((?:{rooms})/[\w./-]*\w)", DOCUMENTS[name]):
        assert (ROOT / named).exists(), named


def test_every_room_is_in_the_table_of_rooms() -> None:
    for room in ROOMS:
        assert f"| `{room}/` |" in DOCUMENTS["ARCHITECTURE.md"], room


def test_both_readmes_show_the_two_commands_and_the_picture_in_the_first_screen() -> None:
    for name in WRITTEN[:2]:
        first = "\n".join(DOCUMENTS[name].splitlines()[:22])
        for needed in ("make demo", "make test", "docs/images/map.png"):
            assert needed in first


def test_the_changelog_has_an_unreleased_part() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_project_names_no_registry_and_no_path_of_a_machine() -> None:
    hosts = re.compile(r"pypi\.org|pythonhosted|npmjs\.|registry\.npm|deb\.debian|/work/main|/root/")
    guilty = [
        path.relative_to(ROOT).as_posix()
        for path in _text_files()
        if path.name != "test_docs.py" and hosts.search(path.read_text(encoding="utf-8"))
    ]
    assert guilty == []


def _text_files() -> list[Path]:
    kinds = {".py", ".md", ".toml", ".yaml", ".json", ".sh", ".lock"}
    skipped = {".venv", "node_modules", "vendor", ".git", ".zhijie"}
    return [
        path
        for path in ROOT.rglob("*")
        if path.suffix in kinds and not skipped & set(path.relative_to(ROOT).parts)
    ]
