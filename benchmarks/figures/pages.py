"""The pages as their users meet them: the command centre over a million reports, the officer's answer.

The command centre is opened by Debian's Chromium on this machine, signed in, with nothing kept before; it
counts as open when it says so itself: layers begun, feed and figures there. The officer's answer is a check
of a place in the city and the parcel under it, as the page asks for them.
"""

from __future__ import annotations

import secrets
import shutil
import statistics
import time
from typing import Final

import httpx2 as httpx
import numpy as np
from playwright.sync_api import Browser, sync_playwright

from accounts.accounts import NewAccount, add_account
from accounts.postings import NewPosting
from benchmarks.bench import Bench
from benchmarks.livestore import CITY, LiveStore, open_live_store
from benchmarks.results import FULL, Row, figure
from benchmarks.services import HOST, SERVE, running
from store.engine import make_engine, open_session

VIEW: Final = {"width": 1920, "height": 1080}
OPEN_S: Final = 2.0
HTML_KB: Final = 200.0
ANSWERS: Final = {FULL: 1_000, "quick": 100}
ANSWER_MS: Final = 150.0
READY: Final = "html[data-ready=true]"
ON_ITS_WAY: Final = ".leaflet-tile:not(.leaflet-tile-loaded)"
PLAIN_HTTP: Final = {"ZHIJIE_COOKIE_SECURE": "false", "ZHIJIE_SIGN_IN_RATE": "1000/second"}


def measure(bench: Bench) -> list[Row]:
    """Both pages."""
    size = bench.size.name
    bench.say("pages: a store with many reports, some minutes where it is not kept from an earlier run")
    with open_live_store(size) as store, running(SERVE, store.environment() | PLAIN_HTTP) as port:
        return [
            *_command(bench, store, f"http://{HOST}:{port}"),
            _answer(size, store, f"http://{HOST}:{port}"),
        ]


def _person(store: LiveStore, role: str) -> tuple[str, str]:
    name, word = f"bench-{secrets.token_hex(6)}", secrets.token_urlsafe(12)
    engine = make_engine(store.settings)
    with open_session(engine) as session:
        add_account(session, NewAccount(name, "", word), NewPosting(role, CITY))
    engine.dispose()
    return name, word


def _session(url: str, name: str, word: str) -> str:
    answer = httpx.post(f"{url}/api/session", json={"name": name, "password": word})
    answer.raise_for_status()
    return next(iter(answer.cookies.values()))


def _command(bench: Bench, store: LiveStore, url: str) -> list[Row]:
    token = _session(url, *_person(store, "command"))
    html = httpx.get(f"{url}/command", cookies={"zhijie": token}).content
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        found = [_opened(browser, url, token) for _ in range(bench.rounds + 1)][1:]
        browser.close()
    ready, drawn = (statistics.median(times) for times in zip(*found, strict=True))
    size, group = bench.size.name, "the command centre"
    name = f"/command with {store.reports:,} reports in Chromium"
    return [
        figure(f"{name}: time to open", group, "s", ready, size, at_most=OPEN_S, rounds=len(found)),
        figure(f"{name}: time until every tile is drawn", group, "s", drawn, size, rounds=len(found)),
        figure("/command: its HTML", group, "kB", len(html) / 1e3, size, at_most=HTML_KB),
    ]


def _opened(browser: Browser, url: str, token: str) -> tuple[float, float]:
    """Seconds until the page says that it is ready, and until no tile is on its way any more."""
    context = browser.new_context(viewport=VIEW, locale="zh-CN")  # type: ignore[arg-type]
    context.add_cookies([{"name": "zhijie", "value": token, "url": url}])
    page = context.new_page()
    begin = time.perf_counter()
    page.goto(f"{url}/command", wait_until="commit")
    page.wait_for_selector(READY)
    ready = time.perf_counter() - begin
    page.locator(ON_ITS_WAY).first.wait_for(state="detached")
    drawn = time.perf_counter() - begin
    context.close()
    return ready, drawn


def _answer(size: str, store: LiveStore, url: str) -> Row:
    """95 of 100 answers to an officer: the verdict on a place, and the parcel under it."""
    token = _session(url, *_person(store, "officer"))
    csrf = httpx.get(f"{url}/api/session", cookies={"zhijie": token}).json()["csrf"]
    draw = np.random.default_rng(1)
    places = draw.uniform((112.2, 35.4), (113.2, 35.8), (ANSWERS[size], 2)).tolist()
    taken = []
    with httpx.Client(base_url=url, cookies={"zhijie": token}, headers={"X-CSRF-Token": csrf}) as client:
        for lon, lat in places:
            asked = {"lon": lon, "lat": lat, "category": "livestock_farm", "accuracy_m": 15}
            begin = time.perf_counter()
            client.post("/api/check", json=asked).raise_for_status()
            parcel = client.get("/api/parcels/at", params={"lon": lon, "lat": lat})
            taken.append((time.perf_counter() - begin) * 1e3)
            if parcel.status_code not in (200, 404):  # most places have no parcel
                parcel.raise_for_status()
    p95 = float(np.percentile(taken, 95))
    note = "a check, followed by the parcel at the place"
    return figure(
        "the officer's answer over HTTP: 95th percentile",
        "the officer",
        "ms",
        p95,
        size,
        at_most=ANSWER_MS,
        note=note,
    )
