"""The command centre in a real browser, against the real application: live, by keyboard, in any light."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import Engine, text
from support.credentials import session_of, sign_up
from support.visits import WALL, Visit, visiting

from accounts.postings import NewPosting
from core.settings import ROOT

pytestmark = pytest.mark.long

PHONE = {"width": 390, "height": 844}
PLACE = (112.395, 35.625)  # 寺头乡, in the reserve's core: prohibited
ELSEWHERE = (113.25, 35.78)  # 陵川县
NEAR = f"map=14/{PLACE[1]}/{PLACE[0]}"
HOSTILE = "<img src=x onerror=alert(1)>"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture
def visit(
    browser: Browser, live_server: str, live_session: str, request: pytest.FixtureRequest
) -> Iterator[Visit]:
    """A fresh browser window; parameters are options of the browser's context."""
    options = {"viewport": WALL, **getattr(request, "param", {})}
    with visiting(browser, live_server, live_session, path="/command", **options) as visit:
        yield visit


def file_report(
    visit: Visit, at: tuple[float, float] = PLACE, category: str = "livestock_farm", said: str = ""
) -> int:
    """File a report; its number."""
    body = {"lon": at[0], "lat": at[1], "category": category, "as_of": "2022-08-21", "description": said}
    return int(visit.ask("/api/reports", body)["id"])


def query_of(page: Page) -> dict[str, str]:
    """The query of the page's address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def line(page: Page, number: int) -> Locator:
    """A report's line in the feed."""
    return page.locator(f"#feed button[data-id='{number}']")


def spot(page: Page, at: tuple[float, float]) -> dict[str, float]:
    """Where a place is in the window, in pixels."""
    found: dict[str, float] = page.evaluate(
        "([lon, lat]) => { const {x, y} = map_zhijie.latLngToContainerPoint([lat, lon]); return {x, y}; }", at
    )
    return found


def click(page: Page, at: tuple[float, float]) -> None:
    """Click on a place of the map."""
    where = spot(page, at)
    page.mouse.click(where["x"], where["y"])


def await_mark(page: Page, at: tuple[float, float]) -> None:
    """Wait until there is a mark at a place of the map, which the pointer over it shows."""
    where = spot(page, at)
    for step in range(100):
        page.mouse.move(where["x"] + step % 2, where["y"])
        page.wait_for_timeout(50)
        if page.locator(".over-mark").count():
            return
    raise AssertionError("no mark came")


# ---- live ---------------------------------------------------------------------------------------------


def test_a_report_appears_in_the_feed_and_on_the_open_map_without_reload(visit: Visit) -> None:
    page = visit.open(f"map=14/{ELSEWHERE[1]}/{ELSEWHERE[0]}")
    before = len(visit.requests)
    number = file_report(visit, ELSEWHERE, said=HOSTILE)
    expect(line(page, number)).to_be_visible()
    expect(page.locator("#feed li").first.locator("button")).to_have_attribute("data-id", str(number))
    expect(page.locator("#feed li").first).to_have_class(re.compile("fresh"))
    expect(page.locator(".pulse")).to_have_count(1)
    page.wait_for_function(
        "before => performance.getEntriesByType('resource')"
        ".filter(({name}) => name.includes('/tiles/violations/')).length > before",
        arg=len([url for url in visit.requests[:before] if "/tiles/violations/" in url]),
    )
    asked = [url for url in visit.requests[before:] if "/tiles/" in url]
    assert len(asked) == 1  # the one tile that holds the place, under another version
    await_mark(page, ELSEWHERE)
    click(page, ELSEWHERE)
    popup = page.locator(".leaflet-popup .report-card:has(dl)")
    expect(popup.locator("a")).to_have_text(f"打开案卷 {number}", timeout=15_000)
    popup.locator("a").click()
    expect(page.locator("#case blockquote")).to_have_text(HOSTILE)
    assert query_of(visit.page)["report"] == str(number)
    visit.assert_quiet()


def test_a_cut_stream_says_so_and_comes_back_with_what_was_missed(visit: Visit) -> None:
    page = visit.open(NEAR)
    expect(page.locator("#dot")).to_have_attribute("data-state", "live")
    visit.context.set_offline(True)
    expect(page.locator("#stale")).to_be_visible(timeout=15_000)
    expect(page.locator("#stale")).to_contain_text(re.compile(r"所示为 \d\d:\d\d:\d\d 的数据"))
    at = page.locator("#as-of").inner_text()
    number = file_report(visit, said="while nobody listened")
    page.wait_for_timeout(1500)  # the clock of the data stands still
    assert page.locator("#as-of").inner_text() == at
    expect(line(page, number)).to_have_count(0)
    visit.context.set_offline(False)
    expect(line(page, number)).to_be_visible()
    expect(page.locator("#stale")).to_be_hidden()
    assert [text for text in visit.complaints if "ERR_INTERNET_DISCONNECTED" not in text] == []


def test_what_the_filters_do_not_let_pass_is_not_put_into_the_feed(visit: Visit) -> None:
    page = visit.open("category=tomb&unit=140522")
    for at, category in ((PLACE, "quarrying"), (ELSEWHERE, "tomb")):
        file_report(visit, at, category)
    number = file_report(visit, PLACE, "tomb")
    expect(line(page, number)).to_be_visible()
    expect(page.locator("#feed li")).to_have_count(1)
    expect(page.locator(".sentence").first).to_have_text("阳城县 · 违建坟墓")
    visit.assert_quiet()


def test_an_urgent_report_flashes(visit: Visit, http_engine: Engine) -> None:
    visit.page.emulate_media(reduced_motion="reduce")
    page = visit.open()
    page.locator("#rail-sound").click()
    expect(page.locator("#rail-sound")).to_have_attribute("aria-pressed", "true")
    number = file_report(visit)
    urgent = next(row for row in visit.ask("/api/feed")["reports"] if row["id"] == number)["urgent"]
    assert urgent
    expect(page.locator("#flash")).to_have_class(re.compile("on"))
    expect(page.locator(f"li[data-urgent] [data-id='{number}'] .tags")).to_contain_text("紧急")
    assert page.locator(".pulse").first.evaluate("mark => getComputedStyle(mark).animationName") == "none"
    visit.assert_quiet()


# ---- filters and the address --------------------------------------------------------------------------


def test_filters_narrow_stand_in_the_address_and_survive_a_reload(visit: Visit) -> None:
    tomb, farm = file_report(visit, category="tomb"), file_report(visit, category="livestock_farm")
    page = visit.open()
    page.keyboard.press("f")
    page.get_by_role("checkbox", name="违建坟墓").check()
    expect(line(page, farm)).to_have_count(0)
    expect(line(page, tomb)).to_be_visible()
    page.get_by_role("checkbox", name="禁止").check()
    page.wait_for_function("() => location.search.includes('effect=')")
    assert query_of(visit.page)["category"] == "tomb"
    assert query_of(visit.page)["effect"] == "prohibited"
    total = visit.ask("/api/overview?category=tomb&effect=prohibited")
    expect(page.locator("#count-open strong")).to_have_text(str(total["open"]))
    assert [url for url in visit.requests if "/tiles/violations/" in url and "category=tomb" in url]
    page.reload()
    page.wait_for_selector("html[data-ready]")
    expect(line(page, farm)).to_have_count(0)
    expect(line(page, tomb)).to_be_visible()
    page.locator("#panel .clear-filters").click()
    expect(line(page, farm)).to_be_visible()
    assert "category" not in query_of(visit.page)
    visit.assert_quiet()


def test_the_view_survives_a_reload_and_another_language(visit: Visit) -> None:
    page = visit.open()
    page.evaluate("void map_zhijie.setView([35.5, 112.4], 12, {animate: false})")
    page.wait_for_function("() => location.search.includes('map=12')")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.evaluate("[map_zhijie.getZoom(), map_zhijie.getCenter().lat.toFixed(3)]") == [12, "35.500"]
    page.locator("#tongue").click()
    page.wait_for_selector("html[lang=en][data-ready]")
    assert query_of(visit.page)["map"].startswith("12/35.5")
    chrome = " ".join(page.locator(".rail, #panel h2, .counters, .facts .now").all_inner_texts())
    assert not re.search(r"[一-鿿]", chrome)
    visit.assert_quiet()


def test_a_click_chooses_the_unit_crumbs_and_back_lead_out(visit: Visit) -> None:
    page = visit.open()
    page.evaluate("void map_zhijie.setView([35.55, 112.30], 9, {animate: false})")
    expect(page.locator(".label-county", has_text="阳城县")).to_have_count(1)
    click(page, (112.20, 35.42))
    crumbs = page.locator("#crumbs")
    expect(crumbs).to_have_text(re.compile(r"全部范围\s*晋城市\s*阳城县"))
    assert query_of(visit.page)["unit"] == "140522"
    crumbs.get_by_role("button", name="晋城市").click()
    expect(crumbs.locator("[aria-current]")).to_have_text("晋城市")
    page.go_back()
    expect(crumbs.locator("[aria-current]")).to_have_text("阳城县")
    page.go_back()
    expect(crumbs.locator("[aria-current]")).to_have_text("全部范围")
    assert "unit" not in query_of(visit.page)
    visit.assert_quiet()


def test_a_unit_is_found_by_name_and_by_pinyin_initials(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="搜索地名")).to_be_focused()
    page.keyboard.type("stx")
    expect(page.locator("#search-list li", has_text="寺头乡")).to_be_visible()
    page.locator("#search-box").fill("寺头乡")
    expect(page.locator("#search-list li").first).to_contain_text("寺头乡")
    page.keyboard.press("Enter")
    expect(page.locator("#crumbs [aria-current]")).to_have_text("寺头乡")
    assert query_of(visit.page)["unit"] == "140522201"
    visit.assert_quiet()


def test_months_narrow_and_play(visit: Visit) -> None:
    number = file_report(visit)
    page = visit.open()
    page.keyboard.press("t")
    page.locator("#time-to").focus()
    page.keyboard.press("ArrowLeft")
    expect(line(page, number)).to_have_count(0)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", query_of(visit.page)["until"])
    page.locator("#time-play").click()
    expect(page.locator("#time-play")).to_have_attribute("aria-pressed", "true")
    page.wait_for_function("before => location.search !== before", arg=urlsplit(page.url).query)
    page.locator("#time-all").click()
    expect(line(page, number)).to_be_visible()
    assert not {"since", "until"} & query_of(visit.page).keys()
    visit.assert_quiet()


# ---- the card -----------------------------------------------------------------------------------------


def test_a_report_is_assigned_and_moved_on_from_its_card(visit: Visit, http_engine: Engine) -> None:
    sign_up(http_engine, NewPosting("officer", "140522201"), name="patrol", display_name="王巡查")
    number = file_report(visit)
    page = visit.open(f"report={number}")
    form = page.locator("#assign")
    option = form.locator("option", has_text="王巡查")
    form.locator("select").select_option(value=option.get_attribute("value"))
    form.locator("[name=hand-reason]").fill("x")
    form.locator("button").click()
    expect(form.locator("#fault-hand-reason")).not_to_be_empty()
    expect(form.locator("[name=hand-reason]")).to_be_focused()
    form.locator("[name=hand-reason]").fill("就近处置")
    form.locator("button").click()
    now = page.locator(".hands .now")
    expect(now).to_contain_text("王巡查")
    expect(now).to_contain_text("就近处置")
    move = page.locator("#move")
    move.locator("select").select_option("verifying")
    move.locator("[name=status-reason]").fill("已派员到场")
    move.locator("button").click()
    expect(move.locator("option[value=confirmed]")).to_have_count(1)
    assert visit.ask(f"/api/reports/{number}")["status"] == "verifying"
    page.locator("#case-close").click()
    expect(page.locator("#case")).to_be_hidden()
    assert "report" not in query_of(visit.page)
    assert [text for text in visit.complaints if "422" not in text] == []


def test_what_is_typed_outlives_a_change_by_somebody_else(visit: Visit) -> None:
    number = file_report(visit)
    page = visit.open(f"report={number}")
    move, form = page.locator("#move"), page.locator("#assign")
    move.locator("select").select_option("verifying")
    move.locator("[name=status-reason]").fill("已派员到场")
    unit = form.locator("option", has_text="寺头乡").get_attribute("value") or ""
    page.locator("#case").evaluate("() => document.activeElement.blur()")
    visit.ask(f"/api/reports/{number}/hand", {"unit": unit.removeprefix("unit:"), "reason": "由本所处置"})
    expect(page.locator(".hands .now")).to_contain_text("由本所处置")
    expect(move.locator("select")).to_have_value("verifying")
    expect(move.locator("[name=status-reason]")).to_have_value("已派员到场")
    form.locator("[name=hand-reason]").fill("改派")
    move.locator("button").click()
    expect(move.locator("option[value=confirmed]")).to_have_count(1)
    expect(form.locator("[name=hand-reason]")).to_have_value("改派")
    expect(move.locator("[name=status-reason]")).to_have_value("")
    visit.assert_quiet()


def test_a_report_that_is_not_there_is_told(visit: Visit) -> None:
    page = visit.open("report=999999")
    expect(page.locator("#case-body")).to_have_text("没有第 999,999 号报告，或它不在您的辖区内。")


# ---- keyboard, light, wall, paper ---------------------------------------------------------------------


def test_everything_is_reached_by_keyboard(visit: Visit) -> None:
    file_report(visit)
    page = visit.open()
    page.locator("body").press("Tab")
    reached = set()
    for _ in range(60):
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.dataset.id || ''"))
        page.keyboard.press("Tab")
    rail = {
        f"rail-{name}" for name in ("layers", "filters", "time", "heat", "wall", "print", "theme", "sound")
    }
    assert rail | {"rail-keys", "search-box", "count-overdue", "count-urgent", "panel-fold"} <= reached
    assert any(name.isdigit() for name in reached)
    page.keyboard.press("f")
    expect(page.locator("#filters input").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#rail-filters")).to_be_focused()
    page.keyboard.press("n")
    expect(page.locator("#case dl").first).to_be_visible()
    expect(page.locator("#feed [aria-current]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#case")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="按键")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    outline = page.locator("#rail-layers").evaluate(
        "e => { e.focus(); return getComputedStyle(e).outlineWidth; }"
    )
    assert outline == "3px"
    visit.assert_quiet()


def test_layers_are_switched_and_heat_takes_the_place_of_counts(visit: Visit) -> None:
    file_report(visit)
    page = visit.open()
    page.keyboard.press("h")
    expect(page.locator("canvas.heat")).to_have_count(1)
    assert "heat" in query_of(visit.page)["show"]
    warm = (
        "() => { const c = document.querySelector('canvas.heat');"
        " const {data} = c.getContext('2d').getImageData(0, 0, c.width, c.height);"
        " return data.some((value, place) => place % 4 === 3 && value > 0); }"
    )
    page.wait_for_function(warm)
    page.keyboard.press("l")
    page.get_by_role("checkbox", name="报告", exact=True).uncheck()
    expect(page.locator(".leaflet-reports-pane")).to_be_hidden()
    page.get_by_role("checkbox", name="区划界线与名称").uncheck()
    expect(page.locator(".leaflet-labels-pane")).to_be_hidden()
    expect(page.locator("#layers-as-of li").first).to_contain_text(re.compile(r"数据截至 \d{4}-\d\d-\d\d"))
    expect(page.locator("#layers-as-of")).to_contain_text("3,000 米")
    visit.assert_quiet()


def test_day_and_night_are_chosen_and_kept(visit: Visit) -> None:
    page = visit.open()
    colour = "getComputedStyle(document.querySelector('.panel')).backgroundColor"
    day = page.evaluate(colour)
    for theme in ("day", "night"):
        page.locator("#rail-theme").click()
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
    assert page.evaluate(colour) != day
    page.reload()
    page.wait_for_selector("html[data-theme=night][data-ready]")
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    expect(page.locator(".paper")).to_contain_text("内部使用")
    expect(page.locator(".paper")).to_contain_text("全部报告")
    expect(page.locator("#legend")).to_be_visible()
    expect(page.locator("#rail")).to_be_hidden()
    assert page.evaluate(colour) == day
    visit.assert_quiet()


def test_the_wall_fills_the_screen_and_any_key_ends_it(visit: Visit) -> None:
    file_report(visit)
    page = visit.open()
    page.keyboard.press("w")
    expect(page.locator("html")).to_have_attribute("data-wall", "true")
    expect(page.locator("#wall-name")).to_have_text(re.compile("县|市|区"))
    expect(page.locator("#rail")).to_be_hidden()
    page.wait_for_function("() => document.fullscreenElement !== null")
    page.keyboard.press("x")
    expect(page.locator("#rail")).to_be_visible()
    page.wait_for_function("() => document.fullscreenElement === null")
    visit.assert_quiet()


def test_a_count_opens_up(visit: Visit) -> None:
    for step in range(6):
        file_report(visit, (ELSEWHERE[0] + step / 5000, ELSEWHERE[1]), "quarrying")
    page = visit.open(f"map=9/{ELSEWHERE[1]}/{ELSEWHERE[0]}&category=quarrying")
    heap = (ELSEWHERE[0] + 0.0005, ELSEWHERE[1])
    await_mark(page, heap)
    click(page, heap)
    page.wait_for_function("() => map_zhijie.getZoom() === 11")
    visit.assert_quiet()


# ---- states -------------------------------------------------------------------------------------------


def test_missing_tiles_are_told_and_can_be_fetched_again(visit: Visit) -> None:
    visit.page.route("**/api/tiles/areas/**", lambda route: route.fulfill(status=503, body="{}"))
    page = visit.open()
    notice = page.locator(".notice")
    expect(notice).to_contain_text(re.compile(r"“区划与保护区”有 \d+ 块地图未能载入。"))
    page.unroute("**/api/tiles/areas/**")
    notice.get_by_role("button", name="重试").click()
    expect(notice).to_have_count(0)
    expect(page.locator(".label-county").first).to_be_attached()


def test_a_feed_that_fails_says_so_and_an_empty_one_too(visit: Visit) -> None:
    visit.page.route("**/api/feed*", lambda route: route.fulfill(status=500, body="{}"))
    page = visit.open("since=2001-01-01&until=2001-01-02")
    expect(page.locator("#feed-note")).to_have_text("报告未能载入：服务返回错误 500。")
    page.unroute("**/api/feed*")
    page.locator("#feed-again").click()
    expect(page.locator("#feed-note")).to_contain_text("没有符合条件的报告")


def test_who_may_not_see_reports_sees_coarse_counts(
    visit: Visit, http_engine: Engine, web_engine: Engine
) -> None:
    file_report(visit)
    sign_up(http_engine, NewPosting("gis", "140522"), name="mapper", display_name="赵测绘")
    token = session_of(web_engine, "mapper")
    visit.context.add_cookies([{"name": "zhijie", "value": token, "url": visit.server}])
    page = visit.open()
    expect(page.locator("#feed-note")).to_contain_text("您的角色看不到单件报告")
    withheld = visit.ask("/api/reports/coarse")["withheld"]
    assert withheld > 0
    expect(page.locator(".notice")).to_contain_text(f"有 {withheld} 件报告未计入任何方格")
    assert [url for url in visit.requests if url.endswith("/api/reports/coarse?lang=zh")]
    click(page, PLACE)
    expect(page.locator(".leaflet-popup")).to_have_count(0)
    visit.assert_quiet()


def test_an_ended_session_is_told_with_the_way_back(
    visit: Visit, http_engine: Engine, web_engine: Engine
) -> None:
    sign_up(http_engine, NewPosting("command", "140522"), name="leaver")
    token = session_of(web_engine, "leaver")
    visit.context.add_cookies([{"name": "zhijie", "value": token, "url": visit.server}])
    page = visit.open("unit=140522")
    expect(page.locator("#dot")).to_have_attribute("data-state", "live")
    visit.context.clear_cookies()
    with http_engine.begin() as connection:
        connection.execute(text("UPDATE account SET locked_at = now() WHERE name = 'leaver'"))
    notice = page.locator(".notice")
    expect(notice).to_contain_text("登录已失效", timeout=30_000)
    notice.get_by_role("button", name="登录").click()
    page.wait_for_url(re.compile(r"/login\?next=%2Fcommand%3F.*unit%3D140522"))


# ---- for everybody ------------------------------------------------------------------------------------

FAULTS = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .filter(({impact}) => ["serious", "critical"].includes(impact))
  .map(({id, nodes}) => [id, nodes.slice(0, 4).map(({target, html}) => [target.join(" "), html])])"""
LIGHTS = [
    {"color_scheme": "light"},
    {"color_scheme": "dark"},
    {"viewport": PHONE, "has_touch": True, "is_mobile": True},
]


@pytest.mark.parametrize("visit", LIGHTS, indirect=True, ids=["day", "night", "phone"])
def test_axe_finds_no_serious_fault(visit: Visit) -> None:
    number = file_report(visit)
    page = visit.open(f"report={number}")
    page.evaluate(AXE.read_text("utf-8"))
    assert page.evaluate(FAULTS) == []
    for name in ("filters", "layers", "time"):
        page.locator(f"#rail-{name}").click()
        assert page.evaluate(FAULTS) == []


@pytest.mark.parametrize("visit", [{"viewport": PHONE, "has_touch": True, "is_mobile": True}], indirect=True)
def test_telephone(visit: Visit) -> None:
    number = file_report(visit)
    page = visit.open()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "16px"
    line(page, number).tap()
    expect(page.locator("#case h2")).to_be_visible()
    page.locator("#panel-fold").tap()
    expect(page.locator("#panel-body")).to_be_hidden()
    page.locator("#rail-filters").tap()
    expect(page.locator("#filters")).to_be_visible()
    visit.assert_quiet()


# ---- the parts ----------------------------------------------------------------------------------------


def test_only_tiles_that_hold_a_change_get_another_version(visit: Visit) -> None:
    page = visit.open()
    told = page.evaluate(
        """async ([lon, lat]) => {
          const { Versions, tileAt } = await import('/static/zhijie/command/state/versions.js');
          const versions = new Versions('7');
          versions.bump(lon, lat, 9);
          const [x, y] = tileAt(lon, lat, 10);
          const before = [versions.of(10, x, y), versions.of(10, x + 1, y), versions.of(0, 0, 0)];
          versions.rebase('12');
          return [[x, y], before, versions.of(10, x, y)];
        }""",
        PLACE,
    )
    assert told == [[831, 403], ["9", "7", "9"], "12"]


def test_heaps_are_counted_and_lone_marks_are_not(visit: Visit) -> None:
    page = visit.open()
    told = page.evaluate(
        """async () => {
          const { clusterReports } = await import('/static/zhijie/command/map/clusters.js');
          const at = (x, y, effect, clock) => ({ parts: [[{ x, y }]], properties: { effect, clock } });
          const heap = [0, 1, 2, 3].map((step) => at(10 + step, 10, step ? 'clear' : 'prohibited', step));
          const layers = { reports: [...heap, at(300, 300, 'clear', 0), at(-5, 10, 'clear', 0)] };
          const { reports, clusters } = clusterReports(layers, 11);
          const [{ properties, parts: [[{ x }]] }] = clusters;
          return [reports.length, properties, x, clusterReports(layers, 15) === layers];
        }"""
    )
    assert told == [1, {"n": 4, "prohibited": 1, "overdue": 1}, 11.5, True]


def test_the_stream_is_read_piece_by_piece(visit: Visit) -> None:
    page = visit.open()
    said = 'id: 5\nevent: report\ndata: {"a":\ndata: 1}\n\n: beat\n\nid: 6\n\nevent: layers\ndata: {}\n\n'
    told = page.evaluate(
        """async (said) => {
          const { Stream } = await import('/static/zhijie/command/state/stream.js');
          const bytes = new TextEncoder().encode(said);
          const asked = [];
          window.fetch = async (path, { headers }) => {
            asked.push(headers['Last-Event-ID'] ?? null);
            if (asked.length > 1) return { ok: false, status: 401 };
            const body = new ReadableStream({
              start(to) { for (const byte of bytes) to.enqueue(new Uint8Array([byte])); to.close(); },
            });
            return { ok: true, status: 200, body };
          };
          const heard = [];
          const states = [];
          await new Promise((done) => {
            const state = (name) => { states.push(name); if (name === 'out') done(); };
            new Stream({ event: (...told) => heard.push(told), state }).start('4');
          });
          return { asked, heard, states };
        }""",
        said,
    )
    assert told["asked"] == ["4", "6"]
    assert told["heard"] == [["report", {"a": 1}], ["message", {}], ["layers", {}]]
    assert told["states"] == ["waiting", "live", "waiting", "out"]
