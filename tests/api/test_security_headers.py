"""Security headers: on every answer, never against what an answer says, and quiet in a real browser."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.middleware.security_headers import ALWAYS, DENY_ALL_CSP, SecurityHeadersMiddleware
from api.routers import reports
from maps.pages.public_map import map_page

EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
COUNTER = """
window.violations = [];
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample }) => {
  window.violations.push(`${violatedDirective} ${blockedURI} ${sample}`);
});
"""


def plain(request: Request) -> Response:
    return PlainTextResponse("x")


def own_mind(request: Request) -> Response:
    said = {
        "Content-Security-Policy": "sandbox",
        "X-Frame-Options": "SAMEORIGIN",
        "Cache-Control": "max-age=5",
    }
    return PlainTextResponse("x", headers=said)


@pytest.fixture(scope="module")
def small() -> Starlette:
    """An application that answers in two ways."""
    return Starlette(
        routes=[Route(path, end) for path in ("/", "/api/x") for end in (plain,)]
        + [Route("/api/own", own_mind)]
    )


def ask(app: Any, path: str, base: str = "http://testserver") -> dict[str, str]:
    return dict(TestClient(SecurityHeadersMiddleware(app), base_url=base).get(path).headers)


def test_what_is_missing_is_added(small: Starlette) -> None:
    found = ask(small, "/")
    assert {name.decode() for name, _ in ALWAYS} <= set(found)
    assert found.items() >= EVERYWHERE.items()
    assert found["content-security-policy"] == DENY_ALL_CSP
    assert found["permissions-policy"].startswith("camera=(self), geolocation=(self), ")
    assert "microphone=()" in found["permissions-policy"]
    assert "cache-control" not in found


def test_answers_of_the_api_are_kept_nowhere(small: Starlette) -> None:
    assert ask(small, "/api/x")["cache-control"] == "no-store"


def test_what_an_answer_says_stays(small: Starlette) -> None:
    found = ask(small, "/api/own")
    assert found["content-security-policy"] == "sandbox"
    assert found["x-frame-options"] == "SAMEORIGIN"
    assert found["cache-control"] == "max-age=5"
    assert found["x-content-type-options"] == "nosniff"


def test_https_is_demanded_only_over_https(small: Starlette) -> None:
    assert "strict-transport-security" not in ask(small, "/")
    assert ask(small, "/", "https://testserver")["strict-transport-security"] == "max-age=31536000"


def test_other_protocols_pass() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    with TestClient(SecurityHeadersMiddleware(app)):
        pass
    assert seen == ["lifespan"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/api/reports", 200),
        ("GET", "/nowhere", 404),
        ("POST", "/api/check", 422),
        ("DELETE", "/healthz", 405),
        ("GET", "/static/zhijie/map/main.js", 200),
        ("GET", "/static/zhijie/none.js", 404),
        ("GET", "/openapi.json", 200),
    ],
)
def test_the_service_says_them_with_every_answer(
    client: TestClient, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers.items() >= EVERYWHERE.items()
    assert answer.headers["content-security-policy"] == DENY_ALL_CSP


def test_so_do_answers_to_failures_of_its_own(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(reports, "fetch_report", fail)
    answer = client.get("/api/reports/1")
    assert answer.status_code == 500
    assert answer.headers.items() >= EVERYWHERE.items()
    assert answer.headers["cache-control"] == "no-store"


def test_a_body_too_large_is_refused_with_them(client: TestClient) -> None:
    answer = client.post("/api/check", content=b"x" * 2_000_001)
    assert answer.status_code == 413
    assert answer.headers.items() >= EVERYWHERE.items()


def test_the_static_files_are_asked_about_each_time(client: TestClient) -> None:
    assert client.get("/static/zhijie/map/main.js").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_send_a_policy_that_lets_in_no_foreign_script(client: TestClient, path: str) -> None:
    found = client.get(path).headers.get_list("content-security-policy")
    assert len(found) == 1
    rules = dict(rule.strip().split(" ", 1) for rule in found[0].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"].split()[0] == "'self'"
    assert rules["style-src"] == "'self'"
    assert rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert "unsafe" not in found[0]
    assert "http" not in found[0]


def test_the_policy_of_the_map_is_that_of_the_page_and_no_frames() -> None:
    page = map_page("zh")
    html = page.render()
    assert page.policy.endswith("; frame-ancestors 'none'")
    assert page.policy.removesuffix("; frame-ancestors 'none'").replace("'", "&#39;") in html


def test_the_description_has_no_script_of_its_own(client: TestClient) -> None:
    page = client.get("/docs").text
    assert page.count("<script") == page.count("></script>") == 2
    assert 'data-openapi="/openapi.json"' in page
    assert "style=" not in page


def try_check(page: Page) -> None:
    """Ask what the example of POST /api/check asks, as whoever is signed in."""
    page.click("#swagger-ui .opblock:has([data-path='/api/check']) .opblock-summary-control")
    page.click("#swagger-ui .is-open .try-out__btn")
    page.click("#swagger-ui .is-open .execute")
    answer = page.locator("#swagger-ui .live-responses-table .response .response-col_status")
    expect(answer).to_contain_text("200")


@pytest.mark.parametrize(
    ("path", "ready"),
    [("/", "html[data-ready]"), ("/docs", "#swagger-ui .opblock"), ("/login", "form"), ("/account", "#keys")],
)
def test_a_browser_has_nothing_to_complain_of(
    browser: Browser, live_server: str, live_session: str, path: str, ready: str
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN")
    context.add_cookies([{"name": "zhijie", "value": live_session, "url": live_server}])
    page = context.new_page()
    page.add_init_script(COUNTER)
    heard: list[str] = []
    hosts: set[str] = set()

    def hear(message: ConsoleMessage) -> None:
        heard.append(f"{message.type}: {message.text}")

    page.on("console", hear)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.goto(f"{live_server}{path}")
    page.wait_for_selector(ready)
    if path == "/docs":
        try_check(page)
    assert page.evaluate("window.violations") == []
    assert heard == []
    assert hosts - {urlsplit(live_server).netloc, ""} == set()
    context.close()
