"""The officer's page in a real browser, on a telephone's screen, with the net and without."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from conftest import session_of
from pictures import exif, picture
from playwright.sync_api import Browser, BrowserContext, Error, Locator, Page, Route, expect
from sqlalchemy import Engine, text

from api.routers import field as field_room
from cases.accounts import Person, Post, add_account
from geo.postgis import open_session
from geo.settings import ROOT
from maps import fieldshell

WORD = "a long password"
PHONE = {"width": 360, "height": 740}
HERE = "140522201"
SPOT = (112.395, 35.625)  # in the reserve's core zone
GCJ = (112.401081, 35.624665)
NOISE = re.compile(r"ERR_INTERNET_DISCONNECTED|ERR_FAILED|status of 40[0-9]|status of 422")
SHOTS = os.environ.get("ZHIJIE_TEST_SHOTS")  # a folder for pictures of the screens, to be looked at


@dataclass
class Visit:
    """A telephone with the page open, and what its browser did behind it."""

    context: BrowserContext
    page: Page
    server: str
    engine: Engine
    name: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Keep every request and complaint."""
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda said: self._said(said.type, said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(error.stack or str(error)))

    def _said(self, kind: str, told: str) -> None:
        if kind in ("error", "warning") and not NOISE.search(told):
            self.complaints.append(told)

    def foreign(self) -> list[str]:
        """Requests to any other host."""
        ours = urlsplit(self.server).netloc
        return [url for url in self.requests if urlsplit(url).netloc not in {ours, ""}]

    def open(self, query: str = "?lang=zh") -> Page:
        """Open the page and wait until it has the pack and all its parts."""
        self.page.goto(f"{self.server}/field{query}")
        self.page.wait_for_selector("html[data-ready]")
        return self.page

    def kept(self) -> None:
        """Wait until the telephone keeps the page."""
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        self.page.evaluate(
            """() => navigator.serviceWorker.controller ? true : new Promise(
                 (done) => navigator.serviceWorker.addEventListener("controllerchange", () => done(true)))"""
        )

    def shot(self, name: str) -> None:
        """A picture of the screen, where somebody wants to look."""
        if SHOTS:
            self.page.wait_for_timeout(300)
            self.page.screenshot(path=Path(SHOTS) / f"field-{name}.png")

    def count(self) -> int:
        """How many reports this person has filed."""
        with open_session(self.engine) as session:
            found = session.execute(
                text(
                    "SELECT count(*) FROM report r JOIN account a ON a.id = r.filed_by WHERE a.name = :name"
                ),
                {"name": self.name},
            )
            return int(found.scalar_one())


Make = Callable[..., Visit]


def hire_officer(engine: Engine, role: str = "officer", reach: str = HERE) -> str:
    name = f"u{secrets.token_hex(4)}"
    with open_session(engine) as session:
        add_account(session, Person(name, "王五", WORD), Post(role, reach))
    return name


@pytest.fixture
def make(browser: Browser, live_server: str, http_engine: Engine, web_engine: Engine) -> Iterator[Make]:
    """Opens a telephone for somebody new, or for somebody by name; options are the browser context's."""
    made: list[Visit] = []

    def open_phone(name: str | None = None, role: str = "officer", **options: Any) -> Visit:
        person = name or hire_officer(http_engine, role)
        given = {"viewport": PHONE, "locale": "zh-CN", "has_touch": True, **options}
        context = browser.new_context(**given)
        context.set_default_timeout(15_000)
        token = session_of(web_engine, person)
        context.add_cookies([{"name": "zhijie", "value": token, "url": live_server}])
        visit = Visit(context, context.new_page(), live_server, http_engine, person)
        visit.watch()
        made.append(visit)
        return visit

    yield open_phone
    for visit in made:
        told = (visit.foreign(), visit.complaints)
        visit.context.close()
        assert told == ([], [])


def at_spot(**more: Any) -> dict[str, Any]:
    """Options of a telephone that stands at the spot."""
    place = {"longitude": SPOT[0], "latitude": SPOT[1], "accuracy": 12}
    return {"geolocation": place, "permissions": ["geolocation"], **more}


def answer(page: Page) -> Locator:
    return page.locator("#answer .verdict")


def tap_map(page: Page, dx: int = 0, dy: int = 0) -> None:
    box = page.locator("#map_field").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2 + dx, box["y"] + box["height"] / 2 + dy)


def choose(page: Page, matter: str = "livestock_farm") -> None:
    page.locator("#matter").select_option(matter)


def ask_here(page: Page) -> None:
    choose(page)
    page.locator("#by-gps").click()
    expect(answer(page)).to_be_visible()


def file_here(page: Page, words: str, photo: bytes | None = None) -> None:
    """File a report at the place that was asked about."""
    page.locator("#to-report").click()
    if photo is not None:
        chosen = {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": photo}
        page.locator("#gallery-file").set_input_files(chosen)  # type: ignore[arg-type]
        expect(page.locator("#photos li")).to_have_count(1)
    page.locator("#told").fill(words)
    page.get_by_role("button", name="提交上报").click()
    expect(page.locator("#queue .item")).not_to_have_count(0)


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


def test_a_photo_says_where_it_was_taken(make: Make) -> None:
    visit = make()
    page = visit.open()
    choose(page)
    taken = picture(exif=exif(*SPOT, taken="2026:08:21 10:00:00"))
    page.locator("#photo-place").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": taken}  # type: ignore[arg-type]
    )
    expect(answer(page).locator(".ground")).to_contain_text("寺头乡")
    expect(answer(page)).to_contain_text("位置误差 20 米")
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


def test_offline_the_telephone_judges_and_sends_later(make: Make) -> None:
    visit = make(**at_spot())
    page = visit.open()
    visit.kept()
    visit.context.set_offline(True)
    ask_here(page)
    card = answer(page)
    expect(card).to_have_attribute("data-offline", "true")
    expect(card).to_have_attribute("data-effect", "prohibited")
    expect(card.locator(".stamp")).to_contain_text("离线 · 数据截至")
    expect(page.locator("#net")).to_contain_text("离线")
    visit.shot("offline")
    file_here(page, "离线上报", picture(size=(320, 240)))
    item = page.locator("#queue .item")
    expect(item).to_have_attribute("data-state", "waiting")
    expect(item).to_contain_text("尚未送达")
    expect(page.locator("#queue-note")).to_contain_text("离线：1 件待发")
    visit.shot("queue-offline")
    assert visit.count() == 0
    visit.context.set_offline(False)
    expect(item).to_have_attribute("data-state", "sent")
    expect(item).to_contain_text("原图已发 1/1")
    expect(item.locator(".side").nth(0)).to_contain_text("禁止")
    expect(item.locator(".side").nth(1)).to_contain_text("禁止")
    assert visit.count() == 1
    visit.shot("queue-sent")


def test_a_closed_page_loses_nothing_and_opens_without_a_net(make: Make) -> None:
    visit = make(**at_spot())
    page = visit.open()
    visit.kept()
    visit.context.set_offline(True)
    ask_here(page)
    file_here(page, "关掉页面", picture(size=(320, 240)))
    page.close()
    visit.page = visit.context.new_page()
    visit.watch()
    page = visit.open()
    page.locator("#to-queue").click()
    item = page.locator("#queue .item")
    expect(item).to_have_attribute("data-state", "waiting")
    expect(page.locator("#to-queue")).to_have_attribute("data-count", "1")
    page.locator("#to-ask").click()
    ask_here(page)
    expect(answer(page)).to_have_attribute("data-offline", "true")
    visit.context.set_offline(False)
    page.locator("#to-queue").click()
    page.get_by_role("button", name="立即发送").click()
    expect(item).to_have_attribute("data-state", "sent")
    expect(page.locator("#net")).to_contain_text("在线")
    assert visit.count() == 1


def test_once_also_when_the_answer_was_lost(make: Make) -> None:
    visit = make(**at_spot())
    page = visit.open()
    ask_here(page)
    lost: list[int] = []

    def lose(route: Route) -> None:
        if route.request.method != "POST" or lost:
            route.continue_()
            return
        came = route.fetch()  # the server has it
        lost.append(came.status)
        route.abort()

    page.route("**/api/reports", lose)
    file_here(page, "答复丢失")
    item = page.locator("#queue .item")
    expect(item).to_have_attribute("data-state", "waiting")
    assert lost == [201]
    assert visit.count() == 1
    page.get_by_role("button", name="立即发送").click()
    expect(item).to_have_attribute("data-state", "sent")
    assert visit.count() == 1


def test_two_windows_send_a_report_once(make: Make) -> None:
    visit = make(**at_spot())
    page = visit.open()
    visit.kept()
    visit.context.set_offline(True)
    ask_here(page)
    file_here(page, "两个窗口", picture(size=(320, 240)))
    second = visit.context.new_page()
    second.goto(f"{visit.server}/field?lang=zh")
    second.locator("#to-queue").click()
    expect(second.locator("#queue .item")).to_have_count(1)
    visit.context.set_offline(False)
    second.get_by_role("button", name="立即发送").click()
    for window in (page, second):
        expect(window.locator("#queue .item")).to_have_attribute("data-state", "sent")
    assert visit.count() == 1


def test_the_service_s_verdict_stands_beside_the_telephone_s(make: Make) -> None:
    visit = make(**at_spot())
    page = visit.open()
    ask_here(page)

    def another(route: Route) -> None:
        came = route.fetch()
        told = {**came.json(), "effect": "permit_required"}
        told["words"]["headline"] = "须许可"
        route.fulfill(response=came, json=told)

    page.route("**/api/reports", another)
    file_here(page, "两个结论")
    item = page.locator("#queue .item")
    expect(item.locator(".side").nth(0)).to_contain_text("禁止")
    expect(item.locator(".side").nth(1)).to_contain_text("须许可")
    expect(item.locator(".differs")).to_contain_text("以服务结论为准")
    visit.shot("differs")


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


def test_what_the_service_refuses_says_why(make: Make) -> None:
    visit = make(**at_spot())
    page = visit.open()
    ask_here(page)
    problem = {"detail": "这一事项已停用。", "mend": "换一个。", "status": 422}

    def refuse(route: Route) -> None:
        route.fulfill(status=422, content_type="application/problem+json", body=json.dumps(problem))

    page.route("**/api/reports", refuse)
    file_here(page, "被拒绝")
    item = page.locator("#queue .item")
    expect(item).to_have_attribute("data-state", "refused")
    expect(item).to_contain_text("这一事项已停用。 换一个。")
    page.unroute("**/api/reports", refuse)
    item.get_by_role("button", name="重试").click()
    expect(item).to_have_attribute("data-state", "sent")


def test_a_queue_is_its_owner_s(make: Make, http_engine: Engine, web_engine: Engine) -> None:
    visit = make(**at_spot())
    page = visit.open()
    visit.kept()
    visit.context.set_offline(True)
    ask_here(page)
    file_here(page, "我的")
    visit.context.set_offline(False)
    expect(page.locator("#queue .item")).to_have_attribute("data-state", "sent")
    visit.context.set_offline(True)
    page.locator("#to-ask").click()
    file_here(page, "我的第二件")
    visit.context.clear_cookies()
    visit.context.set_offline(False)
    expect(page.locator("#banner")).to_contain_text("您已退出登录")
    expect(page.locator("#queue .item").first).to_have_attribute("data-state", "waiting")
    visit.shot("signed-out")
    visit.open()
    page.locator("#to-queue").click()
    expect(page.locator("#queue .item")).to_have_count(0)
    other = hire_officer(http_engine)
    cookie = {"name": "zhijie", "url": visit.server}
    visit.context.add_cookies([{**cookie, "value": session_of(web_engine, other)}])  # type: ignore[list-item]
    visit.open()
    page.locator("#to-queue").click()
    expect(page.locator("#queue-note")).to_contain_text("没有待发内容")
    expect(page.locator("#queue .item")).to_have_count(0)
    assert visit.count() == 1
    visit.context.add_cookies([{**cookie, "value": session_of(web_engine, visit.name)}])  # type: ignore[list-item]
    visit.open()
    page.locator("#to-queue").click()
    expect(page.locator("#queue .item[data-state=sent]")).to_have_count(2)
    assert visit.count() == 2


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
    page = visit.open(f"?lang={lang}")
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


def test_the_worker_keeps_one_whole_version(make: Make) -> None:
    visit = make()
    page = visit.open()
    visit.kept()
    names = page.evaluate("caches.keys()")
    assert len(names) == 1
    kept = page.evaluate(
        "name => caches.open(name).then(c => c.keys()).then(all => all.map(r => new URL(r.url).pathname))",
        names[0],
    )
    assert kept.count("/field") == 2
    loaded = {urlsplit(url).path for url in visit.requests if "/static/" in url}
    assert loaded - set(kept) <= {"/static/zhijie/icon-180.png"}


def versions(page: Page) -> list[str]:
    names: list[str] = page.evaluate("caches.keys()")
    return names


def test_a_new_version_takes_the_old_one_s_place(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = make()
    page = visit.open()
    visit.kept()
    (old,) = versions(page)
    shipped = fieldshell.worker_script
    renewed = "// another version\n"

    def newer(pages: Any) -> str:
        script = shipped(pages)
        return renewed + re.sub(r'"version": "[0-9a-f]+"', '"version": "another"', script)

    monkeypatch.setattr(field_room, "worker_script", newer)
    page.reload()  # it takes over at once where nothing is begun, and the page comes anew
    for _ in range(100):
        with suppress(Error):  # the page is being exchanged
            if versions(page) == ["zhijie-field-another"]:
                break
        page.wait_for_timeout(100)
    page.wait_for_selector("html[data-ready]")
    expect(page.locator("#matter")).to_be_enabled()
    assert versions(page) == ["zhijie-field-another"] != [old]


def test_a_new_version_waits_for_what_is_being_written(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = make()
    page = visit.open()
    visit.kept()
    page.locator("#to-report").click()
    page.locator("#told").fill("写到一半")
    shipped = fieldshell.worker_script
    monkeypatch.setattr(
        field_room,
        "worker_script",
        lambda pages: re.sub(r'"version": "[0-9a-f]+"', '"version": "another"', shipped(pages)),
    )
    page.evaluate("navigator.serviceWorker.getRegistration('/field').then((one) => one.update())")
    expect(page.locator("#banner")).to_contain_text("本页有新版本", timeout=15_000)
    expect(page.locator("#told")).to_have_value("写到一半")
    page.get_by_role("button", name="更新").click()
    expect(page.locator("#banner")).to_contain_text("本页有新版本")
    expect(page.locator("#told")).to_have_value("写到一半")
    page.locator("#told").fill("")
    page.get_by_role("button", name="更新").click()
    page.wait_for_selector("html[data-ready]")
    expect(page.locator("#banner")).to_be_hidden()
    assert versions(page) == ["zhijie-field-another"]


def test_a_set_of_files_that_is_not_whole_is_not_taken(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = make()
    page = visit.open()
    visit.kept()
    before = versions(page)
    shipped = fieldshell.worker_script

    def torn(pages: Any) -> str:
        """The server was renewed between the telling and the fetching: one file is of another version."""
        script = re.sub(r'"version": "[0-9a-f]+"', '"version": "torn"', shipped(pages))
        return re.sub(r'(field/main\.js": ")[0-9a-f]{4}', r"\g<1>0000", script)

    monkeypatch.setattr(field_room, "worker_script", torn)
    failed = page.evaluate(
        """async () => {
          const registration = await navigator.serviceWorker.getRegistration("/field");
          await registration.update();
          const fresh = registration.installing;
          if (!fresh) return "none";
          await new Promise((done) => fresh.addEventListener("statechange", done));
          return fresh.state;
        }"""
    )
    assert failed == "redundant"
    assert versions(page) == before


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
