"""The table of parcels. Row security shows a parcel to accounts with the right in the area it lies in."""

from __future__ import annotations

from typing import Final

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, Index, false
from sqlalchemy.orm import Mapped, mapped_column

from store.schema.base import Base
from store.schema.datasets import SRID, DatasetRow, no_overlap_in_time

NUMBER_MAX_CHARS: Final = 100  # of a parcel's number


class Parcel(DatasetRow, Base):
    """A registered parcel of land.

    Attributes:
        scheme: Land classification that ``land_class`` is a code of; one code can mean different classes in
            two schemes.
        official_area_m2: As registered; None if the register has no area.
        unit_code: Unit it lies in; row security compares it with the reach of postings.
        sample: Whether it is fictional.
    """

    __tablename__ = "parcel"

    number: Mapped[str]
    name: Mapped[str]
    scheme: Mapped[str]
    land_class: Mapped[str]
    official_area_m2: Mapped[float | None]
    unit_code: Mapped[str | None]
    sample: Mapped[bool] = mapped_column(server_default=false())
    note: Mapped[str | None]
    geom: Mapped[WKBElement] = mapped_column(Geometry("MULTIPOLYGON", srid=SRID, spatial_index=False))

    __table_args__ = (
        no_overlap_in_time("parcel", "number"),
        CheckConstraint("official_area_m2 > 0", name="parcel_area_positive"),
        Index("parcel_number", "number"),
        Index("parcel_geom", "geom", postgresql_using="gist"),
    )
