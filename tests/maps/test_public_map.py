"""The map page's HTML: Folium's own map, our own server only, every value escaped."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256

import folium
import pytest
from support.page_html import Reader, contrast

from core.i18n import LANGS, Lang, catalogue
from core.settings import ROOT
from maps.pages.public_map import map_page
from maps.parts import palette, tianditu
from maps.parts.elements import Island, OwnLayer, OwnMap, Page
from maps.wording.public_map import LAYERS, WORDS

STATIC = ROOT / "maps" / "static"
OURS = STATIC / "zhijie"
SCRIPTS = sorted([*OURS.glob("*.js"), *OURS.glob("map/*.js"), *OURS.glob("shared/*.js")])
HOSTILE = """</script><script>alert(1)</script><img src=x onerror=alert(2)>"'&{{ 7 * 7 }}{% raw %}"""


def island(html: str) -> dict[str, object]:
    """The page's data block as its scripts read it."""
    found = re.search(r'<script type="application/json" id="zhijie-page">(.*?)</script>', html, re.S)
    assert found
    data: dict[str, object] = json.loads(found[1])
    return data


@pytest.mark.parametrize("lang", LANGS)
def test_page_is_light_and_knows_no_other_host(lang: Lang) -> None:
    html = map_page(lang, data_as_of="2022-08-21").render()
    assert len(html.encode()) < 60_000
    assert "//" not in re.sub(r"^\s*//.*$", "", html, flags=re.M)
    links = Reader(html).values("src", "href")
    assert links
    assert all(link.startswith(("/static/", "?lang=", "/account")) for link in links)


def test_linked_files_are_in_the_project() -> None:
    links = Reader(map_page("zh").render()).values("src", "href")
    ours = [link.removeprefix("/static/") for link in links if link.startswith("/static/zhijie/")]
    assert "zhijie/map/main.js" in ours
    assert [link for link in ours if not (STATIC / link).is_file()] == []


def test_scripts_import_only_files_of_ours_that_exist() -> None:
    for script in SCRIPTS:
        for target in re.findall(r'(?:from|import) "([^"]+)"', script.read_text("utf-8")):
            assert (script.parent / target).resolve().is_file(), f"{script.name} imports {target}"


def test_no_script_style_or_picture_names_a_host() -> None:
    for file in (one for one in (STATIC / "zhijie").rglob("*") if one.suffix in {".js", ".css", ".svg"}):
        text = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://", text), file.name


def test_scripts_never_read_html() -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser"
    for script in SCRIPTS:
        assert not re.search(forbidden, script.read_text("utf-8")), script.name


def test_folium_draws_the_map() -> None:
    assert issubclass(OwnMap, folium.Map)
    html = map_page("zh").render()
    assert "var map_zhijie = L.map(" in html
    assert "L.control.layers(" in html
    for key in LAYERS:
        assert f"var layer_{key} = L.featureGroup(" in html


def test_the_grid_is_off_at_first() -> None:
    html = map_page("zh").render()
    assert "layer_townships.addTo(map_zhijie)" in html
    assert "layer_grid.addTo(map_zhijie)" not in html


def test_policy_lets_only_the_page_s_own_inline_script_run() -> None:
    html = map_page("zh").render()
    reader = Reader(html)
    policy = next(attrs["content"] for tag, attrs in reader.tags if attrs.get("http-equiv"))
    assert policy is not None
    inline = next(script for script in reader.scripts if "L.map(" in script)
    assert f"'sha256-{b64encode(sha256(inline.encode()).digest()).decode()}'" in policy
    assert "unsafe" not in policy
    assert not [attrs for _, attrs in reader.tags for name in attrs if name.startswith("on")]
    assert not [attrs for _, attrs in reader.tags if "style" in attrs]


def test_hostile_date_is_text() -> None:
    reader = Reader(map_page("zh", data_as_of=HOSTILE).render())
    assert HOSTILE in reader.text
    assert "49" not in reader.text
    assert len(reader.scripts) == len(Reader(map_page("zh").render()).scripts)
    assert not [attrs for tag, attrs in reader.tags if attrs.get("src") == "x"]


def test_island_cannot_be_left() -> None:
    page = Page("zh", "t")
    page.html.add_child(Island({"words": {"a": HOSTILE}}))
    html = page.render()
    assert island(html) == {"words": {"a": HOSTILE}}
    assert html.count("</script>") == 2
    assert "<img" not in html


def test_hostile_key_of_the_base_map_stays_inside_its_url() -> None:
    html = map_page("zh", tianditu_key=HOSTILE).render()
    reader = Reader(html)
    assert len(reader.scripts) == len(Reader(map_page("zh", tianditu_key="k").render()).scripts)
    assert "49" not in "".join(re.findall(r"tk=([^\"]*)", html))
    assert "tk=%3C%2Fscript%3E" in html


def test_title_is_escaped() -> None:
    page = Page("en", HOSTILE)
    assert "<title>&lt;/script&gt;" in page.render()


def test_base_map_only_with_a_key() -> None:
    assert "tianditu" not in map_page("zh").render()
    html = map_page("zh", tianditu_key="0123abc").render()
    hosts = {match.split("/")[2] for match in re.findall(r"https?://[^\s;\"']+", html)}
    assert hosts == {"t{s}.tianditu.gov.cn", "*.tianditu.gov.cn"}
    assert "tk=0123abc" in html


def test_tile_url_is_the_national_service_s_form() -> None:
    url = tianditu.tile_url("vec", "k y")
    assert url.startswith("https://t{s}.tianditu.gov.cn/vec_w/wmts?SERVICE=WMTS&REQUEST=GetTile")
    assert url.endswith("&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=k%20y")


@pytest.mark.parametrize(("lang", "tag", "other"), [("zh", "zh-CN", "?lang=en"), ("en", "en", "?lang=zh")])
def test_language_of_the_page(lang: Lang, tag: str, other: str) -> None:
    html = map_page(lang).render()
    reader = Reader(html)
    assert reader.tags[0] == ("html", {"lang": tag})
    assert other in reader.values("href")
    assert island(html)["lang"] == lang


def test_every_sentence_has_its_chinese() -> None:
    keys = [*WORDS.values(), *LAYERS.values(), *(row.word for row in palette.EFFECTS + palette.CERTAINTIES)]
    assert [key for key in keys if key not in catalogue("zh")] == []


def test_scripts_use_exactly_the_words_they_are_given() -> None:
    code = "".join(script.read_text("utf-8") for script in SCRIPTS)
    used = set(re.findall(r'"([a-z][a-z_]+)"', code))
    assert sorted(set(WORDS) - used) == []
    said = set(re.findall(r'\bsay\("([a-z_]+)"', code))
    assert sorted(said - set(WORDS)) == []


def test_scripts_hold_no_chinese() -> None:
    for script in SCRIPTS:
        assert not re.search(r"[一-鿿]", script.read_text("utf-8")), script.name


def test_the_same_page_is_the_same_bytes() -> None:
    assert map_page("zh").render() == map_page("zh").render()
    assert OwnLayer("a", "A").get_name() == "layer_a"


def test_palette_css_is_what_the_palette_says() -> None:
    assert (STATIC / "zhijie" / "palette.css").read_text("utf-8") == palette.css()


def test_style_sheets_use_only_colours_that_exist() -> None:
    known = set(re.findall(r"--([a-z-]+):", palette.css()))
    for sheet in ("page.css", "map.css"):
        used = set(re.findall(r"var\(--([a-z-]+)\)", (STATIC / "zhijie" / sheet).read_text("utf-8")))
        assert used <= known, sheet


@pytest.mark.parametrize("colours", [palette.DAY, palette.NIGHT], ids=["day", "night"])
@pytest.mark.parametrize(
    ("front", "backs"),
    [
        ("ink", ("panel", "land", "ground")),
        ("muted", ("panel",)),
        ("name", ("land", "ground")),
        ("zone", ("land", "ground")),
        ("link", ("panel",)),
        ("alert", ("panel",)),
        ("panel", ("found",)),
    ],
)
def test_text_has_contrast_aa(colours: dict[str, str], front: str, backs: tuple[str, ...]) -> None:
    assert min(contrast(colours[front], colours[back]) for back in backs) >= 4.5


@pytest.mark.parametrize("colours", [palette.DAY, palette.NIGHT], ids=["day", "night"])
def test_focus_ring_has_contrast(colours: dict[str, str]) -> None:
    assert min(contrast(colours["focus"], colours[back]) for back in ("panel", "land", "ground")) >= 3
