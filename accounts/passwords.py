"""Password hashing: argon2id salts and proofs.

The database never receives a password, nor anything a stolen copy of it could sign in with. It stores a
*proof*: the SHA-256 of the argon2id string that the password yields with the account's salt.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import unicodedata
from typing import Final

from argon2.low_level import Type, hash_secret
from argon2.profiles import RFC_9106_LOW_MEMORY as COST

from core.errors import BadInput
from core.i18n import N_

PASSWORD_MIN_CHARS: Final = 10
PASSWORD_MAX_CHARS: Final = 200  # bounds what one sign-in attempt costs to hash
_MIN_DISTINCT: Final = 4  # different characters: refuses "aaaaaaaaaa" and "abababab"
ARGON2_PREFIX: Final = (
    f"$argon2id$v={COST.version}$m={COST.memory_cost},t={COST.time_cost},p={COST.parallelism}$"
)
_SALT: Final = re.compile(r"\$argon2id\$v=(\d+)\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]{11,88})")


def new_password_proof(password: str) -> tuple[str, bytes]:
    """Return (salt with its argon2 parameters, proof) for a new password.

    Raises:
        BadInput: The password is too short, too long or too repetitive.
    """
    length_ok = PASSWORD_MIN_CHARS <= len(password) <= PASSWORD_MAX_CHARS
    if not length_ok or len(set(password)) < _MIN_DISTINCT:
        raise BadInput(
            N_("A password needs {least} to {most} characters, with at least four different ones."),
            field="password",
            hint=N_("Choose another."),
            least=PASSWORD_MIN_CHARS,
            most=PASSWORD_MAX_CHARS,
        )
    salt = ARGON2_PREFIX + base64.b64encode(secrets.token_bytes(16)).decode().rstrip("=")
    return salt, password_proof(password, salt)


def password_proof(password: str, salt: str) -> bytes:
    """Return the SHA-256 of the argon2id string that a password yields with a salt.

    The cost parameters are read from the salt, so that proofs made with older parameters stay valid.

    Args:
        salt: argon2 parameters and salt, ``$argon2id$v=…$m=…,t=…,p=…$…``. For anything else the result
            matches no stored proof, but takes as long to compute: the time does not reveal which accounts
            have a password.
    """
    parts = _SALT.fullmatch(salt) or _SALT.fullmatch(ARGON2_PREFIX + "A" * 22)
    assert parts is not None
    version, memory, time, lanes, encoded = parts.groups()
    argon2_string = hash_secret(
        # NFKC: full-width and half-width input methods yield the same password
        unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass"),
        base64.b64decode(encoded + "=" * (-len(encoded) % 4)),
        time_cost=int(time),
        memory_cost=int(memory),
        parallelism=int(lanes),
        hash_len=COST.hash_len,
        type=Type.ID,
        version=int(version),
    )
    return hashlib.sha256(argon2_string).digest()
