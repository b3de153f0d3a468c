"""The map page in a real browser, against the real application."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect
from shapely.geometry import Point, shape
from support.visits import PHONE, WALL, Visit, visiting

from maps.parts import palette

pytestmark = pytest.mark.long

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def visit(
    browser: Browser, live_server: str, live_session: str, request: pytest.FixtureRequest
) -> Iterator[Visit]:
    """A fresh browser window; parameters are options of the browser's context."""
    with visiting(
        browser, live_server, live_session, **{"viewport": WALL, **getattr(request, "param", {})}
    ) as visit:
        yield visit


def demo_id(visit: Visit) -> int:
    """The number of the demonstration's report."""
    features = visit.ask("/api/reports")["features"]
    number: int = next(feature["id"] for feature in features if feature["properties"]["sample"])
    return number


def tell(page: Page, mark: Locator) -> Locator:
    """Open the popup of a mark; its filled card."""
    mark.press("Enter")
    card = page.locator(".leaflet-popup .report-card:has(dl)")
    expect(card).to_be_visible()
    return card


def box(page: Page) -> list[float]:
    """West, south, east, north of the map's view."""
    text: str = page.evaluate("map_zhijie.getBounds().toBBoxString()")
    return [float(part) for part in text.split(",")]


def holds(outer: list[float], inner: list[float]) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]


def open_layers(page: Page) -> None:
    """Open the layer list with the keyboard, as a mouse would only by passing over it."""
    page.locator(".leaflet-control-layers-toggle").press("Enter")
    expect(page.locator(".leaflet-control-layers-list")).to_be_visible()
    # Leaflet swallows clicks until the next turn, for fingers: a key that comes sooner would be lost.
    page.evaluate("new Promise((done) => setTimeout(done))")


def collection(*features: dict[str, Any], following: str | None = None) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features, "next": following})


def sketch(number: int, geometry: dict[str, Any] | None = None) -> dict[str, Any]:
    """A report as the API lists it."""
    properties = {"id": number, "category": "c", "category_name": "C", "effect": "clear"}
    properties |= {"certainty": "certain", "unit_name": "U", "description": "", "sample": True}
    place = {"type": "Point", "coordinates": [112.5 + number / 100, 35.6]}
    return {"type": "Feature", "geometry": geometry or place, "properties": properties}


def test_map_shows_areas_and_the_demo_report(visit: Visit) -> None:
    page = visit.open()
    expect(page.locator("path.line-county")).to_have_count(6)
    expect(page.locator("path.line-township")).to_have_count(77)
    expect(page.locator("path.zone")).to_have_count(15)
    assert page.locator("path.zone-core").first.evaluate("p => getComputedStyle(p).fill") != "none"
    expect(page.locator("path.report.effect-prohibited[role=button]")).to_have_count(1)
    expect(page.locator(".label-township", has_text="寺头乡")).to_have_count(1)
    expect(page.locator("#count")).to_have_text("视图内 1 件报告")
    visit.assert_quiet()


def test_popup_tells_the_verdict_in_the_server_s_words(visit: Visit) -> None:
    page = visit.open()
    report = visit.ask(f"/api/reports/{demo_id(visit)}?lang=zh")
    card = tell(page, page.locator("path.report[role=button]"))
    expect(card.locator("h2")).to_have_text(report["words"]["headline"])
    told = card.inner_text()
    for line in report["words"]["lines"]:
        assert line["label"] in told
        assert re.sub(r"\s+", "", line["text"]) in re.sub(r"\s+", "", told)
    assert report["description"] in told
    expect(card.locator(".sample")).to_have_text("示例，并非真实案件")
    visit.assert_quiet()


def test_a_mouse_click_opens_the_popup_and_escape_closes_it(visit: Visit) -> None:
    page = visit.open()
    page.locator("path.report[role=button]").click()
    expect(page.locator(".leaflet-popup .report-card:has(dl)")).to_be_visible()
    expect(page.locator("path.error-disc")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".leaflet-popup")).to_have_count(0)
    expect(page.locator("path.error-disc")).to_have_count(0)
    visit.assert_quiet()


def test_no_request_leaves_the_server(visit: Visit) -> None:
    page = visit.open()
    open_layers(page)
    page.get_by_role("checkbox", name="示例网格").press("Space")
    expect(page.locator("path.cell").first).to_be_attached()
    page.fill("#search-box", "寺头")
    page.locator("#search-list li").first.click()
    tell(page, page.locator("path.report[role=button]").first)
    assert len(visit.requests) > 10
    visit.assert_quiet()


def test_a_hostile_description_is_text(visit: Visit) -> None:
    body = {"lon": 113.2, "lat": 35.75, "datum": "cgcs2000", "category": "livestock_farm"}
    body |= {"as_of": "2022-08-21", "description": HOSTILE}
    number = visit.ask("/api/reports", body)["id"]
    page = visit.open()
    feature = page.evaluate("id => fetch(`/api/reports/${id}`).then(answer => answer.json())", number)
    assert feature["description"] == HOSTILE
    marks = page.locator("path.report[role=button]")
    expect(marks).to_have_count(2)
    for index in range(2):
        card = tell(page, marks.nth(index))
        if HOSTILE in card.inner_text():
            break
        page.keyboard.press("Escape")
        expect(page.locator(".leaflet-popup")).to_have_count(0)
    expect(card.locator("blockquote")).to_have_text(HOSTILE)
    expect(page.locator("img[src=x]")).to_have_count(0)
    visit.assert_quiet()


def test_layer_control_toggles(visit: Visit) -> None:
    page = visit.open()
    open_layers(page)
    reserves = page.get_by_role("checkbox", name="自然保护区")
    expect(page.locator("path.zone")).to_have_count(15)
    reserves.press("Space")
    expect(page.locator("path.zone")).to_have_count(0)
    reserves.press("Space")
    expect(page.locator("path.zone")).to_have_count(15)
    assert not [url for url in visit.requests if "/api/grid" in url]
    page.get_by_role("checkbox", name="示例网格").press("Space")
    expect(page.locator("path.cell").first).to_be_attached()
    assert len([url for url in visit.requests if "/api/grid" in url]) == 1
    page.keyboard.press("Escape")
    expect(page.locator(".leaflet-control-layers-list")).to_be_hidden()
    visit.assert_quiet()


def test_search_zooms_to_the_place_and_marks_it(visit: Visit) -> None:
    page = visit.open()
    place = visit.ask("/api/places?q=%E5%AF%BA%E5%A4%B4%E4%B9%A1")["places"][0]
    before = box(page)
    page.fill("#search-box", "寺头乡")
    page.locator("#search-list li", has_text="寺头乡").first.click()
    expect(page.locator("#search-note")).to_have_text("已定位到寺头乡。")
    expect(page.locator("path.found")).to_have_count(1)
    expect(page.locator(".found-name")).to_have_text("寺头乡")
    page.wait_for_function("zoom => map_zhijie.getZoom() > zoom", arg=9.9)
    after = box(page)
    assert holds(after, place["bbox"])
    assert after[2] - after[0] < (before[2] - before[0]) / 2
    visit.assert_quiet()


def test_search_by_keyboard(visit: Visit) -> None:
    page = visit.open()
    field = page.get_by_role("combobox")
    field.focus()
    page.keyboard.type("寺头")
    expect(page.locator("#search-list")).to_be_visible()
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    chosen = page.locator("#search-list li[aria-selected=true]")
    expect(chosen).to_have_count(1)
    expect(field).to_have_attribute("aria-activedescendant", chosen.get_attribute("id") or "-")
    name = chosen.locator("b").inner_text()
    page.keyboard.press("Enter")
    expect(page.locator("#search-list")).to_be_hidden()
    expect(field).to_have_value(name)
    expect(page.locator("path.found")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(field).to_have_value("")
    expect(page.locator("path.found")).to_have_count(0)
    visit.assert_quiet()


def test_a_village_says_that_it_has_no_coordinates(visit: Visit) -> None:
    page = visit.open()
    page.fill("#search-box", "140522201208")
    page.locator("#search-list li").first.click()
    expect(page.locator("#search-note")).to_contain_text("没有坐标")
    expect(page.locator("path.found")).to_have_count(1)
    expect(page.locator(".found-name")).to_have_count(0)


def test_search_says_when_nothing_is_found_or_it_fails(visit: Visit) -> None:
    page = visit.open()
    page.fill("#search-box", HOSTILE)
    expect(page.locator("#search-note")).to_have_text(f"没有找到“{HOSTILE}”，请试试县、乡镇或村的名称。")
    page.route("**/api/places*", lambda route: route.abort())
    page.fill("#search-box", "寺")
    expect(page.locator("#search-note")).to_have_text("搜索没有成功：无法连接服务。")
    assert visit.dialogs == []


def test_english_page(visit: Visit) -> None:
    page = visit.open("lang=en")
    assert page.locator("html").get_attribute("lang") == "en"
    for words in ("Legend", "prohibited", "Nature reserves", "Data as of"):
        expect(page.locator("main")).to_contain_text(words)
    expect(page.locator("#accuracy")).to_contain_text("Townships: approximate, lines accurate to ±3,000 m.")
    report = visit.ask(f"/api/reports/{demo_id(visit)}?lang=en")
    page.locator("path.report[role=button]").first.wait_for()
    card = tell(page, page.locator("path.report[aria-label*='livestock' i]").first)
    assert not re.search(r"[一-鿿]", card.locator("dt").all_inner_texts()[0])
    assert report["words"]["lines"][0]["label"] in card.inner_text()
    chrome = " ".join(page.locator(".legend, .leaflet-control-layers, .seek, #count").all_inner_texts())
    assert not re.search(r"[一-鿿]", chrome)
    visit.assert_quiet()


def test_a_failing_layer_says_so_and_can_be_tried_again(visit: Visit) -> None:
    def fail(route: Route) -> None:
        route.fulfill(status=503, body="{}")

    visit.page.route("**/api/zones*", fail)
    page = visit.open()
    notice = page.locator(".notice")
    expect(notice).to_contain_text("“自然保护区”未能载入：服务返回错误 503。")
    page.unroute("**/api/zones*", fail)
    notice.get_by_role("button", name="重试").click()
    expect(page.locator("path.zone")).to_have_count(15)
    expect(notice).to_have_count(0)


def test_failing_reports_and_verdicts_can_be_tried_again(visit: Visit) -> None:
    def fail(route: Route) -> None:
        route.fulfill(status=500, body="{}")

    visit.page.route("**/api/reports*", fail)
    page = visit.open()
    expect(page.locator(".notice")).to_contain_text("报告未能载入：服务返回错误 500。")
    page.unroute("**/api/reports*", fail)
    page.get_by_role("button", name="重试").click()
    mark = page.locator("path.report[role=button]").first
    mark.wait_for()
    page.route("**/api/reports/*", fail)
    mark.press("Enter")
    popup = page.locator(".leaflet-popup")
    expect(popup).to_contain_text("研判结论未能载入：服务返回错误 500。")
    page.unroute("**/api/reports/*", fail)
    popup.get_by_role("button", name="重试").click()
    expect(popup.locator("dl").first).to_be_visible()


def test_no_boundaries_and_no_reports_are_sentences(visit: Visit) -> None:
    for path in ("units", "zones", "reports"):
        visit.page.route(f"**/api/{path}*", lambda route: route.fulfill(body=collection()))
    page = visit.open()
    expect(page.locator(".notice")).to_contain_text("还没有边界数据，请先载入基础数据")
    expect(page.locator("#count")).to_have_text("视图内没有报告")
    visit.assert_quiet()


def test_every_page_of_reports_is_fetched(visit: Visit) -> None:
    def answer(route: Route) -> None:
        if "after=2" in route.request.url:
            route.fulfill(body=collection(sketch(3)))
        else:
            route.fulfill(body=collection(sketch(1), sketch(2), following="/api/reports?after=2"))

    visit.page.route("**/api/reports?*", answer)
    page = visit.open()
    expect(page.locator("path.report[role=button]")).to_have_count(3)
    first = next(url for url in visit.requests if "/api/reports?" in url)
    assert re.search(r"bbox=[\d.]+%2C[\d.]+%2C[\d.]+%2C[\d.]+&limit=500", first)
    visit.assert_quiet()


def test_a_next_page_elsewhere_is_refused(visit: Visit) -> None:
    far = collection(sketch(1), following="https://example.org/api/reports?after=1")
    visit.page.route("**/api/reports?*", lambda route: route.fulfill(body=far))
    page = visit.open()
    expect(page.locator(".notice")).to_contain_text("收到的答复无法读取")
    visit.assert_quiet()


def test_too_many_reports_are_cut_and_it_says_so(visit: Visit) -> None:
    def fewer(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace('"mostReports": 5000', '"mostReports": 3'))

    def endless(route: Route) -> None:
        after = re.search(r"after=(\d+)", route.request.url)
        start = int(after[1]) if after else 0
        pair = (sketch(start + 1), sketch(start + 2))
        route.fulfill(body=collection(*pair, following=f"/api/reports?after={start + 2}"))

    visit.page.route(f"{visit.server}/", fewer)
    visit.page.route("**/api/reports?*", endless)
    page = visit.open()
    expect(page.locator(".notice")).to_have_text("只画出前 3 件报告，放大地图可看全部。")
    expect(page.locator("path.report[role=button]")).to_have_count(3)
    expect(page.locator("#count")).to_have_text("已画出 3 件报告，还有更多")
    visit.assert_quiet()


def test_a_footprint_is_drawn_with_its_mark(visit: Visit) -> None:
    ring = [[112.5, 35.6], [112.52, 35.6], [112.52, 35.62], [112.5, 35.62], [112.5, 35.6]]
    report = sketch(1, {"type": "Polygon", "coordinates": [ring]})
    whole = report["properties"] | {"words": {"headline": "Told", "lines": []}, "verdict": {}}
    visit.page.route("**/api/reports?*", lambda route: route.fulfill(body=collection(report)))
    visit.page.route("**/api/reports/1?*", lambda route: route.fulfill(body=json.dumps(whole)))
    page = visit.open()
    footprint = page.locator("path.footprint.effect-clear")
    expect(footprint).to_have_count(1)
    expect(page.locator("path.report[role=button]")).to_have_count(1)
    page.evaluate("void map_zhijie.setView([35.61, 112.51], 14, {animate: false})")
    footprint.click(position={"x": 20, "y": 20})
    expect(page.locator(".leaflet-popup h2")).to_have_text("Told")
    visit.assert_quiet()


def test_moving_the_map_fetches_the_new_view_and_drops_what_is_gone(visit: Visit) -> None:
    page = visit.open()
    expect(page.locator("path.report[role=button]").first).to_be_attached()
    page.evaluate("void map_zhijie.setView([35.2, 113.9], 13, {animate: false})")
    expect(page.locator("#count")).to_have_text("视图内没有报告")
    expect(page.locator("path.report[role=button]")).to_have_count(0)
    visit.assert_quiet()


@pytest.mark.parametrize("visit", [{"viewport": PHONE, "has_touch": True, "is_mobile": True}], indirect=True)
def test_telephone(visit: Visit) -> None:
    page = visit.open()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "16px"
    page.locator("#legend summary").tap()
    expect(page.locator("#legend li").first).to_be_visible()
    page.locator("#legend summary").tap()
    page.locator("path.report[role=button]").first.tap()
    card = page.locator(".leaflet-popup .report-card:has(dl)")
    expect(card).to_be_visible()
    page.wait_for_function(
        "() => { const box = document.querySelector('.leaflet-popup').getBoundingClientRect();"
        " return box.left >= 0 && box.right <= innerWidth && box.bottom <= innerHeight"
        " && box.top >= document.querySelector('.facts').getBoundingClientRect().bottom; }"
    )
    visit.assert_quiet()


@pytest.mark.parametrize("visit", [{"color_scheme": "dark"}], indirect=True)
def test_night(visit: Visit) -> None:
    page = visit.open()
    ground = [int(palette.NIGHT["ground"][i : i + 2], 16) for i in (1, 3, 5)]
    colour = page.evaluate("getComputedStyle(document.querySelector('.folium-map')).backgroundColor")
    assert colour == f"rgb({', '.join(map(str, ground))})"
    visit.assert_quiet()


def test_marks_have_a_shape_each(visit: Visit) -> None:
    page = visit.open()
    shapes = {
        effect.code: page.locator(f".legend [data-effect={effect.code}] path").first.get_attribute("d")
        for effect in palette.EFFECTS
    }
    assert len({shapes["prohibited"], shapes["permit_required"], shapes["clear"]}) == 3
    hollow = page.locator(".legend [data-effect=unknown] path").first
    assert hollow.evaluate("p => getComputedStyle(p).fill") == "rgb(255, 255, 255)"


def test_two_pictures_hold_all_layers(visit: Visit) -> None:
    """A picture a layer is larger than a wall screen: without a graphics card panels went missing."""
    page = visit.open()
    open_layers(page)
    page.get_by_role("checkbox", name="示例网格").press("Space")
    expect(page.locator("path.cell").first).to_be_attached()
    page.fill("#search-box", "寺头")
    page.locator("#search-list li").first.click()
    expect(page.locator("path.found")).to_have_count(1)
    expect(page.locator(".leaflet-pane > svg")).to_have_count(2)
    floors = page.locator(".leaflet-areas-pane g g").evaluate_all(
        "groups => groups.map(group => group.lastElementChild.className.baseVal.split(' ')[0])"
    )
    assert floors == ["land", "hatching", "line-grid", "line-township", "line-county"]


def test_names_and_marks_stand_inside_their_areas(visit: Visit) -> None:
    page = visit.open()
    horseshoe = [[0, 0], [9, 0], [9, 9], [6, 9], [6, 1], [2, 1], [2, 9], [0, 9], [0, 0]]
    ring = [[[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]], [[3, 3], [3, 6], [8, 6], [8, 3], [3, 3]]]
    flat = [[0, 5], [4, 5], [0, 5], [0, 5]]
    shapes = [feature["geometry"] for feature in visit.ask("/api/units?level=township")["features"]]
    shapes += [{"type": "Polygon", "coordinates": [horseshoe]}, {"type": "Polygon", "coordinates": ring}]
    shapes += [{"type": "MultiPolygon", "coordinates": [[flat], [horseshoe]]}]
    found = page.evaluate(
        "shapes => import('/static/zhijie/shared/geometry.js').then(room => shapes.map(room.insidePoint))",
        shapes,
    )
    missed = [
        number
        for number, (lat, lon) in enumerate(found)
        if not shape(shapes[number]).contains(Point(lon, lat))
    ]
    assert missed == []
    degenerate = page.evaluate(
        "flat => import('/static/zhijie/shared/geometry.js').then(room => room.insidePoint(flat))",
        {"type": "Polygon", "coordinates": [flat]},
    )
    assert degenerate == [5, 0]


def test_keyboard_focus_is_visible(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("Tab")
    expect(page.get_by_role("combobox")).to_be_focused()
    outline = page.get_by_role("combobox").evaluate("e => getComputedStyle(e).outlineWidth")
    assert outline == "3px"
