"""The pages of accounts in a real browser: by keyboard, on a telephone, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, text
from support.credentials import WORD, sign_up
from support.servers import serving
from support.visits import DESK, PHONE, Visit, visiting

from accounts.postings import NewPosting
from api.app import create_app
from core.settings import Settings
from store.engine import open_session

REFUSALS = re.compile(r"status of 40[13]|status of 422")  # browsers print each answer that refuses


def sign_in(visit: Visit, name: str, word: str = WORD, lang: str = "en") -> Page:
    """Sign in by the form and go to the account."""
    page = visit.page
    page.goto(f"{visit.server}/login?lang={lang}&next=/account")
    page.locator("#name").fill(name)
    page.locator("#password").fill(word)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{visit.server}/account?lang={lang}")
    return page


@pytest.fixture
def visit(browser: Browser, live_server: str, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A window of nobody in particular; a parameter is its viewport."""
    viewport = getattr(request, "param", PHONE)
    with visiting(browser, live_server, ignored=REFUSALS, locale="en", viewport=viewport) as visit:
        yield visit
        visit.assert_quiet()


@pytest.fixture
def name(http_engine: Engine) -> str:
    """An officer of this test's own."""
    return sign_up(http_engine, NewPosting("officer", "140522201"), display_name="<b>王五</b>")


@pytest.mark.parametrize("visit", [PHONE, DESK], indirect=True, ids=["phone", "desk"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_pages_fit_and_speak_one_language(visit: Visit, name: str, lang: str) -> None:
    page = sign_in(visit, name, lang=lang)
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN" if lang == "zh" else "en")
    expect(page.get_by_role("heading", level=2).first).to_contain_text("<b>王五</b>")
    for path in ("/account", "/login"):
        page.goto(f"{visit.server}{path}?lang={lang}")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert page.locator("input:visible, button:visible").evaluate_all(
            "all => all.every(one => one.type === 'checkbox' || one.getBoundingClientRect().height >= 44)"
        )
    words = page.locator(".sheet").inner_text().replace("中文", "").replace("English", "")
    assert bool(re.search("[一-鿿]", words)) == (lang == "zh")


def test_everything_is_done_by_keyboard(visit: Visit, name: str) -> None:
    page, press = visit.page, visit.page.keyboard
    page.goto(f"{visit.server}/?lang=en")
    page.wait_for_url(f"{visit.server}/login?lang=en")
    expect(page.get_by_label("Account")).to_be_focused()  # the browser does so after the page has loaded
    press.type(name)
    press.press("Tab")
    press.type("not the word")
    press.press("Enter")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Wrong name or password")
    press.type(WORD)  # the wrong one is selected, and written over
    press.press("Enter")
    page.wait_for_url(f"{visit.server}/?lang=en")
    page.get_by_role("link", name="Account").focus()
    press.press("Enter")
    page.wait_for_url(f"{visit.server}/account?lang=en")
    press.press("Tab")
    expect(page.get_by_role("link", name="To the map")).to_be_focused()
    press.press("Tab")
    expect(page.get_by_role("button", name="Sign out")).to_be_focused()
    press.press("Enter")
    page.wait_for_url(f"{visit.server}/login?lang=en")
    expect(page.get_by_label("Account")).to_be_focused()
    page.goto(f"{visit.server}/account?lang=en")
    page.wait_for_url(f"{visit.server}/login?next=/account&lang=en")


def test_a_password_is_changed(visit: Visit, name: str) -> None:
    page = sign_in(visit, name)
    form = page.locator("#change")
    form.get_by_label("Current password").fill("not the word")
    form.get_by_label("New password").fill(f"{WORD} 2")
    form.get_by_role("button").click()
    expect(form.get_by_role("alert")).to_contain_text("The current password is wrong")
    form.get_by_label("Current password").fill(WORD)
    form.get_by_role("button").click()
    expect(form.get_by_role("alert")).to_contain_text("Password changed")
    expect(form.get_by_label("New password")).to_have_value("")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{visit.server}/login?lang=en")
    sign_in(visit, name, f"{WORD} 2")


@pytest.mark.parametrize("ends", [True, False])
def test_a_new_password_ends_the_keys_if_wanted(visit: Visit, name: str, ends: bool) -> None:
    page = sign_in(visit, name)
    page.get_by_label("Purpose").fill("nightly")
    page.get_by_role("button", name="Create key").click()
    line = page.locator("#keys li")
    expect(line).to_contain_text("nightly")
    form = page.locator("#change")
    form.get_by_label("Current password").fill(WORD)
    form.get_by_label("New password").fill(f"{WORD} 2")
    box = form.get_by_role("checkbox", name="Revoke my API keys, too")
    expect(box).to_be_checked()
    box.set_checked(ends)
    form.get_by_role("button").click()
    expect(form.get_by_role("alert")).to_contain_text("Password changed")
    if ends:
        expect(line).to_contain_text("revoked")
    else:
        expect(line.get_by_role("button")).to_be_visible()


def test_a_key_is_shown_once_and_ended(visit: Visit, name: str) -> None:
    page = sign_in(visit, name)
    expect(page.locator("#keys ul")).to_be_hidden()
    page.get_by_label("Purpose").fill("<i>nightly</i>")
    for box in page.locator("input[name=scope]").all()[1:]:
        box.uncheck()
    page.get_by_role("button", name="Create key").click()
    told = page.locator("#made code")
    expect(told).to_contain_text("zk_")
    key = told.inner_text()
    line = page.locator("#keys li")
    expect(line).to_contain_text("<i>nightly</i>")
    expect(line).to_contain_text("check places and view the map layers")
    page.reload()
    expect(line).to_have_count(1)
    assert key not in page.content()
    page.get_by_role("button", name="Revoke").click()
    expect(line).to_contain_text("revoked")


def test_whose_session_has_ended_is_asked_to_sign_in(visit: Visit, name: str, http_engine: Engine) -> None:
    page = sign_in(visit, name)
    page.wait_for_timeout(5_500)  # for as long a session is known without asking the database
    with open_session(http_engine) as session:
        session.execute(text("UPDATE credential SET revoked_at = now() WHERE revoked_at IS NULL"))
    page.get_by_label("Purpose").fill("nightly")
    page.get_by_role("button", name="Create key").click()
    page.wait_for_url(f"{visit.server}/login?next=%2Faccount&lang=en")


def test_signing_out_takes_what_the_browser_has_cached_and_leaves_what_it_stores(
    visit: Visit, name: str, http_engine: Engine
) -> None:
    """The next account at a shared computer gets no tile of the one before, by the same address either."""
    tile = "/api/tiles/parcels/0/13/6653/3215.mvt"
    fetched = (
        f"fetch('{tile}').then((answer) => answer.headers.get('x-request-id') ?? answer.headers.get('date'))"
    )
    page = sign_in(visit, name)
    page.evaluate(
        """async () => {
          localStorage.setItem('kept', '1');
          await (await caches.open('kept')).put('/kept', new Response('1'));
        }"""
    )
    first = page.evaluate(fetched)
    page.wait_for_timeout(1_100)  # the answer's date counts seconds
    assert page.evaluate(fetched) == first  # out of the browser's cache
    page.goto(f"{visit.server}/account?lang=en")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{visit.server}/login?lang=en")
    assert page.evaluate(f"fetch('{tile}', {{cache: 'force-cache'}}).then((answer) => answer.status)") == 401
    page = sign_in(visit, sign_up(http_engine, NewPosting("officer", "140581")))
    assert page.evaluate(fetched) != first
    kept = "caches.match('/kept').then((found) => [localStorage.getItem('kept'), found !== undefined])"
    assert page.evaluate(kept) == ["1", True]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_secure_cookies_work_on_the_own_machine(
    browser: Browser, web_engine: Engine, name: str, host: str
) -> None:
    """`zhijie serve` and the demonstration open like that, without TLS."""
    with serving(create_app(Settings(), web_engine)) as url:
        server = url.replace("127.0.0.1", host)
        with visiting(browser, server, locale="en", viewport=PHONE) as visit:
            page = sign_in(visit, name)
            (cookie,) = visit.context.cookies()
            assert (cookie["name"], cookie["secure"], cookie["httpOnly"]) == ("__Host-zhijie", True, True)
            assert page.evaluate("fetch('/api/session').then((answer) => answer.status)") == 200
            page.get_by_role("button", name="Sign out").click()
            page.wait_for_url(f"{server}/login?lang=en")
            assert visit.context.cookies() == []
