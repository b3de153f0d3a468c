"""Signing in over HTTP: cookies, CSRF, what is not told, keys, and the pages in a browser."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, text
from support.credentials import bearer, hire

from accounts import sessions
from accounts.accounts import NewAccount, add_account, find_account, set_locked
from accounts.postings import NewPosting, end_postings
from api.app import create_app
from api.middleware import authentication as guard
from core.clock import today
from core.settings import Settings
from store.engine import open_session

WORD = "a long password"
HERE = "140522201"
REPORT = {"lon": 112.395, "lat": 35.625, "category": "livestock_farm", "as_of": "2022-08-21"}


@pytest.fixture
def name(http_engine: Engine, request: pytest.FixtureRequest) -> str:
    """An officer of this test's own."""
    made = re.sub("[^a-z0-9]", "-", request.node.originalname.lower())[:50]
    with open_session(http_engine) as session:
        add_account(session, NewAccount(made, "<b>王</b>", WORD), NewPosting("officer", HERE))
    return made


@pytest.fixture
def browserlike(web_engine: Engine) -> Iterator[TestClient]:
    """A client that keeps cookies, over HTTPS."""
    app = create_app(Settings(sign_in_rate="1000/second", anonymous_rate="1000/second"), web_engine)
    with TestClient(app, base_url="https://testserver", follow_redirects=False) as client:
        yield client


def enter(client: TestClient, name: str, word: str = WORD) -> str:
    """Sign in; the CSRF token."""
    answer = client.post("/api/session", json={"name": name, "password": word})
    assert answer.status_code == 200, answer.text
    return str(client.get("/api/session").json()["csrf"])


def test_the_cookie_is_for_this_host_and_no_script(browserlike: TestClient, name: str) -> None:
    answer = browserlike.post("/api/session", json={"name": name, "password": WORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-zhijie=zs_")
    for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=43200"):
        assert part in cookie
    assert "Domain" not in cookie


def test_wrong_unknown_locked_and_resting_are_answered_alike(
    browserlike: TestClient, name: str, http_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    usual = sessions.password_proof

    def counting(word: str, salt: str) -> bytes:
        counted.append(salt)
        return usual(word, salt)

    monkeypatch.setattr(sessions, "password_proof", counting)

    def attempt(who: str, word: str) -> tuple[int, bytes]:
        answer = browserlike.post("/api/session", json={"name": who, "password": word})
        return answer.status_code, answer.content

    wrong = attempt(name, "not the word")
    assert wrong[0] == 401
    assert attempt("nobody-at-all", WORD) == wrong
    for _ in range(4):
        attempt(name, "not the word")
    assert attempt(name, WORD) == wrong  # resting
    with open_session(http_engine) as session:
        set_locked(session, find_account(session, name), locked=True)
    assert attempt(name, WORD) == wrong  # locked
    assert len(counted) == 8  # the costly part was done each time
    assert len({len(salt) for salt in counted}) == 1


def test_what_changes_something_needs_the_csrf_token(browserlike: TestClient, name: str) -> None:
    csrf = enter(browserlike, name)
    key = {"Idempotency-Key": "by-page-1"}
    assert browserlike.get("/api/reports").status_code == 200
    for shown in ({}, {"X-CSRF-Token": "0" * 64}, {"X-CSRF-Token": "å"}, {"X-CSRF-Token": csrf[:-1]}):
        headers = {name: value.encode("latin-1") for name, value in (key | shown).items()}
        refused = browserlike.post("/api/reports", json=REPORT, headers=headers)
        assert (refused.status_code, refused.json()["field"]) == (403, "X-CSRF-Token")
    assert browserlike.post("/api/check", json=REPORT).status_code == 403
    assert browserlike.delete("/api/session").status_code == 403
    basic = {"Authorization": "Basic bm9ib2R5Og=="}  # as browsers send of themselves, too
    assert browserlike.post("/api/check", json=REPORT, headers=basic).status_code == 403
    token = browserlike.cookies["__Host-zhijie"]
    assert browserlike.post("/api/check", json=REPORT, headers=bearer(token)).status_code == 200
    assert browserlike.post("/api/check", json=REPORT, headers={"X-CSRF-Token": csrf}).status_code == 200
    filed = browserlike.post("/api/reports", json=REPORT, headers=key | {"X-CSRF-Token": csrf})
    assert filed.status_code == 201
    enter(browserlike, name)
    others = browserlike.post("/api/check", json=REPORT, headers={"X-CSRF-Token": csrf})
    assert others.status_code == 403  # that of another session


def test_a_form_of_another_site_signs_nobody_in(browserlike: TestClient, name: str) -> None:
    body = f'{{"name": "{name}", "password": "{WORD}"}}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = browserlike.post("/api/session", content=body, headers={"Content-Type": kind})
        assert answer.status_code == 422
        assert "set-cookie" not in answer.headers
    nameless = browserlike.post("/api/session", content=body.encode())
    assert "content-type" not in nameless.request.headers
    assert nameless.status_code == 422


@pytest.mark.parametrize("odd", ["\x00", "\ud800", "' OR 1=1 --", "İ" * 60, "张三"])
def test_odd_names_and_words_are_only_wrong(browserlike: TestClient, odd: str) -> None:
    for name, word in ((odd, WORD), ("somebody", odd)):
        body = json.dumps({"name": name, "password": word})
        answer = browserlike.post("/api/session", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (401, 422)


def test_a_token_that_was_planted_is_not_taken_over(browserlike: TestClient, name: str) -> None:
    planted = "zs_planted-by-somebody-else-0123456789"
    browserlike.cookies.set("__Host-zhijie", planted, domain="testserver.local", path="/")
    answer = browserlike.post("/api/session", json={"name": name, "password": WORD})
    assert answer.status_code == 200
    assert planted not in answer.headers["set-cookie"]
    assert browserlike.get("/api/session", headers=bearer(planted)).status_code == 401


def test_signing_out_ends_the_session_and_a_new_one_has_another_token(
    browserlike: TestClient, name: str
) -> None:
    csrf = enter(browserlike, name)
    first = browserlike.cookies["__Host-zhijie"]
    ended = browserlike.delete("/api/session", headers={"X-CSRF-Token": csrf})
    assert ended.status_code == 200
    assert "Max-Age=0" in ended.headers["set-cookie"]
    assert ended.headers["clear-site-data"] == '"cache"'
    assert browserlike.get("/api/session", headers=bearer(first)).status_code == 401
    enter(browserlike, name)
    assert browserlike.cookies["__Host-zhijie"] != first


def test_another_process_forgets_within_seconds(
    browserlike: TestClient,
    web_engine: Engine,
    http_engine: Engine,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guard, "CACHE_S", 0.5)
    csrf = {"X-CSRF-Token": enter(browserlike, name)}
    shown = bearer(browserlike.cookies["__Host-zhijie"])
    with TestClient(create_app(Settings(), web_engine)) as elsewhere:
        assert elsewhere.get("/api/session", headers=shown).status_code == 200
        browserlike.delete("/api/session", headers=csrf)
        assert elsewhere.get("/api/reports", headers=shown).status_code == 401  # the database knows at once
        time.sleep(0.6)
        assert elsewhere.get("/api/session", headers=shown).status_code == 401


def test_who_has_no_posting_any_more_may_nothing(
    browserlike: TestClient, http_engine: Engine, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "CACHE_S", 0.5)
    csrf = {"X-CSRF-Token": enter(browserlike, name)}
    filed = browserlike.post("/api/reports", json=REPORT, headers=csrf | {"Idempotency-Key": name})
    assert filed.status_code == 201
    assert browserlike.get("/api/reports").json()["features"]
    with open_session(http_engine) as session:
        end_postings(session, find_account(session, name), today())
    assert browserlike.get("/api/reports").json()["features"] == []  # row security asks anew
    time.sleep(0.6)
    assert browserlike.get("/api/reports").status_code == 403
    assert browserlike.post("/api/check", json=REPORT, headers=csrf).status_code == 403


def test_a_new_password_ends_the_other_sessions(browserlike: TestClient, name: str) -> None:
    enter(browserlike, name)
    other = browserlike.cookies["__Host-zhijie"]
    browserlike.cookies.clear()
    csrf = {"X-CSRF-Token": enter(browserlike, name)}
    wrong = browserlike.post("/api/session/password", json={"old": "wrong", "new": WORD + "2"}, headers=csrf)
    weak = browserlike.post("/api/session/password", json={"old": WORD, "new": "short"}, headers=csrf)
    assert (wrong.status_code, weak.status_code) == (422, 422)
    done = browserlike.post("/api/session/password", json={"old": WORD, "new": WORD + "2"}, headers=csrf)
    assert done.status_code == 200
    assert browserlike.get("/api/reports").status_code == 200
    assert browserlike.get("/api/reports", headers=bearer(other)).status_code == 401  # asks the database
    browserlike.cookies.clear()
    enter(browserlike, name, WORD + "2")


def test_who_changes_the_password_is_asked_about_the_keys(
    browserlike: TestClient, name: str, http_engine: Engine
) -> None:
    csrf = {"X-CSRF-Token": enter(browserlike, name)}
    for asked, left in (({"end_keys": False}, 200), ({"end_keys": True}, 401), ({}, 401)):
        key = browserlike.post("/api/keys", json={"label": "夜间批量"}, headers=csrf).json()["key"]
        words = {"old": WORD, "new": WORD, **asked}
        assert browserlike.post("/api/session/password", json=words, headers=csrf).status_code == 200
        answer = browserlike.get("/api/reports", headers=bearer(key))  # asks the database
        assert answer.status_code == left, asked
        last = browserlike.get("/api/keys").json()["keys"][-1]
        assert (last["revoked_at"] is None) == (left == 200)
    with open_session(http_engine) as session:
        ended = session.execute(
            text(
                "SELECT body::jsonb -> 'after' -> 'keys' FROM journal JOIN account a"
                " ON journal.subject = 'account/' || a.id WHERE action = 'password'"
                " AND a.name = :name ORDER BY seq"
            ),
            {"name": name},
        ).scalars()
        assert list(ended) == [0, 2, 1]  # the second ends the key that the first has left, too


def test_a_wrong_password_ends_no_key(browserlike: TestClient, name: str) -> None:
    csrf = {"X-CSRF-Token": enter(browserlike, name)}
    key = browserlike.post("/api/keys", json={}, headers=csrf).json()["key"]
    wrong = browserlike.post("/api/session/password", json={"old": "wrong", "new": WORD}, headers=csrf)
    assert wrong.status_code == 422
    assert browserlike.get("/api/reports", headers=bearer(key)).status_code == 200


def test_a_key_is_told_once_kept_as_a_hash_and_may_what_its_scopes_say(
    browserlike: TestClient, name: str, http_engine: Engine
) -> None:
    csrf = {"X-CSRF-Token": enter(browserlike, name)}
    made = browserlike.post("/api/keys", json={"label": "夜间批量", "scopes": ["check"]}, headers=csrf)
    assert made.status_code == 201
    key = made.json()["key"]
    assert key not in browserlike.get("/api/keys").text
    with open_session(http_engine) as session:
        assert key not in str(session.execute(text("SELECT * FROM credential")).all())
        assert key not in str(session.execute(text("SELECT body FROM journal")).all())
    browserlike.cookies.clear()
    shown = bearer(key)
    assert browserlike.post("/api/check", json=REPORT, headers=shown).status_code == 200
    filing = browserlike.post("/api/reports", json=REPORT, headers={**shown, "Idempotency-Key": "k"})
    assert filing.status_code == 403
    assert browserlike.get("/api/reports", headers=shown).status_code == 403
    assert browserlike.post("/api/keys", json={}, headers=shown).status_code == 403
    unknown = hire(http_engine, NewPosting("officer", HERE))
    assert browserlike.delete(f"/api/keys/{made.json()['id']}", headers=bearer(unknown)).status_code == 404


def test_what_has_run_out_opens_nothing(browserlike: TestClient, http_engine: Engine, name: str) -> None:
    key = hire(http_engine, NewPosting("officer", HERE))
    enter(browserlike, name)
    token = browserlike.cookies["__Host-zhijie"]
    browserlike.app.state.known.forget(token)  # type: ignore[attr-defined]
    with open_session(http_engine) as session:
        session.execute(text("UPDATE credential SET expires_at = now() - interval '1 second'"))
    for shown in (key, token):
        assert browserlike.get("/api/session", headers=bearer(shown)).status_code == 401
    assert browserlike.get("/account").headers["location"] == "/login?next=/account"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil",
        "\\evil",
        "/\t/evil",
        "/a\r\nX: y",
        "javascript:x",
        "",
        "account",
    ],
)
def test_the_way_on_stays_on_this_host(browserlike: TestClient, target: str) -> None:
    page = browserlike.get("/login", params={"next": target})
    assert page.status_code == 200
    assert 'data-next="/"' in page.text


def test_the_way_on_keeps_its_own_questions_and_the_language(browserlike: TestClient) -> None:
    page = browserlike.get("/login", params={"next": "/docs?a=1&refused=true", "lang": "en"}).text
    assert 'data-next="/docs?a=1&amp;refused=true&amp;lang=en"' in page
    assert 'href="?lang=zh&amp;next=/docs%3Fa%3D1%26refused%3Dtrue%26lang%3Den"' in page


def test_names_are_text_on_the_page(browserlike: TestClient, name: str) -> None:
    enter(browserlike, name)
    page = browserlike.get("/account").text
    assert "&lt;b&gt;王&lt;/b&gt;" in page
    assert "<b>王" not in page


# ---- in a browser -------------------------------------------------------------------------------------


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A telephone's window that takes note of what goes wrong."""
    context = browser.new_context(locale="en", viewport={"width": 360, "height": 740})
    context.set_default_timeout(15_000)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    yield page
    context.close()
    assert faults == []


def test_a_person_signs_in_makes_a_key_and_signs_out(page: Page, live_server: str, name: str) -> None:
    page.goto(f"{live_server}/?lang=en")
    expect(page).to_have_url(re.compile("/login"))
    page.get_by_label("Account").fill(name)
    page.get_by_label("Password").fill("not the word")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Wrong name or password")
    page.get_by_label("Password").fill(WORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server}/?lang=en")
    page.goto(f"{live_server}/account?lang=en")
    expect(page.get_by_role("heading")).to_have_text(
        ["Zhijie", re.compile("王"), "Change password", "API keys"]
    )
    page.get_by_label("Purpose").fill("nightly")
    page.get_by_role("button", name="Create key").click()
    expect(page.locator("#made code")).to_contain_text("zk_")
    expect(page.locator("#keys li")).to_have_count(1)
    page.get_by_role("button", name="Revoke").click()
    expect(page.locator("#keys li")).to_contain_text("revoked")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{live_server}/login?lang=en")
    page.goto(f"{live_server}/account")
    expect(page).to_have_url(re.compile("/login"))
