"""Signing in by an OpenID Connect provider: a real one, in a process of its own, driven by a browser."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx
import pytest
from conftest import serving
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import Engine

from api.app import create_app
from cases.accounts import Person, Post, add_account
from geo.postgis import open_session
from geo.settings import ROOT, Settings

NODE = Path(sys.executable).with_name("node")
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@dataclass(frozen=True)
class Place:
    """A server of ours and the provider that it trusts."""

    url: str
    issuer: str
    provider: subprocess.Popen[str]


@pytest.fixture(scope="module")
def place(http_engine: Engine, web_engine: Engine) -> Iterator[Place]:
    theirs, ours = free_port(), free_port()
    issuer = f"http://127.0.0.1:{theirs}"
    with open_session(http_engine) as session:
        known = Person("li-wei", "李伟", None, issuer, "li.wei@bureau")
        add_account(session, known, Post("officer", "140522201"))
    command = [NODE, "tests/oidc_provider.mjs", str(theirs), f"http://127.0.0.1:{ours}/login/oidc/callback"]
    provider = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert provider.stdout is not None
    assert provider.stdout.readline().strip() == "ready"
    told = {"oidc_client_id": "zhijie", "oidc_client_secret": "a-secret-of-the-tests"}
    settings = Settings(oidc_issuer=issuer, cookie_secure=False, **told)
    with serving(create_app(settings, web_engine), ours) as url:
        yield Place(url, issuer, provider)
    provider.kill()
    provider.wait()
    provider.stdout.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en")
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def sign_in_as(page: Page, place: Place, subject: str) -> None:
    """Through the provider's own pages."""
    page.goto(f"{place.url}/login?lang=en")
    page.get_by_role("link", name="Sign in with the organisation's account").click()
    page.locator("input[name=login]").fill(subject)
    page.locator("input[name=password]").fill("anything")
    page.locator("button[type=submit]").click()
    page.locator("button[type=submit]").click()  # consent


def test_whom_the_provider_vouches_for_is_signed_in(page: Page, place: Place) -> None:
    sign_in_as(page, place, "li.wei@bureau")
    page.wait_for_url(f"{place.url}/")
    who = page.evaluate("fetch('/api/session').then((answer) => answer.json())")
    assert (who["name"], who["kind"]) == ("li-wei", "session")
    assert [posting["role"] for posting in who["postings"]] == ["officer"]


def test_whom_no_account_names_is_not(page: Page, place: Place) -> None:
    sign_in_as(page, place, "stranger")
    page.wait_for_url(f"{place.url}/login?refused=true")
    expect(page.get_by_text("has no account here").or_(page.get_by_text("没有对应账号"))).to_be_visible()
    assert page.evaluate("fetch('/api/session').then((answer) => answer.status)") == 401


def test_an_answer_that_was_not_asked_for_is_refused(place: Place) -> None:
    with httpx.Client(base_url=place.url) as client:
        forged = client.get("/login/oidc/callback?code=made-up&state=made-up")
        assert forged.headers["location"] == "/login?refused=true"
        started = client.get("/login/oidc")
        assert started.headers["location"].startswith(place.issuer)
        assert "code_challenge_method=S256" in started.headers["location"]
        swapped = client.get("/login/oidc/callback?code=made-up&state=another")
        assert swapped.headers["location"] == "/login?refused=true"
        assert client.get("/api/session").status_code == 401


def test_a_provider_that_is_down_is_told(web_engine: Engine) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    settings = Settings(
        oidc_issuer=nobody, oidc_client_id="zhijie", oidc_client_secret="x", cookie_secure=False
    )
    with serving(create_app(settings, web_engine)) as url:
        answer = httpx.get(f"{url}/login/oidc")
        back = httpx.get(f"{url}/login/oidc/callback?code=x&state=x")
    assert answer.status_code == 503
    assert answer.json()["mend"]
    assert back.status_code == 303
