"""Numbers of journal steps as clients see them: sealed, so that they tell nothing of what others do.

The journal numbers the steps of all accounts. Whoever saw these numbers rise could tell when something hidden
happens: a reporter's data being looked at, a sign-in to an account that exists.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Final

from core.errors import BadInput
from core.i18n import N_

NONCE: Final = 6  # bytes
NUMBER: Final = 8
TAG: Final = 6
SEALED_LENGTH: Final = 27  # characters of a sealed number
MARK_LENGTH: Final = 10


class Seal:
    """Seals numbers with a key that all processes of an installation have, and opens them again."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def hide(self, step: int) -> str:
        """Return a number, 27 characters of base64url; another text each time."""
        nonce = secrets.token_bytes(NONCE)
        sealed = nonce + self._masked(nonce, step.to_bytes(NUMBER, "big"))
        return base64.urlsafe_b64encode(sealed + self._tag(sealed)).decode().rstrip("=")

    def show(self, text: str) -> int:
        """Return the number that ``hide`` sealed. Raises BadInput for any other text."""
        raw = _decoded(text)
        sealed, tag = raw[: NONCE + NUMBER], raw[NONCE + NUMBER :]
        if not hmac.compare_digest(tag, self._tag(sealed)):
            raise BadInput(
                N_("{number} is no number of this event stream."),
                field="after",
                hint=N_("Give the id of the last event received, unchanged."),
                number=text[:40],
            )
        return int.from_bytes(self._masked(sealed[:NONCE], sealed[NONCE:]), "big")

    def mark(self, *values: object) -> str:
        """Return a short text that is the same for the same values and cannot be guessed from them."""
        return self._digest(b"mark", repr(values).encode()).hex()[:MARK_LENGTH]

    def _digest(self, purpose: bytes, what: bytes) -> bytes:
        return hmac.digest(self._key, purpose + b"|" + what, hashlib.sha256)

    def _tag(self, sealed: bytes) -> bytes:
        return self._digest(b"tag", sealed)[:TAG]

    def _masked(self, nonce: bytes, number: bytes) -> bytes:
        mask = self._digest(b"mask", nonce)
        return bytes(one ^ other for one, other in zip(number, mask, strict=False))


def _decoded(text: str) -> bytes:
    """The bytes of base64url without padding; no bytes where it is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return b""
