"""Base class of all tables."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, Identity, Text
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, JSONB, TIMESTAMP, Range
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


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


class WithId:
    """Mixin: a primary key that the database generates."""

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
