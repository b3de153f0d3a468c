"""Base class of all tables."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, Text
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, JSONB, TIMESTAMP, Range
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """Declarative base; maps Python types to PostgreSQL's."""

    type_annotation_map = {
        str: Text,
        dt.datetime: TIMESTAMP(timezone=True),
        dict[str, Any]: JSONB,
        list[str]: ARRAY(Text),
        list[int]: ARRAY(BigInteger),
        Range[dt.date]: DATERANGE,
    }
