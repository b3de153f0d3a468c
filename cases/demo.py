"""The story that `make demo` tells: a pig farm on forest land inside a reserve, filed like any report."""

from __future__ import annotations

import datetime as dt
from typing import Final

from cases.inquiry import Inquiry
from cases.intake import Submission

STORY_KEY: Final = "demo-anshang-pig-farm-2022"
STORY: Final = Submission(
    Inquiry(
        category="livestock_farm",
        x=112.395,
        y=35.625,
        datum="cgcs2000",
        accuracy_m=15.0,
        as_of=dt.date(2022, 8, 21),
        channel="demo",
    ),
    description="【示例】安上村村民未经批准，在集体林地上建养猪场；位置为示意点，并非真实地点。",
    sample=True,
)
