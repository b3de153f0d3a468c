"""Tokens of sessions and API keys."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

SESSION_PREFIX: Final = "zs"
KEY_PREFIX: Final = "zk"


def new_token(prefix: str) -> tuple[str, bytes]:
    """Return (token, its SHA-256). Only the hash is stored, so the token cannot be recovered later.

    Args:
        prefix: ``SESSION_PREFIX`` or ``KEY_PREFIX``; makes a leaked token recognisable in logs and
            repositories.
    """
    token = f"{prefix}_{secrets.token_urlsafe(32)}"
    return token, hashlib.sha256(token.encode()).digest()
