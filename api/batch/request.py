"""Parses the bodies of batches (JSON points, GeoJSON features, Arrow streams) into places, row for row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal

import numpy as np
import orjson
import pyarrow as pa
import shapely
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, JsonValue, ValidationError

from api.batch.arrow import check_rows, read_stream
from api.schemas.reports import Day, Number
from core.errors import BadInput
from core.i18n import N_
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
NUMBERS: Final = frozenset((int, float, type(None)))
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
    """A JSON body whose ``points`` are left unparsed."""

    model_config = ConfigDict(extra="forbid")

    # A pydantic model a point would take seconds for a large batch; numpy checks them at once.
    points: Any


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
    # Counted before it is parsed: as Python objects, the text takes many times its size.
    check_rows(max(body.count(b'"Feature"'), 1), max_rows, "features")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        raise BadInput(
            N_("The body is not valid JSON: {fault}"),
            field="body",
            hint=N_("Send an object with points, or a GeoJSON FeatureCollection."),
            fault=fault,
        ) from None
    if not isinstance(document, dict):
        raise BadInput(
            N_("The body is not a JSON object."),
            field="body",
            hint=N_("Send an object with points, or a GeoJSON FeatureCollection."),
        )
    if document.get("type") == "FeatureCollection":
        return _features_batch(document, parameters, max_rows)
    return _points_batch(document, parameters, max_rows)


def _points_batch(document: dict[str, Any], parameters: BatchRequest, max_rows: int) -> Batch:
    try:
        body = _PointsBody.model_validate(parameters.model_dump(exclude_defaults=True) | document)
    except ValidationError as fault:
        raise RequestValidationError(
            [{**error, "loc": ("body", *error["loc"])} for error in fault.errors(include_url=False)]
        ) from None
    points = body.points
    if not isinstance(points, list):
        raise BadInput(N_("points is not a list."), field="points", hint=N_("Give [[x, y], [x, y], …]."))
    check_rows(len(points), max_rows, "points")
    wrong = next((row for row, point in enumerate(points) if not _is_point(point)), None)
    if wrong is not None:
        raise BadInput(
            N_("Point {row} is not two numbers."),
            field=f"points.{wrong}",
            hint=N_("Give [x, y], longitude first; null for a row without a place."),
            row=wrong,
        )
    # A row without a place becomes NaN, NaN: None is NaN as float64.
    nothing = [None, None]
    xy = np.array([point or nothing for point in points], dtype=np.float64)
    given = GeometryBatch(xy.reshape(-1, 2))
    return Batch("json", body, frame(body.datum or CANON).name, given)


def _is_point(point: object) -> bool:
    if point is None:
        return True
    # type() and not isinstance(): true and false are no coordinates.
    return type(point) is list and len(point) == 2 and type(point[0]) in NUMBERS and type(point[1]) in NUMBERS


def _features_batch(document: dict[str, Any], parameters: BatchRequest, max_rows: int) -> Batch:
    features = document.get("features")
    if not isinstance(features, list):
        raise BadInput(
            N_("features is not a list."), field="features", hint=N_("Send a GeoJSON FeatureCollection.")
        )
    check_rows(len(features), max_rows, "features")
    for row, feature in enumerate(features):
        if not isinstance(feature, dict) or not isinstance(feature.get("properties") or {}, dict):
            raise BadInput(
                N_("Feature {row} is not a GeoJSON feature."),
                field=f"features.{row}",
                hint=N_("Send a GeoJSON FeatureCollection."),
                row=row,
            )
    datum = frame(parameters.datum or CANON).name
    check_crs(document, datum)
    geometries = [feature.get("geometry") for feature in features]
    texts = [None if geometry is None else orjson.dumps(geometry).decode() for geometry in geometries]
    shapes = shapely.from_geojson(np.array(texts, dtype=object), on_invalid="ignore")
    present = np.array([text is not None for text in texts], dtype=np.bool_)
    given = split_points(shapes, present & shapely.is_missing(shapes))
    stated = pa.array([_accuracy(feature) for feature in features], pa.float64())
    return replace(
        Batch("geojson", parameters, datum, given, features=features),
        accuracy_m=to_floats(stated) if stated.null_count < len(stated) else None,
    )


def _accuracy(feature: Mapping[str, Any]) -> float | None:
    """The accuracy that a feature states, metres; None where it states none."""
    stated = (feature.get("properties") or {}).get(ACCURACY)
    # bool is an int in Python: true would become 1 metre.
    return float(stated) if isinstance(stated, int | float) and not isinstance(stated, bool) else None
