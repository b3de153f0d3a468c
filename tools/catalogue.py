"""Bring the Chinese catalogue in step with the messages in the code: `python tools/catalogue.py`.

New messages come in empty (a test then fails until they are translated), messages that left the code leave
the catalogue. A file of further msgid/msgstr pairs may be given to take translations from.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).resolve().parent.parent
PO: Final = ROOT / "core" / "i18n" / "locale" / "zh_CN" / "LC_MESSAGES" / "zhijie.po"
ROOMS: Final = (
    *("accounts", "api", "cli", "core", "demo", "facts", "geo", "law", "layers", "live"),
    *("maps", "previews", "reports", "screening", "store", "verdict"),
)
KEYWORDS: Final = {"N_": None}


def code_files() -> list[Path]:
    """The files whose messages people read."""
    found: list[Path] = []
    for room in ROOMS:
        found += sorted((ROOT / room).rglob("*.py"))
    return [path for path in found if "migrations" not in path.parts]


def messages() -> dict[str, list[str]]:
    """Message id → the files that use it (line numbers left out: they would change with every edit)."""
    found: dict[str, list[str]] = {}
    for path in code_files():
        name = path.relative_to(ROOT).as_posix()
        for _line, message, _comments, _context in extract_from_file("python", path, keywords=KEYWORDS):
            if isinstance(message, str) and name not in found.setdefault(message, []):
                found[message].append(name)
    return found


def translations(path: Path) -> dict[str, str]:
    """Message id → Chinese of a catalogue; empty ones left out."""
    with path.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id and m.string}


def main(extra: list[str]) -> None:
    """Rewrite the catalogue and tell what is still empty."""
    known = translations(PO)
    for path in extra:
        known |= translations(Path(path))
    catalogue = Catalog(locale="zh_CN", project="zhijie", fuzzy=False)
    for message, places in sorted(messages().items()):
        catalogue.add(message, known.get(message, ""), locations=[(name, 0) for name in places])
    with PO.open("wb") as file:
        write_po(file, catalogue, width=0, omit_header=True, include_lineno=False)
    empty = [message for message in messages() if message not in known]
    print(f"{len(messages())} messages, {len(empty)} without Chinese")
    for message in empty:
        print("  ", message)


if __name__ == "__main__":
    main(sys.argv[1:])
