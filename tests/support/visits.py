"""A window of a real browser on a page of the service, and what the browser did behind it."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page
from support.credentials import bearer

PHONE: Final = {"width": 360, "height": 740}
DESK: Final = {"width": 1280, "height": 900}
WALL: Final = {"width": 1920, "height": 1080}
TIMEOUT_MS: Final = 15_000
_IDEMPOTENCY_KEYS = itertools.count()


@dataclass
class Visit:
    """A window, and the requests, complaints and dialogs of its pages.

    Args:
        token: the session that the browser's cookie names; empty: not signed in.
        path: the page that ``open`` opens.
        ignored: errors and warnings of the console that are no complaint.
    """

    page: Page
    server: str
    token: str = ""
    path: str = "/"
    ignored: re.Pattern[str] | None = None
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.watch()

    @property
    def context(self) -> BrowserContext:
        """The browser profile of the window."""
        return self.page.context

    def watch(self) -> None:
        """Record what happens in the page; to be called again when another page takes its place."""
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(error.stack or str(error)))
        self.page.on("dialog", self._on_dialog)

    def _on_console(self, message: ConsoleMessage) -> None:
        is_complaint = message.type in ("error", "warning")
        if is_complaint and not (self.ignored and self.ignored.search(message.text)):
            self.complaints.append(message.text)

    def _on_dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def open(self, query: str = "") -> Page:
        """Open the page with a query and wait until its script has filled it."""
        self.page.goto(f"{self.server}{self.path}{'?' if query else ''}{query}")
        self.page.wait_for_selector("html[data-ready]")
        return self.page

    def ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """GET, or POST where there is a body, as whoever is signed in in the browser."""
        headers = {"content-type": "application/json", **bearer(self.token)}
        if path == "/api/reports":
            headers["idempotency-key"] = f"visit-{next(_IDEMPOTENCY_KEYS)}"
        data = json.dumps(body).encode() if body else None
        with urlopen(Request(self.server + path, data, headers)) as response:
            answer: dict[str, Any] = json.load(response)
        return answer

    def assert_quiet(self) -> None:
        """Nothing was asked of another host, nothing was complained of, no dialog opened."""
        own = {urlsplit(self.server).netloc, ""}
        foreign = [url for url in self.requests if urlsplit(url).netloc not in own]
        assert (foreign, self.complaints, self.dialogs) == ([], [], [])


@contextmanager
def new_context(
    browser: Browser, server: str, token: str, options: dict[str, Any]
) -> Iterator[BrowserContext]:
    """A fresh browser profile, signed in on a server where there is a token; closed afterwards."""
    context = browser.new_context(**{"locale": "zh-CN", **options})
    context.set_default_timeout(TIMEOUT_MS)
    if token:
        context.add_cookies([{"name": "zhijie", "value": token, "url": server}])
    try:
        yield context
    finally:
        context.close()


@contextmanager
def visiting(
    browser: Browser,
    server: str,
    token: str = "",
    *,
    path: str = "/",
    ignored: re.Pattern[str] | None = None,
    **options: Any,
) -> Iterator[Visit]:
    """A visit in a fresh browser profile; ``options`` are those of the browser's context."""
    with new_context(browser, server, token, options) as context:
        yield Visit(context.new_page(), server, token, path, ignored)
