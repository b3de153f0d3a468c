"""The officer's page as HTML, its words, colours and icons, and what the telephone keeps of it."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from support.page_html import Reader, contrast

from core.i18n import LANGS, Lang, catalogue
from maps.pages.officer import field_page
from maps.pages.service_worker import FOLDER, WORKER, manifest, shell_files, worker_script
from maps.parts import icon, palette
from maps.wording.officer import DATUMS, FORM, LAYERS, TABS, WORDS
from reports.workflow.states import OPEN_STATUSES, STATUSES

SCRIPTS = sorted((FOLDER / "zhijie" / "field").glob("*.js"))
CODE = {path.name: path.read_text("utf-8") for path in SCRIPTS}
CSS = (FOLDER / "zhijie" / "field.css").read_text("utf-8")


@pytest.mark.parametrize("lang", LANGS)
def test_the_shell_is_light_same_for_all_and_knows_no_other_host(lang: Lang) -> None:
    html = field_page(lang, OPEN_STATUSES).render()
    assert html == field_page(lang, OPEN_STATUSES).render()
    assert len(html.encode()) < 60_000
    links = Reader(html).values("src", "href")
    assert links
    assert all(link.startswith(("/static/", "/field", "/account")) for link in links)
    for file in (link for link in links if link.startswith("/static/")):
        assert (FOLDER / file.removeprefix("/static/")).is_file(), file


def test_the_policy_lets_our_worker_run_and_no_inline_script_but_one() -> None:
    page = field_page("zh", OPEN_STATUSES)
    html = page.render()
    inline = next(script for script in Reader(html).scripts if "L.map(" in script)
    assert f"'sha256-{b64encode(sha256(inline.encode()).digest()).decode()}'" in page.policy
    assert "worker-src 'self'" in page.policy
    assert "unsafe" not in page.policy


def test_every_sentence_has_its_chinese() -> None:
    tables = (TABS, LAYERS, DATUMS, FORM, WORDS)
    assert [text for table in tables for text in table.values() if text not in catalogue("zh")] == []


def test_scripts_use_exactly_the_words_they_are_given() -> None:
    ours = "".join(CODE.values()) + "".join(
        (FOLDER / "zhijie" / "shared" / f"{name}.js").read_text("utf-8")
        for name in ("areas", "marks", "page", "labels")
    )
    said = set(re.findall(r'\bsay\("([a-z_]+)"', "".join(CODE.values())))
    assert sorted(said - set(WORDS)) == []
    parts = set(re.findall(r"say\(`([a-z]+_)\$", ours))
    loose = {key for key in WORDS if f'"{key}"' not in ours and not key.startswith(tuple(parts))}
    assert sorted(loose) == []
    for code in re.findall(
        r'return \["unknown", "([a-z]+)"\]|doubts\.push\("([a-z_]+)"\)', CODE["offline.js"]
    ):
        assert f"why_{code[0] or code[1]}" in WORDS


def test_scripts_hold_no_sentence_and_read_no_html() -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser"
    for name, text in CODE.items():
        assert not re.search(forbidden, text), name
        chinese = re.findall("[一-鿿]", text)
        assert name == "degrees.js" or not chinese, name  # which reads degrees in all their spellings


def test_scripts_are_small_and_import_what_is_there() -> None:
    for path in SCRIPTS:
        text = path.read_text("utf-8")
        assert len(text.splitlines()) <= 400, path.name
        for target in re.findall(r'(?:from|import) "(\.[^"]+)"', text):
            assert (path.parent / target).resolve().is_file(), f"{path.name} imports {target}"


def test_what_runs_in_the_worker_knows_no_page() -> None:
    wanted, met = ["send.js"], set()
    while wanted:
        name = wanted.pop()
        met.add(name)
        text = CODE[name]
        assert "document" not in text, name
        assert "../" not in text, name
        wanted += [found for found in re.findall(r'from "\./([^"]+)"', text) if found not in met]
    assert met == {"send.js", "api.js", "store.js"}


def test_the_verdict_line_is_read_in_the_sun() -> None:
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", CSS.split("html, body")[0]))
    for effect in (one.code.replace("_", "-") for one in palette.EFFECTS):
        front = colours["on-amber" if effect == "permit-required" else "on-band"]
        assert contrast(front, colours[f"band-{effect}"]) >= 7, effect


def test_the_style_sheet_uses_only_colours_that_exist() -> None:
    known = set(re.findall(r"--([a-z-]+):", palette.css() + CSS))
    assert set(re.findall(r"var\(--([a-z-]+)\)", CSS)) <= known


@pytest.mark.parametrize("size", icon.SIZES)
def test_the_icons_are_what_the_drawing_says(size: int) -> None:
    kept = np.asarray(Image.open(icon.FOLDER / f"icon-{size}.png").convert("RGB"), dtype=int)
    drawn = np.asarray(icon.draw_icon(size), dtype=int)
    assert kept.shape == drawn.shape == (size, size, 3)
    assert np.abs(kept - drawn).max() <= 2


def test_the_manifest_says_what_browsers_ask_for() -> None:
    told = manifest("zh")
    assert told["start_url"].startswith(told["scope"])
    assert {one.get("purpose") for one in told["icons"]} == {None, "maskable"}
    for one in told["icons"]:
        assert (FOLDER / one["src"].removeprefix("/static/")).is_file()


def shell_of(script: str) -> dict[str, object]:
    told: dict[str, object] = json.loads(script.partition("\n")[0].removeprefix("self.shell = ").rstrip(";"))
    return told


def test_the_worker_s_version_changes_with_every_page_and_file(monkeypatch: pytest.MonkeyPatch) -> None:
    pages: dict[Lang, str] = {"zh": "一", "en": "one"}
    first = shell_of(worker_script(pages))
    assert first == shell_of(worker_script(pages))
    assert shell_of(worker_script({**pages, "en": "two"}))["version"] != first["version"]
    before = Path.read_bytes

    def changed(path: Path) -> bytes:
        return before(path) + (b"//" if path.name == "probability.js" else b"")

    monkeypatch.setattr(Path, "read_bytes", changed)
    assert shell_of(worker_script(pages))["version"] != first["version"]


def test_the_worker_keeps_every_script_that_the_page_imports() -> None:
    files = shell_files()
    assert {f"zhijie/field/{name}" for name in CODE if name != WORKER.name} <= set(files)
    assert "zhijie/shared/areas.js" in files
    assert all((FOLDER / name).is_file() for name in files)


def test_doors_say_what_a_worker_may(client: TestClient) -> None:
    answer = client.get("/field/sw.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["service-worker-allowed"] == "/field"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert client.get("/field/manifest.webmanifest").headers["content-type"] == "application/manifest+json"
    page = client.get("/field", params={"lang": "en"})
    assert "worker-src 'self'" in page.headers["content-security-policy"]
    away = client.get("/field", headers={"Authorization": ""}, follow_redirects=False)
    assert (away.status_code, away.headers["location"]) == (303, "/login?next=/field")


def test_my_work_asks_for_the_states_that_the_program_calls_open() -> None:
    html = field_page("en", ("one", "two")).render()
    assert '"open_statuses": ["one", "two"]' in html
    scripts = {path: path.read_text("utf-8") for path in sorted((FOLDER / "zhijie").rglob("*.js"))}
    named = {
        path.name
        for path, code in scripts.items()
        if any(re.search(rf"[\"',]{status}[\"',]", code) for status in STATUSES.keys() - {"new", "done"})
    }
    assert named == set()  # a script that spells out a state has a list of its own
