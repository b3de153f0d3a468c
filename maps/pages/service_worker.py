"""The web manifest and the service worker's script, which make the officer's page an application.

The worker stores one set of files under one version. The version is a hash of all files and of both pages,
and each file is checked when it is fetched: a telephone has the old set or the new one, never a mixture.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from core.i18n import N_, Lang, say
from maps.parts import palette
from maps.parts.elements import STATIC, TAGS

FOLDER: Final = Path(__file__).resolve().parents[1] / "static"
WORKER: Final = FOLDER / "zhijie" / "field" / "sw.js"
MAIN: Final = FOLDER / "zhijie" / "field" / "main.js"
SHEETS: Final = ("palette", "page", "map", "field")
OTHER_FILES: Final = (
    "vendor/leaflet/leaflet.js",
    "vendor/leaflet/leaflet.css",
    "vendor/exifreader/exif-reader.js",
    "zhijie/icon.svg",
    "zhijie/icon-192.png",
)
# A regular expression suffices: our scripts have static imports only, one a line, with double quotes.
IMPORT: Final = re.compile(r'(?:from|import) "(\.[^"]+)"')
NAME: Final = N_("Zhijie field")
ABOUT: Final = N_("Whose ground is this, and may that stand on it? Also offline.")
MASKABLE: Final = 512  # pixels of the icon that systems may crop to a circle


def manifest(lang: Lang) -> dict[str, Any]:
    """The web application manifest."""
    icons: list[dict[str, str]] = [
        {"src": f"{STATIC}/zhijie/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png"}
        for size in (192, MASKABLE)
    ]
    return {
        "id": "/field",
        "name": say(lang, NAME),
        "short_name": say(lang, N_("Zhijie")),
        "description": say(lang, ABOUT),
        "lang": TAGS[lang],
        "start_url": f"/field?lang={lang}",
        "scope": "/field",
        "display": "standalone",
        "orientation": "portrait",
        "background_color": palette.DAY["land"],
        "theme_color": palette.DAY["panel"],
        "icons": [
            {"src": f"{STATIC}/zhijie/icon.svg", "sizes": "any", "type": "image/svg+xml"},
            *icons,
            {**icons[-1], "purpose": "maskable"},
        ],
    }


def shell_files() -> list[str]:
    """The files that the page needs, as paths under ``static``; scripts are found by following imports."""
    found: set[Path] = set()
    waiting = [MAIN]
    while waiting:
        script = waiting.pop()
        if script not in found:
            found.add(script)
            waiting += [
                (script.parent / name).resolve() for name in IMPORT.findall(script.read_text("utf-8"))
            ]
    scripts = [script.relative_to(FOLDER).as_posix() for script in found]
    return sorted((*scripts, *OTHER_FILES, *(f"zhijie/{name}.css" for name in SHEETS)))


def worker_script(pages: Mapping[Lang, str]) -> str:
    """The service worker: the list of files with their hashes, and the version, in front of its own file."""
    shell = {
        "pages": {lang: [f"/field?lang={lang}", _digest(html.encode())] for lang, html in pages.items()},
        "files": {f"{STATIC}/{name}": _digest((FOLDER / name).read_bytes()) for name in shell_files()},
    }
    script = WORKER.read_text(encoding="utf-8")
    # The worker's own text is part of the version: a changed worker must not take over an old cache.
    version = _digest(json.dumps([shell, script], sort_keys=True).encode())[:16]
    return f"self.shell = {json.dumps({'version': version, **shell}, sort_keys=True)};\n{script}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
