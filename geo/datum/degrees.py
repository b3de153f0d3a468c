"""Reads a coordinate as people write it: decimal, or degrees, minutes and seconds, in the usual spellings.

Accepted: ``112.395``, ``112.395°E``, ``112°23′42″``, ``112°23'42.5"E``, ``东经112度23分42秒``, ``112 23 42``,
``112:23:42``, ``112-23-42``, ``112d23m42s``; minutes may carry the fraction (``112°23.7′``). A plain number
may as well be metres of a projected system.
"""

from __future__ import annotations

import re
from typing import Final

from core.errors import BadInput
from core.i18n import N_

NOT_A_COORDINATE: Final = N_("{value} is not a coordinate.")
COORDINATE_HINT: Final = N_(
    "Give decimal degrees, degrees, minutes and seconds such as 112°23′42″, or metres with a projected datum."
)
NUMBER: Final = r"\d+(?:\.\d*)?|\.\d+"
HEAD: Final = r"(?:(?P<head>[NSEW]|[东西]经|[南北]纬)\s*)?(?P<sign>[+-]?)\s*"
TAIL: Final = r"\s*(?P<tail>[NSEW]|[东西]经|[南北]纬)?"
MARKED: Final = (  # each unit is named by its sign
    rf"(?P<d>{NUMBER})\s*[°º˚度d]"
    rf"(?:\s*(?P<m>{NUMBER})\s*['′’‘分m](?:\s*(?P<s>{NUMBER})\s*(?:[\"″”“秒s]|''|′′|’’))?)?"
)
BARE: Final = rf"(?P<d>\d+)(?P<by>[\s:-])(?P<m>{NUMBER})(?:(?P=by)(?P<s>{NUMBER}))?"  # one separator
PLAIN: Final = rf"(?P<d>{NUMBER})(?P<m>)(?P<s>)"  # with a hemisphere
SPELLINGS: Final = tuple(re.compile(HEAD + body + TAIL) for body in (MARKED, BARE, PLAIN))
# full-width signs, as Chinese input methods give them; digits of every script are read by Python itself
PLAIN_SIGNS: Final = str.maketrans("：－＋．，＇＂　", ":-+.,'\"\u0020")
WEST_SOUTH: Final = ("W", "S", "西经", "南纬")


def parse_coordinate(text: str) -> float | None:
    """The number of a coordinate; degrees, minutes and seconds as decimal degrees; None for other text."""
    text = " ".join(text.translate(PLAIN_SIGNS).split())
    try:
        return float(text)
    except ValueError:
        pass
    found = next((match for spelling in SPELLINGS if (match := spelling.fullmatch(text))), None)
    return None if found is None else _degrees(found)


def _degrees(found: re.Match[str]) -> float | None:
    """Decimal degrees; None where minutes or seconds reach 60, or a part before the last has a fraction."""
    parts = [part for part in (found["d"], found["m"], found["s"]) if part]
    marks = [mark for mark in (found["head"], found["tail"]) if mark]
    if len(marks) > 1 or (marks and found["sign"]) or any("." in part for part in parts[:-1]):
        return None
    degrees, minutes, seconds = (float(part) for part in (*parts, "0", "0")[:3])
    if minutes >= 60 or seconds >= 60:
        return None
    value = degrees + minutes / 60 + seconds / 3600
    return -value if found["sign"] == "-" or (marks and marks[0] in WEST_SOUTH) else value


def read_coordinate(field: str, text: str) -> float:
    """The number of a coordinate. Raises BadInput, with this field, for text that is none."""
    value = parse_coordinate(text)
    if value is None:
        raise BadInput(NOT_A_COORDINATE, field=field, hint=COORDINATE_HINT, value=repr(text[:40]))
    return value
