"""Translation of tables of message ids."""

from __future__ import annotations

from collections.abc import Mapping

from core.i18n import Lang, say


def translated(lang: Lang, table: Mapping[str, str]) -> dict[str, str]:
    """Key → text in a language; ``{named}`` places are kept for the scripts to fill."""
    return {key: say(lang, message) for key, message in table.items()}
