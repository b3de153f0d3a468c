"""The current day in China: legal days are Chinese days, wherever the server is."""

from __future__ import annotations

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

CHINA: Final = ZoneInfo("Asia/Shanghai")


def today() -> dt.date:
    """The current day in China."""
    return dt.datetime.now(CHINA).date()
