"""The domain errors, without HTTP: ``api/errors.py`` maps each class to a status.

An error names the *field* that is wrong, says *what* is wrong, and gives a *hint* that helps. Both
sentences are message ids of the catalogue (``core.i18n``), filled with ``values``.
"""

from __future__ import annotations

from core.i18n import Lang, say


class ZhijieError(Exception):
    """Base class of every error that is shown to a user."""

    def __init__(self, message: str, *, field: str = "", hint: str = "", **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.hint = hint
        self.values = values

    def detail(self, lang: Lang) -> str:
        """What is wrong, in a language."""
        return say(lang, self.message, **self.values)

    def hint_text(self, lang: Lang) -> str:
        """What helps, in a language; empty where nothing does."""
        return say(lang, self.hint, **self.values) if self.hint else ""

    def line(self, lang: Lang) -> str:
        """One line for a terminal: field, detail, hint."""
        head = f"{self.field}: " if self.field else ""
        hint = self.hint_text(lang)
        return head + self.detail(lang) + (f" {hint}" if hint else "")

    def __str__(self) -> str:
        return self.line("en")


class BadInput(ZhijieError):
    """An input value cannot be used."""


class DatumRefused(BadInput):
    """The datum of the coordinates is unknown, or has no public conversion to CGCS2000."""


class BadGeometry(BadInput):
    """A footprint is empty, self-intersecting, too large, or not a polygon."""


class TooLarge(BadInput):
    """The input exceeds a limit on size or number."""


class NotSignedIn(ZhijieError):
    """The request has no valid credential, and its answer is not public."""


class Forbidden(ZhijieError):
    """The account lacks the right."""


class NotFound(ZhijieError):
    """No object has this identifier."""


class Conflict(ZhijieError):
    """The request contradicts what is stored, such as a used idempotency key."""


class BadData(ZhijieError):
    """A dataset to be loaded is invalid; nothing of it was stored."""


class Altered(ZhijieError):
    """What is stored is not what was stored, so it is not shown."""


class StoreUnavailable(ZhijieError):
    """PostgreSQL/PostGIS cannot be reached or started."""
