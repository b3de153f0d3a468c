"""Parses the bodies of batches (JSON points, GeoJSON features, Arrow streams) into places, row for row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal

import numpy as np
import pyarrow as pa
import shapely
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, JsonValue, ValidationError

from api.batch.arrow import read_stream
from api.batch.json_body import Features, JsonBody, take_apart
from api.schemas.reports import Day, Number
from geo.datum import CANON, frame
from geo.place import check_crs
from layers.formats import (
    ACCURACY,
    Floats,
    GeometryBatch,
    find_place_columns,
    resolve_datum,
    split_points,
    to_floats,
    to_source_batch,
)

Form = Literal["json", "geojson", "arrow"]
ACCURACY_HELP: Final = (
    "68 % radius of the positions, metres; without it the default of the channel `api` is assumed"
)
EXAMPLE: Final[dict[str, JsonValue]] = {
    "category": "livestock_farm",
    "as_of": "2022-08-21",
    "datum": "cgcs2000",
    "accuracy_m": 15,
    "points": [[112.395, 35.625], [112.4017, 35.6302]],
}


class BatchRequest(BaseModel):
    """Parameters of a batch, apart from its places."""

    category: Annotated[str, Field(max_length=60, description="Code of the violation category")] = ""
    as_of: Annotated[Day | None, Field(description="Day of the acts; today by default")] = None
    datum: Annotated[
        str | None, Field(max_length=40, description="cgcs2000, wgs84, gcj02, bd09 or EPSG:n")
    ] = None
    accuracy_m: Annotated[FiniteFloat | None, Field(description=ACCURACY_HELP)] = None


class _JsonParameters(BatchRequest):
    """The parameters in a JSON body, where a number must be a number: a query only has texts."""

    accuracy_m: Annotated[Number | None, Field(description=ACCURACY_HELP)] = None


class PointsIn(_JsonParameters):
    """A batch of points as JSON."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    points: Annotated[
        list[tuple[Number | None, Number | None] | None],
        Field(description="x (longitude, easting) and y of each place; null where there is none"),
    ]


class _PointsBody(_JsonParameters):
    """A JSON body whose ``points`` are columns already."""

    model_config = ConfigDict(extra="forbid")

    points: Any  # an array that has been checked


@dataclass(frozen=True, slots=True)
class Batch:
    """Places as given, the parameters, and the body's own rows, which go back with the verdicts.

    ``accuracy_m`` (n,): of each row in metres, NaN where it has none. ``table``: of an Arrow body.
    ``features``: of a GeoJSON body.
    """

    form: Form
    parameters: BatchRequest
    datum: str
    given: GeometryBatch
    accuracy_m: Floats | None = None
    table: pa.Table | None = None
    features: Sequence[Mapping[str, Any]] | None = None

    @property
    def rows(self) -> int:
        """The number of places."""
        return len(self.given.xy)


def read_arrow(body: pa.Buffer, parameters: BatchRequest, max_rows: int) -> Batch:
    """A batch from an Arrow stream: columns lon and lat, x and y, or a geometry; optionally accuracy_m.

    Raises :class:`BadInput` (fields ``body``, ``file``, ``datum``), :class:`TooLarge`.
    """
    table = read_stream(body, max_rows)
    columns = find_place_columns(table.schema, "body")
    datum = resolve_datum(columns, "body", parameters.datum)
    whole = table.unify_dictionaries().combine_chunks()
    batch = to_source_batch(whole.to_batches()[0], columns)
    return Batch("arrow", parameters, datum, batch.places, batch.accuracy_m, table=whole)


def read_json(body: bytes | bytearray, parameters: BatchRequest, max_rows: int) -> Batch:
    """A batch from JSON: an object with ``points``, or a GeoJSON FeatureCollection.

    Raises :class:`BadInput` (fields ``body``, ``points.17``, ``features.17``), :class:`TooLarge`,
    RequestValidationError.
    """
    found = take_apart(body, max_rows)
    if found.features is not None:
        return _features_batch(found.rest, found.features, parameters)
    return _points_batch(found, parameters)


def _points_batch(found: JsonBody, parameters: BatchRequest) -> Batch:
    places = {} if found.points is None else {"points": found.points}
    try:
        body = _PointsBody.model_validate(parameters.model_dump(exclude_defaults=True) | found.rest | places)
    except ValidationError as fault:
        errors = fault.errors(include_url=False, include_input=False)
        raise RequestValidationError(
            [{**error, "loc": ("body", *error["loc"])} for error in errors]
        ) from None
    return Batch("json", body, frame(body.datum or CANON).name, GeometryBatch(body.points))


def _features_batch(rest: Mapping[str, Any], features: pa.Table, parameters: BatchRequest) -> Batch:
    datum = frame(parameters.datum or CANON).name
    check_crs(rest, datum)
    # In parts: shapely holds the interpreter for all of a call.
    shapes = np.concatenate([shapely.from_wkb(_objects(part)) for part in features["wkb"].chunks])
    given = split_points(shapes, features["present"].to_numpy() & shapely.is_missing(shapes))
    stated = features[ACCURACY].combine_chunks()
    return replace(
        Batch("geojson", parameters, datum, given, features=Features(features["feature"])),
        accuracy_m=to_floats(stated) if stated.null_count < len(stated) else None,
    )


def _objects(column: pa.Array) -> Any:  # noqa: ANN401 - an array of objects
    return column.to_numpy(zero_copy_only=False)
