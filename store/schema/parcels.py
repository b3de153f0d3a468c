"""The table of parcels. Row security binds it: who reads a parcel has the right to it where it lies."""

from __future__ import annotations

import datetime as dt
from typing import Final

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, false
from sqlalchemy.dialects.postgresql import ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from store.schema.base import Base
from store.schema.datasets import SRID

NUMBER_MOST: Final = 100  # characters of a parcel's number


class Parcel(Base):
    """A registered piece of ground.

    ``land_class``: a code of ``scheme``; two schemes may give one code to different classes.
    ``official_area_m2``: as registered; None where the register does not tell. ``unit_code``: whose ground it
    is, by which readers' reach is measured. ``sample``: invented.
    """

    __tablename__ = "parcel"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"))
    number: Mapped[str]
    name: Mapped[str]
    scheme: Mapped[str]
    land_class: Mapped[str]
    official_area_m2: Mapped[float | None]
    unit_code: Mapped[str | None]
    sample: Mapped[bool] = mapped_column(server_default=false())
    valid: Mapped[Range[dt.date]]
    note: Mapped[str | None]
    geom: Mapped[WKBElement] = mapped_column(Geometry("MULTIPOLYGON", srid=SRID, spatial_index=False))

    __table_args__ = (
        ExcludeConstraint(
            ("source_id", "="),
            ("number", "="),
            ("valid", "&&"),
            using="gist",
            name="parcel_no_overlap_in_time",
        ),
        CheckConstraint("official_area_m2 > 0", name="parcel_area_positive"),
        Index("parcel_number", "number"),
        Index("parcel_geom", "geom", postgresql_using="gist"),
    )
