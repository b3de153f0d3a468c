"""A telephone with the officer's page open, for tests in a real browser."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import Engine, text
from support.credentials import session_of, sign_up
from support.visits import PHONE, Visit, new_context

from accounts.postings import NewPosting
from store.engine import open_session

HERE = "140522201"
SPOT = (112.395, 35.625)  # in the reserve's core zone
GCJ = (112.401081, 35.624665)
NOISE = re.compile(r"ERR_INTERNET_DISCONNECTED|ERR_FAILED|status of 40[0-9]|status of 422")
SHOTS = os.environ.get("ZHIJIE_TEST_SHOTS")  # a folder for pictures of the screens, to be looked at


@dataclass
class Telephone(Visit):
    """A telephone with the officer's page, of the account ``name``."""

    engine: Engine = field(kw_only=True)
    name: str = field(kw_only=True)

    def open(self, query: str = "lang=zh") -> Page:
        """Open the page and wait until it has the pack and all its parts."""
        return super().open(query)

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


Make = Callable[..., Telephone]


def hire_officer(engine: Engine, role: str = "officer", reach: str = HERE) -> str:
    return sign_up(engine, NewPosting(role, reach), display_name="王五")


def phones(browser: Browser, server: str, owner: Engine, web: Engine) -> Iterator[Make]:
    """For a fixture: opens a telephone for somebody new, or by name; options are the browser context's.

    In the end nothing has left the server and nothing was complained of.
    """
    opened: list[Telephone] = []
    with ExitStack() as contexts:

        def open_phone(name: str | None = None, role: str = "officer", **options: Any) -> Telephone:
            person = name or hire_officer(owner, role)
            token = session_of(web, person)
            options = {"viewport": PHONE, "has_touch": True, **options}
            context = contexts.enter_context(new_context(browser, server, token, options))
            phone = Telephone(context.new_page(), server, token, "/field", NOISE, engine=owner, name=person)
            opened.append(phone)
            return phone

        yield open_phone
        for phone in opened:
            phone.assert_quiet()


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
    page.locator("#description").fill(words)
    page.get_by_role("button", name="提交上报").click()
    expect(page.locator("#queue .item")).not_to_have_count(0)
