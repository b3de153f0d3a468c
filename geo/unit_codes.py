"""Codes of administrative units (GB/T 2260 and extensions): ancestors are prefixes of a unit's code."""

from __future__ import annotations


def stem(code: str) -> str:
    """The prefix that a unit's code shares with its descendants: '140500' → '1405', '140522201' → itself."""
    # City and province codes are padded with zeros to six digits; longer codes are not.
    while len(code) == 6 and code.endswith("00") or len(code) == 4 and code.endswith("00"):
        code = code[:-2]
    return code


def contains(ancestor: str, code: str) -> bool:
    """Whether ``code`` is ``ancestor`` or one of its descendants."""
    return code.startswith(stem(ancestor))


def ancestor_codes(code: str) -> set[str]:
    """All codes that units above ``code`` may have, padded and not; ``code`` itself may be among them."""
    return {
        code[:2],
        f"{code[:2]}00",
        f"{code[:2]}0000",
        code[:4],
        f"{code[:4]}00",
        code[:6],
        code[:9],
        code[:12],
    }
