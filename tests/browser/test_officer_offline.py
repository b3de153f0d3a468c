"""The officer's page with the net cut and back: queue, once and no more, one whole version of the page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, Page, Route, expect
from sqlalchemy import Engine
from support.credentials import session_of
from support.phones import Make, answer, ask_here, at_spot, file_here, hire_officer, phones
from support.pictures import picture

from api.routers import officer as field_room
from maps.pages import service_worker as fieldshell

pytestmark = pytest.mark.long


@pytest.fixture
def make(browser: Browser, live_server: str, http_engine: Engine, web_engine: Engine) -> Iterator[Make]:
    """Opens telephones."""
    yield from phones(browser, live_server, http_engine, web_engine)


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


def test_what_the_service_refuses_says_why(make: Make) -> None:
    visit = make(**at_spot())
    page = visit.open()
    ask_here(page)
    problem = {"detail": "这一事项已停用。", "hint": "换一个。", "status": 422}

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
    page.locator("#description").fill("写到一半")
    shipped = fieldshell.worker_script
    monkeypatch.setattr(
        field_room,
        "worker_script",
        lambda pages: re.sub(r'"version": "[0-9a-f]+"', '"version": "another"', shipped(pages)),
    )
    page.evaluate("navigator.serviceWorker.getRegistration('/field').then((one) => one.update())")
    expect(page.locator("#banner")).to_contain_text("本页有新版本", timeout=15_000)
    expect(page.locator("#description")).to_have_value("写到一半")
    page.get_by_role("button", name="更新").click()
    expect(page.locator("#banner")).to_contain_text("本页有新版本")
    expect(page.locator("#description")).to_have_value("写到一半")
    page.locator("#description").fill("")
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
