"""Unit codes carry their ancestry: GB/T 2260 and its longer siblings, where a prefix is an ancestor."""

from __future__ import annotations


def stem(code: str) -> str:
    """The part of a code that its descendants begin with: '140500' → '1405', '140522201' → itself."""
    while len(code) == 6 and code.endswith("00") or len(code) == 4 and code.endswith("00"):
        code = code[:-2]
    return code


def contains(ancestor: str, code: str) -> bool:
    """Whether ``code`` is ``ancestor`` or lies under it."""
    return code.startswith(stem(ancestor))


def ancestor_codes(code: str) -> set[str]:
    """The codes that a unit above this one may have, in the forms in use; its own may be among them."""
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
