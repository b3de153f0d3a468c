"""The officer's page in a real browser, on a telephone's screen: asking, filing, one's own work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect
from sqlalchemy import Engine, text
from support.phones import GCJ, SPOT, Make, answer, ask_here, at_spot, choose, file_here, phones, tap_map
from support.pictures import exif, picture
from support.spellings import OTHERS, SPELLINGS

from core.settings import ROOT
from geo.datum import parse_coordinate
from store.engine import open_session

pytestmark = pytest.mark.long


@pytest.fixture
def make(browser: Browser, live_server: str, http_engine: Engine, web_engine: Engine) -> Iterator[Make]:
    """Opens telephones."""
    yield from phones(browser, live_server, http_engine, web_engine)


def test_my_position_gives_the_verdict(make: Make) -> None:
    visit = make(**at_spot())
    page = visit.open()
    ask_here(page)
    card = answer(page)
    expect(card).to_have_attribute("data-effect", "prohibited")
    expect(card).to_have_attribute("data-offline", "false")
    expect(card.locator(".band")).to_contain_text("禁止")
    expect(card.locator(".band svg")).to_be_visible()
    expect(card.locator(".ground")).to_contain_text("寺头乡")
    assert 1 <= card.locator("ol li").count() <= 4
    expect(card).to_contain_text("位置误差 12 米")
    expect(card).to_contain_text("数据截至")
    expect(page.locator("path.error-disc")).to_have_count(1)
    expect(page.get_by_role("button", name="上报此处")).to_be_visible()
    visit.shot("verdict")


def test_a_tap_and_another_matter(make: Make) -> None:
    visit = make()
    page = visit.open()
    choose(page)
    tap_map(page)
    expect(answer(page)).to_contain_text("点选误差")
    first = answer(page).locator(".band").inner_text()
    choose(page, "tomb")
    expect(page.locator("#ask-note")).to_be_empty()
    expect(answer(page)).to_have_attribute("data-effect", "unknown")
    expect(answer(page).locator(".why")).to_contain_text("不能确定：")
    assert page.locator("#map_field path.report").count() == 1
    assert first


CONDITION = {
    "code": "provincial_scale",
    "text": {"zh": "养殖场达到省级规模标准", "en": "the farm reaches the provincial size threshold"},
}


def test_a_condition_of_the_law_is_asked_and_its_answer_kept(make: Make) -> None:
    """The reference data have no place whose outcome depends on one: the answer is given a question here."""
    visit = make(**at_spot())
    page = visit.open()
    sent: list[dict[str, Any]] = []

    def questioned(route: Route) -> None:
        sent.append(route.request.post_data_json)
        came = route.fetch()
        told = came.json()
        stated = sent[-1].get("stated", {})
        told["verdict"]["stated"] = [{**CONDITION, "met": met} for met in stated.values()]
        told["verdict"]["questions"] = [] if stated else [{**CONDITION, "note": None}]
        route.fulfill(response=came, json=told)

    page.route("**/api/check", questioned)
    ask_here(page)
    row = answer(page).locator("[data-condition=provincial_scale]")
    expect(row).to_contain_text("养殖场达到省级规模标准")
    expect(row.locator("[aria-pressed=true]")).to_have_count(0)
    row.get_by_role("button", name="否").click()
    expect(row.locator("[aria-pressed=true]")).to_have_text("否")
    assert sent[-1]["stated"] == {"provincial_scale": False}
    visit.shot("condition")
    row.get_by_role("button", name="否").click()  # taken back
    expect(row.locator("[aria-pressed=true]")).to_have_count(0)
    assert "stated" not in sent[-1]
    row.get_by_role("button", name="是").click()
    expect(row.locator("[aria-pressed=true]")).to_have_text("是")
    choose(page, "tomb")
    expect(answer(page).locator(".band")).to_contain_text("违建坟墓")
    assert "stated" not in sent[-1]


def test_typed_gcj02_is_moved_and_says_by_how_much(make: Make) -> None:
    visit = make()
    page = visit.open()
    choose(page)
    page.locator("#by-coords").click()
    page.locator("#datum").select_option("gcj02")
    page.locator("#first").fill(f"{GCJ[0]}, {GCJ[1]}")
    page.locator("#first").press("Tab")
    expect(page.locator("#second")).to_have_value(str(GCJ[1]))
    page.locator("#coords").get_by_role("button", name="查询").click()
    expect(answer(page)).to_contain_text(re.compile(r"gcj02 给出，已换算到 CGCS2000，移动 5\d\d 米"))
    expect(answer(page)).to_have_attribute("data-effect", "prohibited")
    page.locator("#datum").select_option("EPSG:4525")
    expect(page.locator("#first-label")).to_have_text("北坐标 X（米）")
    page.locator("#first").fill("1")
    page.locator("#second").fill("2")
    page.locator("#coords").get_by_role("button", name="查询").click()
    expect(page.locator("#ask-note")).to_contain_text("EPSG:4525")


def test_typed_degrees_minutes_and_seconds_are_read_and_their_error_is_assumed(make: Make) -> None:
    visit = make()
    page = visit.open()
    choose(page)
    page.locator("#by-coords").click()
    page.locator("#first").fill("112°23′42″E，35°37′30″N")
    page.locator("#first").press("Tab")
    expect(page.locator("#second")).to_have_value("35°37′30″N")
    page.locator("#coords").get_by_role("button", name="查询").click()
    expect(answer(page)).to_contain_text("未给出位置误差，按 20 米计")
    expect(answer(page)).to_have_attribute("data-effect", "prohibited")
    page.locator("#second").fill("35°61′")
    page.locator("#coords").get_by_role("button", name="查询").click()
    expect(page.locator("#ask-note")).to_contain_text("112°23′42″")


def test_the_page_reads_degrees_as_the_service_does(make: Make) -> None:
    page = make().open()
    texts = [*SPELLINGS, *OTHERS]
    read = page.evaluate(
        """async texts => {
            const { coordinateIn } = await import("/static/zhijie/field/degrees.js");
            return texts.map(coordinateIn).map(value => (Number.isNaN(value) ? null : value));
        }""",
        texts,
    )
    for given, value in zip(texts, read, strict=True):
        assert value == pytest.approx(parse_coordinate(given), abs=1e-12), given


def test_a_photo_says_where_it_was_taken(make: Make) -> None:
    visit = make()
    page = visit.open()
    choose(page)
    taken = picture(exif=exif(*SPOT, taken="2026:08:21 10:00:00"))
    page.locator("#photo-place").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": taken}  # type: ignore[arg-type]
    )
    expect(answer(page).locator(".ground")).to_contain_text("寺头乡")
    expect(answer(page)).to_contain_text("未给出位置误差，按 20 米计")
    page.locator("#photo-place").set_input_files(
        {"name": "b.jpg", "mimeType": "image/jpeg", "buffer": picture()}  # type: ignore[arg-type]
    )
    expect(page.locator("#ask-note")).to_contain_text("照片没有位置信息")


def test_a_parcel_s_card_is_shown_with_its_verdict(make: Make, http_engine: Engine) -> None:
    with open_session(http_engine) as session:
        found = session.execute(
            text(
                "SELECT p.number, p.name FROM parcel p "
                "JOIN permit q ON ST_Covers(q.geom, ST_Centroid(p.geom)) ORDER BY p.number"
            )
        )
        number, name = found.all()[0]
    visit = make()
    page = visit.open()
    choose(page)
    page.locator("#by-parcel").click()
    page.locator("#number").fill(number)
    page.locator("#parcel").get_by_role("button", name="查询").click()
    expect(answer(page)).to_be_visible()
    card = page.locator("#parcel-card .parcel")
    expect(card).to_contain_text(number)
    expect(card).to_contain_text(name)
    expect(card).to_contain_text(re.compile(r"[\d,]+ 平方米（[\d.]+ 亩）"))
    expect(card.locator("section ul").first).to_contain_text("示例")
    card.scroll_into_view_if_needed()
    visit.shot("parcel")
    card.locator("summary").click()
    neighbour = card.locator("button").first
    other = neighbour.inner_text()
    neighbour.click()
    expect(card.locator("dd").first).to_have_text(other)
    page.locator("#number").fill("没有这一块")
    page.locator("#parcel").get_by_role("button", name="查询").click()
    expect(page.locator("#ask-note")).to_contain_text("没有这一块")


def test_a_position_that_is_denied_has_a_way_on(make: Make) -> None:
    visit = make()
    page = visit.open()
    page.locator("#by-gps").click()
    expect(page.locator("#ask-note")).to_contain_text("在地图上点选")
    tap_map(page)
    expect(answer(page)).to_be_visible()


def test_a_report_with_photo_and_outline_is_filed(make: Make) -> None:
    visit = make(**at_spot())
    page = visit.open()
    ask_here(page)
    page.locator("#go-report").click()
    page.get_by_role("button", name="点选").click()
    for dx, dy in ((-40, -30), (40, -30), (40, 30), (90, 60)):
        tap_map(page, dx, dy)
    page.get_by_role("button", name="撤销").click()
    expect(page.locator("#outline-note")).to_have_text("3 个角点")
    page.get_by_role("button", name="闭合").click()
    expect(page.locator("path.outline.closed")).to_have_count(1)
    expect(page.locator("#report-place")).to_have_text("位置：3 个角点的轮廓")
    visit.shot("report")
    original = picture(size=(2400, 1800), colour=(90, 120, 60), exif=exif(*SPOT), quality=100)
    file_here(page, "林地上新建猪圈，约 600 平方米", original)
    item = page.locator("#queue .item")
    expect(item).to_have_attribute("data-state", "sent")
    expect(item).to_contain_text("原图已发 1/1")
    number = int(re.sub(r"\D", "", item.locator(".meta").first.inner_text()))
    told = page.evaluate(
        "n => Promise.all([fetch(`/api/reports/${n}`), fetch(`/api/reports/${n}/evidence`)]"
        ".map(a => a.then(b => b.json())))",
        number,
    )
    report, evidence = told
    assert report["description"] == "林地上新建猪圈，约 600 平方米"
    assert report["location"]["area_m2"] > 0
    sizes = sorted(file["size"] for file in evidence["items"])
    assert len(original) in sizes
    assert len(sizes) == 2
    visit.shot("sent")


def test_an_outline_is_walked(make: Make) -> None:
    visit = make(**at_spot())
    page = visit.open()
    page.locator("#to-report").click()
    page.get_by_role("button", name="走一圈").click()
    note = page.locator("#outline-note")
    expect(note).to_have_text("1 个角点")
    steps = [(0.0004, 0.0), (0.0004, 0.0003), (0.00041, 0.0003)]  # the last is a metre on: no corner
    for n, (east, north) in enumerate(steps):
        place = {"longitude": SPOT[0] + east, "latitude": SPOT[1] + north, "accuracy": 6}
        visit.context.set_geolocation(place)  # type: ignore[arg-type]
        expect(note).to_have_text(f"{min(n + 2, 3)} 个角点")
    visit.context.set_geolocation({"longitude": SPOT[0], "latitude": SPOT[1] + 0.0003, "accuracy": 80})
    expect(page.locator("#outline-note")).to_contain_text("定位误差 80 米")
    page.get_by_role("button", name="闭合").click()
    expect(page.locator("#report-place")).to_have_text("位置：3 个角点的轮廓")


def test_who_is_not_signed_in_is_led_there(make: Make) -> None:
    visit = make()
    visit.context.clear_cookies()
    visit.page.goto(f"{visit.server}/field?lang=zh")
    visit.page.wait_for_url("**/login?next=**")


def test_a_role_that_may_not_file_is_told(make: Make) -> None:
    visit = make(role="reviewer")
    page = visit.open()
    page.locator("#to-report").click()
    expect(page.locator("#report-note")).to_contain_text("您的岗位不能上报")
    expect(page.get_by_role("button", name="提交上报")).to_be_disabled()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_telephone_and_axe_finds_no_fault(make: Make, lang: str, scheme: str) -> None:
    visit = make(**at_spot(color_scheme=scheme))
    page = visit.open(f"lang={lang}")
    ask_here(page)
    if lang == "zh":
        visit.shot(f"verdict-{scheme}")
    page.evaluate((ROOT / "node_modules/axe-core/axe.min.js").read_text("utf-8"))
    for tab in ("ask", "report", "queue", "work"):
        page.locator(f"#to-{tab}").click()
        page.wait_for_timeout(100)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert page.locator(".panel:visible").evaluate("p => p.scrollWidth - p.clientWidth") <= 0
        small = page.locator(
            "button:visible, select:visible, input:visible, summary:visible, .top a"
        ).evaluate_all(
            "all => all.map(e => [e.id || e.textContent, e.getBoundingClientRect().height])"
            ".filter(([, height]) => height < 44)"
        )
        assert small == []
        tiny = page.locator("main :visible").evaluate_all(
            "all => all.filter(e => !e.closest('.folium-map') && e.childNodes.length && [...e.childNodes]"
            ".some(n => n.nodeType === 3 && n.textContent.trim())"
            " && parseFloat(getComputedStyle(e).fontSize) < 16)"
            ".map(e => e.outerHTML.slice(0, 80))"
        )
        assert tiny == []
        found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
        grave = [
            (one["id"], [node["html"][:120] for node in one["nodes"]])
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]
        assert grave == []
        if lang == "zh":
            visit.shot(f"{tab}-{scheme}")
    words = page.locator("main").inner_text()
    if lang == "en":
        chrome = page.locator(".top h1, .tabs, #queue-note, #work-note").all_inner_texts()
        assert not re.search("[一-鿿]", " ".join(chrome)), words


def test_the_manifest_and_its_icons_are_whole(make: Make) -> None:
    visit = make()
    page = visit.open()
    link = page.locator("link[rel=manifest]").get_attribute("href")
    found = page.evaluate("href => fetch(href).then(a => a.json())", link)
    assert {"name", "short_name", "icons", "start_url", "scope", "display", "theme_color"} <= set(found)
    assert found["scope"] == "/field"
    sizes = page.evaluate(
        """icons => Promise.all(icons.filter(i => i.type === "image/png").map(async i => {
             const map = await createImageBitmap(await (await fetch(i.src)).blob());
             return [i.sizes, `${map.width}x${map.height}`]; }))""",
        found["icons"],
    )
    assert len(sizes) == 3
    assert all(said == real for said, real in sizes)
    session = visit.context.new_cdp_session(page)
    told = session.send("Page.getAppManifest")
    assert told["errors"] == []


def test_my_work_is_listed_moved_on_and_given_photos(make: Make, http_engine: Engine) -> None:
    visit = make(**at_spot())
    page = visit.open()
    page.locator("#to-work").click()
    expect(page.locator("#work-note")).to_contain_text("目前没有交给您的任务")
    page.locator("#to-ask").click()
    ask_here(page)
    file_here(page, "给自己")
    expect(page.locator("#queue .item")).to_have_attribute("data-state", "sent")
    number = page.evaluate("fetch('/api/feed?limit=1').then(a => a.json()).then(a => a.reports[0].id)")
    with open_session(http_engine) as session:
        account = session.execute(
            text("SELECT id FROM account WHERE name = :name"), {"name": visit.name}
        ).scalar_one()
    page.evaluate(
        """async ([id, account]) => {
          const { csrf } = await (await fetch("/api/session")).json();
          const headers = { "content-type": "application/json", "x-csrf-token": csrf };
          const body = JSON.stringify({ account, reason: "现场核实" });
          const answer = await fetch(`/api/reports/${id}/hand`, { method: "POST", headers, body });
          if (!answer.ok) throw new Error(await answer.text());
        }""",
        [number, account],
    )
    page.locator("#to-work").click()
    line = page.locator("#work .item")
    expect(line).to_have_count(1)
    expect(page.locator("#map_field path.report")).to_have_count(1)
    visit.shot("work")
    line.locator(".line").click()
    line.get_by_label("理由").fill("已到现场")
    line.get_by_label("转为").select_option("verifying")
    visit.shot("work-open")
    before = line.locator("form p").first.inner_text()
    line.get_by_role("button", name="提交").click()
    expect(line.locator("form p").first).not_to_have_text(before)
    with page.expect_file_chooser() as chooser:
        line.get_by_role("button", name="补充照片").click()
    chooser.value.set_files({"name": "later.jpg", "mimeType": "image/jpeg", "buffer": picture()})  # type: ignore[arg-type]
    page.locator("#to-queue").click()
    expect(page.locator("#queue .item[data-state=sent]")).to_have_count(2)
    told = page.evaluate("n => fetch(`/api/reports/${n}/evidence`).then(a => a.json())", number)
    assert [file["filename"] for file in told["items"]] == ["later.jpg"]
