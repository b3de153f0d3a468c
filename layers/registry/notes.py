"""What a reader changed in a file so that it could be loaded, for the person who loads it."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.i18n import Lang, say


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that was changed. ``message``: a message id, to be filled with ``values``."""

    message: str
    values: dict[str, object] = field(default_factory=dict)

    def text(self, lang: Lang) -> str:
        """The note in a language."""
        return say(lang, self.message, **self.values)


Notes = list[Note]
