"""What people read: one gettext lookup for screens, documents, the command line and errors.

Message ids are English sentences with ``{named}`` places; the catalogue ``zh_CN`` holds the
Chinese that is shown first. A leaf room: every other room may import it, it imports none.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final, Literal

from babel.messages.pofile import read_po

Lang = Literal["zh", "en"]
LANGS: Final[tuple[Lang, ...]] = ("zh", "en")
LOCALES: Final = Path(__file__).parent / "locale"


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "mark, translate later"
    """Mark a message for extraction without translating it yet."""
    return message


def pick_lang(wanted: str | None, default: Lang = "zh") -> Lang:
    """Choose the language for an ``Accept-Language``-like wish; Chinese where nothing fits."""
    for part in (wanted or "").lower().replace("_", "-").split(","):
        tag = part.split(";")[0].strip()
        for lang in LANGS:
            if tag == lang or tag.startswith(lang + "-"):
                return lang
    return default


@cache
def catalogue(lang: Lang) -> dict[str, str]:
    """Message id → text for a language; English needs none, its ids are its texts."""
    if lang == "en":
        return {}
    with (LOCALES / "zh_CN" / "LC_MESSAGES" / "zhijie.po").open("rb") as file:
        messages = read_po(file)
    return {str(m.id): str(m.string) for m in messages if m.id and m.string}


def say(lang: Lang, message: str, /, **values: object) -> str:
    """Translate ``message`` and fill its ``{named}`` places."""
    text = catalogue(lang).get(message, message)
    return text.format(**values) if values else text
