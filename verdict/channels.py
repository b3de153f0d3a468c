"""Channels of reports: the position error that is assumed where one states none, and how they are called."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

from core.errors import BadInput
from core.i18n import LANGS, N_, say

CHANNELS: Final = {
    "api": N_("data interface"),
    "cli": N_("command line"),
    "drone": N_("drone"),
    "drone_rtk": N_("drone with RTK"),
    "field": N_("field page"),
    "file": N_("file of places"),
    "map": N_("map click"),
    "phone": N_("telephone"),
}
"""Names of the channels that are known; an installation may use others, which are shown by their code."""

SETTING: Final = "ZHIJIE_CHANNEL_ACCURACIES"
Accuracies = tuple[tuple[str, float], ...]  # pairs, not a mapping: limits are compared, hashed and printed


@lru_cache(maxsize=8)
def parse_accuracies(text: str) -> Accuracies:
    """(channel, 68 % radius in metres) from ``phone=15,drone_rtk=1``. Raises BadInput, field ``SETTING``."""
    pairs = tuple(_pair(part) for part in text.split(",") if part.strip())
    if not pairs:
        raise _unusable(text)
    return pairs


def _pair(part: str) -> tuple[str, float]:
    name, _, number = (piece.strip() for piece in part.partition("="))
    try:
        metres = float(number)
    except ValueError:
        raise _unusable(part) from None
    if not name or not math.isfinite(metres) or metres < 0:
        raise _unusable(part)
    return name, metres


def _unusable(part: str) -> BadInput:
    return BadInput(
        N_("“{part}” is not a channel and its position error."),
        field=SETTING,
        hint=N_("Write channel=metres, comma separated: phone=15,drone_rtk=1."),
        part=part.strip(),
    )


def default_accuracy_m(accuracies: Accuracies, channel: str) -> float:
    """The 68 % radius, metres, assumed of a channel; the largest of all for one that is not listed."""
    return dict(accuracies).get(channel, max(metres for _, metres in accuracies))


def channel_name(channel: str) -> dict[str, str]:
    """The name of a channel in both languages; its code where it has none."""
    name = CHANNELS.get(channel, channel)
    return {lang: say(lang, name) for lang in LANGS}
