"""The command centre's HTML and scripts: light, ours alone, and each word where it is used."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from core.i18n import LANGS, Lang, catalogue
from core.settings import ROOT
from maps.pages import command_centre as command
from maps.pages.command_centre import LayerAccuracy, command_page
from maps.parts import command_frame as commandframe
from maps.parts import palette
from maps.wording.command_centre import GLYPHS, LAYERS, OWN, SHARED, WORDS
from store.access import ROLES

STATIC = ROOT / "maps" / "static"
FOLDER = STATIC / "zhijie" / "command"
HOSTILE = """</script><script>alert(1)</script><img src=x onerror=alert(2)>"'&{{ 7 * 7 }}"""


def scripts() -> dict[str, str]:
    return {file.name: file.read_text("utf-8") for file in sorted(FOLDER.rglob("*.js"))}


def imported(file: Path) -> set[Path]:
    """What a script imports, itself and through others."""
    found: set[Path] = set()
    waiting = [file]
    while waiting:
        script = waiting.pop()
        for target in re.findall(r"""(?:from|import) ["'](\.[^"']+)["']""", script.read_text("utf-8")):
            path = (script.parent / target).resolve()
            if path not in found:
                found.add(path)
                waiting.append(path)
    return found


@pytest.mark.parametrize("lang", LANGS)
def test_page_is_light_whatever_there_is_and_knows_no_other_host(lang: Lang) -> None:
    sources = [LayerAccuracy(HOSTILE, official=False, accuracy_m=3000.0)] * 20
    html = command_page(lang, ROLES, sources, (112.0, 35.0, 113.0, 36.0)).render()
    assert len(html.encode()) < 60_000
    assert "//" not in re.sub(r"^\s*//.*$", "", html, flags=re.M)
    assert "<img src=x" not in html
    assert "49" not in re.findall(r'"sources": (.*?)\}\]', html)[0]


def test_every_file_is_there_and_fetched_at_once() -> None:
    html = command_page("zh", ROLES).render()
    links = re.findall(r'(?:src|href)="/static/([^"]+)"', html)
    assert [link for link in links if not (STATIC / link).is_file()] == []
    told = {(STATIC / link).resolve() for link in re.findall(r'modulepreload" href="/static/([^"]+)"', html)}
    assert told == imported(FOLDER / "main.js") | {(FOLDER / "main.js").resolve()}


def test_the_base_map_needs_a_key() -> None:
    assert "tianditu" not in command_page("zh", ROLES).render()
    page = command_page("zh", ROLES, tianditu_key="0123abc")
    assert "tk=0123abc" in page.render()
    assert "tianditu.gov.cn" in page.policy


def test_scripts_name_no_host_read_no_html_and_hold_no_chinese() -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser"
    for name, text in scripts().items():
        assert not re.search(r"https?://", text.replace("http://www.w3.org/2000/svg", "")), name
        assert not re.search(forbidden, text), name
        assert not re.search(r"[一-鿿]|\\u[4-9]", text), name


def test_scripts_are_told_exactly_the_words_they_say() -> None:
    shared = [path for path in imported(FOLDER / "main.js") if path.parent.name == "shared"]
    text = "".join(scripts().values()) + "".join(path.read_text("utf-8") for path in shared)
    said = set(re.findall(r'\bsay\("([a-z_]+)"', text))
    assert sorted(said - set(WORDS)) == []
    used = set(re.findall(r'"([a-z][a-z_]+)"', text)) | {
        f"{what}_{state}"
        for what, states in {
            "stream": ("waiting", "live", "stale", "out"),
            "theme": ("auto", "day", "night"),
        }.items()
        for state in states
    }
    assert sorted(set(WORDS) - used) == []
    assert len(WORDS) == len(SHARED) + len(OWN)


def test_every_sentence_has_its_chinese() -> None:
    tables = (WORDS, LAYERS, GLYPHS, commandframe._TEXTS, commandframe._SWITCHES, commandframe._KEYS)
    tools = [word for word, title, _, _ in commandframe._TOOLS.values() for word in (word, title)]
    keys = [*tools, command.TITLE, *(message for table in tables for message in table.values())]
    assert [key for key in keys if key not in catalogue("zh")] == []


def test_the_style_sheet_uses_only_colours_that_exist() -> None:
    sheet = (STATIC / "zhijie" / "command.css").read_text("utf-8")
    known = set(re.findall(r"--([a-z-]+):", palette.css() + sheet))
    assert set(re.findall(r"var\(--([a-z-]+)\)", sheet)) <= known
    assert not re.search(r"https?://", sheet)


def test_day_and_night_are_told_apart_for_canvases_too() -> None:
    names = re.findall(r'"([a-z-]+)"', re.search(r"NAMES = \[(.*?)\]", scripts()["colours.js"], re.S)[1])  # type: ignore[index]
    assert set(names) <= set(re.findall(r"--([a-z-]+):", palette.css()))
    assert palette.DAY.keys() == palette.NIGHT.keys()


def test_the_door_opens_on_the_area_of_who_looks(client: TestClient) -> None:
    answer = client.get("/command")
    assert answer.status_code == 200
    told = json.loads(re.findall(r'id="zhijie-page">(.*?)</script>', answer.text, re.S)[0])
    assert told["home"][0] < 112.5 < told["home"][2]
    assert {source["accuracy_m"] for source in told["sources"]} >= {200.0, 3000.0}
    assert "fullscreen=(self)" in answer.headers["permissions-policy"]
    assert "microphone=()" in answer.headers["permissions-policy"]
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_who_is_not_signed_in_is_led_to_the_door_and_back(client: TestClient) -> None:
    answer = client.get("/command?unit=140522&lang=en", headers={"Authorization": ""}, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?lang=en&next=%2Fcommand%3Funit%3D140522%26lang%3Den"
