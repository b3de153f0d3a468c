"""Parcels like the shipped ones."""

from __future__ import annotations

from typing import Any

from store.schema.parcels import Parcel


def like_parcel(shipped: Parcel, **changed: Any) -> Parcel:
    """A copy of a parcel with other values in some columns."""
    same = {column.name: getattr(shipped, column.name) for column in Parcel.__table__.columns}
    return Parcel(**{**same, "id": None, **changed})
