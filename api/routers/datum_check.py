"""Checks whether a batch of coordinates is in the datum that it claims. Stores nothing."""

from __future__ import annotations

from typing import Annotated, Any, Final

import numpy as np
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, FailFast, Field, JsonValue

from api.dependencies import LangDep, SessionDep, needs
from api.schemas.reports import Number, WordsOut
from layers.datum_check import MAX_POINTS, check_batch, describe_suspicion, suspicion_as_dict

PATH: Final = "/api/datum/check"
router = APIRouter(tags=["datum"], dependencies=[needs("check")])
EXAMPLE: dict[str, JsonValue] = {
    "points": [[112.3963, 35.6251], [112.4017, 35.6302], [112.4102, 35.6188]],
    "datum": "wgs84",
    "channel": "api",
}


class BatchIn(BaseModel):
    """Points of one origin, all declared in one datum."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    points: Annotated[
        list[tuple[Number, Number]],
        FailFast(),  # not one error for each of 20,000 wrong points
        Field(description=f"x (longitude, easting) and y, at most {MAX_POINTS:,} points"),
    ]
    datum: Annotated[str, Field(max_length=40, description="cgcs2000, wgs84, gcj02, bd09 or EPSG:n")] = (
        "cgcs2000"
    )
    channel: Annotated[
        str | None,
        Field(
            max_length=40,
            pattern=r"^[a-z0-9_]+$",
            description="Compare with earlier reports of this channel only",
        ),
    ] = None


class FiguresOut(BaseModel):
    """The figures of the comparison, in metres.

    ``offset_m``: east and north, from the points to where they belong.
    """

    finding: str
    against: str
    paired: bool
    points: int
    compared: int
    matched: int
    median_m: dict[str, float]
    offset_m: tuple[float, float] | None
    strength: float


class SuspicionOut(BaseModel):
    """The result of a datum check. ``suspected``: the datum that fits better, or null.

    It is null where the declared datum fits, and where the points do not suffice to tell.
    """

    suspected: str | None
    declared: str
    figures: FiguresOut
    words: WordsOut


@router.post(PATH, name="check")
def check_declared_datum(body: BatchIn, session: SessionDep, lang: LangDep) -> SuspicionOut:
    """Check whether points are in the declared datum, by permits, villages and earlier reports."""
    points = np.array(body.points, dtype=np.float64).reshape(-1, 2)
    found = check_batch(session, points, body.datum, body.channel)
    body_out: dict[str, Any] = {
        "suspected": found.suspected,
        "declared": found.declared,
        "figures": suspicion_as_dict(found),
        "words": describe_suspicion(found, lang),
    }
    return SuspicionOut.model_validate(body_out)
