"""Take the map's picture for README from a running server: `python tools/picture.py URL FILE [LANG]`.

The server should hold the shipped data only, as `make demo` leaves it.
"""

from __future__ import annotations

import shutil
import sys

from playwright.sync_api import ViewportSize, sync_playwright

SIZE: ViewportSize = {"width": 1440, "height": 900}


def main(url: str, file: str, lang: str = "zh") -> None:
    """Open the map, open the report's card, keep what is seen."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport=SIZE, locale="zh-CN")
        page.goto(f"{url}?lang={lang}")
        page.wait_for_selector("html[data-ready]")
        page.locator("path.report[role=button]").first.click()
        page.wait_for_selector(".leaflet-popup .report-card:has(dl)")
        page.wait_for_timeout(600)
        page.screenshot(path=file)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
