"""Signing in by an OpenID Connect provider: a real one, in a process of its own, driven by a browser."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import httpx2 as httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine
from support.servers import free_port, serving

from accounts.accounts import NewAccount, add_account, set_locked
from accounts.postings import NewPosting
from api.app import create_app
from core.errors import BadInput
from core.settings import ROOT, Settings
from store.engine import open_session

NODE = Path(sys.executable).with_name("node")


@dataclass(frozen=True)
class Place:
    """A server of ours and the provider that it trusts."""

    url: str
    issuer: str
    port: int

    def back(self) -> str:
        """Where the provider sends browsers back to."""
        return f"{self.url}/login/oidc/callback"


@contextmanager
def providing(port: int, back: str) -> Iterator[None]:
    """A provider's process, with a signing key of its own."""
    command = [NODE, "tests/support/oidc_provider.mjs", str(port), back]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline().strip() == "ready"
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # the venv's node is a script that starts node
        process.wait()
        process.stdout.close()


@pytest.fixture(scope="module")
def issuer_port(http_engine: Engine) -> int:
    """The provider's port; two accounts name subjects there, one of them locked."""
    port = free_port()
    with open_session(http_engine) as session:
        for name, subject in (("li-wei", "li.wei@bureau"), ("gone", "gone@bureau")):
            person = NewAccount(name, "李伟", None, f"http://127.0.0.1:{port}", subject)
            account = add_account(session, person, NewPosting("officer", "140522201"))
        set_locked(session, account, locked=True)
    return port


@pytest.fixture
def waiting(issuer_port: int, web_engine: Engine) -> Iterator[Place]:
    """Our server, and nobody yet where its provider should be."""
    issuer = f"http://127.0.0.1:{issuer_port}"
    told = {"oidc_client_id": "zhijie", "oidc_client_secret": "a-secret-of-the-tests"}
    settings = Settings(oidc_issuer=issuer, cookie_secure=False, **told)
    with serving(create_app(settings, web_engine)) as url:
        yield Place(url, issuer, issuer_port)


@pytest.fixture
def place(waiting: Place) -> Iterator[Place]:
    """Our server and its provider."""
    with providing(waiting.port, waiting.back()):
        yield waiting


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en")
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def sign_in_as(page: Page, place: Place, subject: str, following: str = "/") -> None:
    """Through the provider's own pages."""
    page.goto(f"{place.url}/login?lang=en&next={following}")
    page.get_by_role("link", name="Sign in with your organisation's account").click()
    page.locator("input[name=login]").fill(subject)
    page.locator("input[name=password]").fill("anything")
    page.locator("button[type=submit]").click()
    page.locator("button[type=submit]").click()  # consent


def status(page: Page) -> int:
    """Whether somebody is signed in."""
    found: int = page.evaluate("fetch('/api/session').then((answer) => answer.status)")
    return found


def test_whom_the_provider_vouches_for_is_signed_in(page: Page, place: Place) -> None:
    sign_in_as(page, place, "li.wei@bureau")
    page.wait_for_url(f"{place.url}/?lang=en")
    who = page.evaluate("fetch('/api/session').then((answer) => answer.json())")
    assert (who["name"], who["kind"]) == ("li-wei", "session")
    assert [posting["role"] for posting in who["postings"]] == ["officer"]
    (cookie,) = [cookie for cookie in page.context.cookies() if cookie["name"] == "zhijie"]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")


def test_the_way_through_the_provider_leads_where_one_wanted_to_go(page: Page, place: Place) -> None:
    sign_in_as(page, place, "li.wei@bureau", "/account")
    page.wait_for_url(f"{place.url}/account?lang=en")
    expect(page.get_by_role("heading", name="李伟")).to_be_visible()


@pytest.mark.parametrize("subject", ["stranger", "gone@bureau"])
def test_whom_no_open_account_names_is_not(page: Page, place: Place, subject: str) -> None:
    sign_in_as(page, place, subject)
    page.wait_for_url(f"{place.url}/login?refused=true")
    expect(page.get_by_role("alert")).to_contain_text("is not linked to an account here")
    assert status(page) == 401


def test_an_answer_that_was_not_asked_for_is_refused(place: Place) -> None:
    with httpx.Client(base_url=place.url) as client:
        forged = client.get("/login/oidc/callback?code=made-up&state=made-up")
        assert forged.headers["location"] == "/login?broken=true"
        started = client.get("/login/oidc")
        asked = parse_qs(urlsplit(started.headers["location"]).query)
        assert started.headers["location"].startswith(place.issuer)
        assert asked["code_challenge_method"] == ["S256"]
        assert asked["scope"] == ["openid"]
        assert asked["nonce"]
        assert asked["state"]
        for state in ("another", "", asked["state"][0]):  # the last is ours, with a code that is not theirs
            swapped = client.get("/login/oidc/callback", params={"code": "made-up", "state": state})
            assert swapped.headers["location"] == "/login?broken=true"
        assert client.get("/api/session").status_code == 401


def test_the_answer_to_one_browser_signs_no_other_in(page: Page, place: Place) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    sign_in_as(page, place, "li.wei@bureau")
    page.wait_for_url(f"{place.url}/?lang=en")
    (answer,) = [url for url in asked if url.startswith(place.back())]
    with httpx.Client(base_url=place.url) as victim:
        victim.get("/login/oidc")
        assert victim.get(answer).headers["location"] == "/login?broken=true"
        assert victim.get("/api/session").status_code == 401
    page.context.clear_cookies(name="zhijie")
    page.goto(answer)  # again, by the same browser
    page.wait_for_url(f"{place.url}/login?broken=true")
    assert status(page) == 401


def test_who_turns_back_at_the_provider_is_told_so(page: Page, place: Place) -> None:
    page.goto(f"{place.url}/login?lang=en")
    page.get_by_role("link", name="Sign in with your organisation's account").click()
    page.get_by_role("link", name="Cancel").click()
    page.wait_for_url(f"{place.url}/login?broken=true")
    expect(page.get_by_role("alert")).to_have_text("Signing in failed. Try again.")


def test_a_signature_by_another_key_is_refused(page: Page, waiting: Place) -> None:
    with providing(waiting.port, waiting.back()):
        sign_in_as(page, waiting, "li.wei@bureau")
        page.wait_for_url(f"{waiting.url}/?lang=en")
    page.context.clear_cookies()
    with providing(waiting.port, waiting.back()):  # calls its key as the one before did, which we know
        sign_in_as(page, waiting, "li.wei@bureau")
        page.wait_for_url(f"{waiting.url}/login?broken=true")
        assert status(page) == 401
        page.goto(f"{waiting.url}/login/oidc")  # its keys are asked for anew
        page.wait_for_url(f"{waiting.url}/")
        assert status(page) == 200


def test_a_provider_that_is_down_is_told(page: Page, waiting: Place) -> None:
    page.goto(f"{waiting.url}/login?lang=en&next=/account")
    with page.expect_response(re.compile("/login/oidc")) as answer:
        page.get_by_role("link", name="Sign in with your organisation's account").click()
    assert answer.value.status == 503
    expect(page.get_by_role("alert")).to_have_text("The identity provider does not answer.")
    expect(page.get_by_label("Password")).to_be_visible()
    back = httpx.get(f"{waiting.back()}?code=x&state=x")
    assert back.headers["location"] == "/login?broken=true"


def test_a_provider_that_goes_down_on_the_way_is_told(waiting: Place) -> None:
    with httpx.Client(base_url=waiting.url) as client:
        with providing(waiting.port, waiting.back()):
            asked = parse_qs(urlsplit(client.get("/login/oidc").headers["location"]).query)
        back = client.get("/login/oidc/callback", params={"code": "x", "state": asked["state"][0]})
        assert back.headers["location"] == "/login?broken=true"


@pytest.mark.parametrize("body", [b"not json", b"[]", b"{}", b'{"authorization_endpoint": 5}'])
def test_what_is_no_provider_is_told(waiting: Place, body: bytes) -> None:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", waiting.port), Answer) as other:
        Thread(target=other.serve_forever, daemon=True).start()
        answer = httpx.get(f"{waiting.url}/login/oidc")
        other.shutdown()
    assert answer.status_code == 503
    with providing(waiting.port, waiting.back()):
        assert httpx.get(f"{waiting.url}/login/oidc").status_code == 302


@pytest.mark.parametrize("missing", ["oidc_client_id", "oidc_client_secret"])
def test_half_a_configuration_is_refused_at_the_start(missing: str) -> None:
    given = {"oidc_issuer": "https://id.example", "oidc_client_id": "zhijie", "oidc_client_secret": "x"}
    with pytest.raises(BadInput) as fault:
        create_app(Settings(**given | {missing: None}))  # type: ignore[arg-type]
    assert fault.value.field == f"ZHIJIE_{missing.upper()}"
