"""Texts in Chinese and English: one gettext lookup for screens, documents, command line and errors.

Message ids are English sentences with ``{named}`` placeholders; the catalogue ``zh_CN`` holds the Chinese
texts, which are shown by default. ``make messages`` brings the catalogue up to date.
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


def pick_lang(header: str | None, default: Lang = "zh") -> Lang:
    """The first supported language of an ``Accept-Language`` header; ``default`` where there is none."""
    for part in (header or "").lower().replace("_", "-").split(","):
        tag = part.split(";")[0].strip()
        for lang in LANGS:
            if tag == lang or tag.startswith(lang + "-"):
                return lang
    return default


@cache
def catalogue(lang: Lang) -> dict[str, str]:
    """Message id → text in a language; empty for English, whose texts are the ids."""
    if lang == "en":
        return {}
    with (LOCALES / "zh_CN" / "LC_MESSAGES" / "zhijie.po").open("rb") as file:
        messages = read_po(file)
    return {str(m.id): str(m.string) for m in messages if m.id and m.string}


def say(lang: Lang, message: str, /, **values: object) -> str:
    """Translate a message and fill in its ``{named}`` placeholders."""
    text = catalogue(lang).get(message, message)
    # Without values the text is returned as it is: some texts hold braces of their own.
    return text.format(**values) if values else text
