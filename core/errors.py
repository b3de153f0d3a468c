"""The tree of domain errors. No HTTP here: ``api/errors.py`` maps each class to a status.

An error says *which field* is wrong, *what* is wrong and *what helps*; both sentences are
message ids of the catalogues (see ``words``), filled with ``values``.
"""

from __future__ import annotations

from core.i18n import Lang, say


class ZhijieError(Exception):
    """Base of every error that a user can cause or meet."""

    def __init__(self, message: str, *, field: str = "", hint: str = "", **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.hint = hint
        self.values = values

    def detail(self, lang: Lang) -> str:
        """What is wrong, in words."""
        return say(lang, self.message, **self.values)

    def hint_text(self, lang: Lang) -> str:
        """What helps, in words; empty where there is nothing to do."""
        return say(lang, self.hint, **self.values) if self.hint else ""

    def line(self, lang: Lang) -> str:
        """One line for a terminal: field, detail, hint."""
        head = f"{self.field}: " if self.field else ""
        hint = self.hint_text(lang)
        return head + self.detail(lang) + (f" {hint}" if hint else "")

    def __str__(self) -> str:
        return self.line("en")


class BadInput(ZhijieError):
    """A value that was given cannot be used."""


class DatumRefused(BadInput):
    """The coordinates' datum is unknown or has no public way to CGCS2000."""


class BadGeometry(BadInput):
    """A footprint that is empty, crosses itself, is too large or is no polygon."""


class TooLarge(BadInput):
    """More than the service takes at once."""


class NotSignedIn(ZhijieError):
    """Nobody is known to ask, and the answer is not for everybody."""


class Forbidden(ZhijieError):
    """Who asks is known, and may not."""


class NotFound(ZhijieError):
    """Nothing has this identifier."""


class Conflict(ZhijieError):
    """The request contradicts what is stored, such as a used idempotency key."""


class BadData(ZhijieError):
    """A dataset that is to be loaded is wrong; nothing of it was kept."""


class StoreUnavailable(ZhijieError):
    """PostgreSQL/PostGIS cannot be reached or started."""
