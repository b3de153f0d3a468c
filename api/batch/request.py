"""Bodies of batches: JSON points, GeoJSON features or an Arrow stream → places as given, row for row."""

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
from geo.datum.reference_systems import CANON, frame
from geo.place.footprint import check_crs
from layers.formats.geometry_columns import Floats, Given, split
from layers.formats.place_columns import ACCURACY, find_places
from layers.formats.source import given_batch, numbers, resolved_datum

Form = Literal["json", "geojson", "arrow"]
NUMBERS: Final = frozenset((int, float, type(None)))
EXAMPLE: Final[dict[str, JsonValue]] = {
    "category": "livestock_farm",
    "as_of": "2022-08-21",
    "datum": "cgcs2000",
    "accuracy_m": 15,
    "points": [[112.395, 35.625], [112.4017, 35.6302]],
}


class BatchRequest(BaseModel):
    """What a batch asks, beside its places."""

    category: Annotated[str, Field(max_length=60, description="Code of the violation category")] = ""
    as_of: Annotated[Day | None, Field(description="Day of the acts; today by default")] = None
    datum: Annotated[
        str | None, Field(max_length=40, description="cgcs2000, wgs84, gcj02, bd09 or EPSG:n")
    ] = None
    accuracy_m: Annotated[FiniteFloat, Field(description="68 % radius of the positions, metres")] = 0.0


class _Said(BatchRequest):
    """What a JSON body says itself: there a number is a number, not a text."""

    accuracy_m: Annotated[Number, Field(description="68 % radius of the positions, metres")] = 0.0


class PointsIn(_Said):
    """A batch of points as JSON."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    points: Annotated[
        list[tuple[Number | None, Number | None] | None],
        Field(description="x (longitude, easting) and y of each place; null where there is none"),
    ]


class _Around(_Said):
    """The members of a JSON body without its points, which are looked at as numbers at once."""

    model_config = ConfigDict(extra="forbid")

    points: Any


@dataclass(frozen=True, slots=True)
class Batch:
    """Places as given and what is asked of them; the body's own rows, to be sent back with the verdicts.

    ``accuracy_m`` (n,): of each row, NaN where it says none. ``table``: of an Arrow body. ``features``: of a
    GeoJSON body.
    """

    form: Form
    asked: BatchRequest
    datum: str
    given: Given
    accuracy_m: Floats | None = None
    table: pa.Table | None = None
    features: Sequence[Mapping[str, Any]] | None = None

    @property
    def rows(self) -> int:
        """The number of places."""
        return len(self.given.xy)


def read_arrow(body: pa.Buffer, asked: BatchRequest, max_rows: int) -> Batch:
    """A batch from an Arrow stream: columns lon and lat, x and y, or a geometry; accuracy_m where it has it.

    Raises BadInput (fields ``body``, ``file``, ``datum``), TooLarge.
    """
    table = read_stream(body, max_rows)
    columns = find_places(table.schema, "body")
    datum = resolved_datum(columns, "body", asked.datum)
    whole = table.unify_dictionaries().combine_chunks()
    batch = given_batch(whole.to_batches()[0], columns)
    return Batch("arrow", asked, datum, batch.places, batch.accuracy_m, table=whole)


def read_json(body: bytes | bytearray, asked: BatchRequest, max_rows: int) -> Batch:
    """A batch from JSON: an object with ``points``, or a GeoJSON FeatureCollection.

    Raises BadInput (fields ``body``, ``points.17``, ``features.17``), TooLarge, RequestValidationError.
    """
    # Counted before it is parsed: text becomes many times its size in objects.
    check_rows(max(body.count(b'"Feature"'), 1), max_rows, "features")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        raise BadInput(
            N_("The body is not JSON: {fault}"),
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
        return _of_features(document, asked, max_rows)
    return _of_points(document, asked, max_rows)


def _of_points(document: dict[str, Any], asked: BatchRequest, max_rows: int) -> Batch:
    try:
        around = _Around.model_validate(asked.model_dump(exclude_defaults=True) | document)
    except ValidationError as fault:
        raise RequestValidationError(
            [{**error, "loc": ("body", *error["loc"])} for error in fault.errors(include_url=False)]
        ) from None
    points = around.points
    if not isinstance(points, list):
        raise BadInput(N_("The points are no list."), field="points", hint=N_("Give [[x, y], [x, y], …]."))
    check_rows(len(points), max_rows, "points")
    wrong = next((row for row, point in enumerate(points) if not _is_point(point)), None)
    if wrong is not None:
        raise BadInput(
            N_("Point {row} is not two numbers."),
            field=f"points.{wrong}",
            hint=N_("Give [x, y] in the order longitude, latitude; null where there is no place."),
            row=wrong,
        )
    nothing = [None, None]
    xy = np.array([point or nothing for point in points], dtype=np.float64)
    given = Given(xy.reshape(-1, 2))
    return Batch("json", around, frame(around.datum or CANON).name, given)


def _is_point(point: object) -> bool:
    if point is None:
        return True
    return type(point) is list and len(point) == 2 and type(point[0]) in NUMBERS and type(point[1]) in NUMBERS


def _of_features(document: dict[str, Any], asked: BatchRequest, max_rows: int) -> Batch:
    features = document.get("features")
    if not isinstance(features, list):
        raise BadInput(
            N_("The features are no list."), field="features", hint=N_("Send a GeoJSON FeatureCollection.")
        )
    check_rows(len(features), max_rows, "features")
    for row, feature in enumerate(features):
        if not isinstance(feature, dict) or not isinstance(feature.get("properties") or {}, dict):
            raise BadInput(
                N_("Feature {row} is no GeoJSON feature."),
                field=f"features.{row}",
                hint=N_("Send a GeoJSON FeatureCollection."),
                row=row,
            )
    datum = frame(asked.datum or CANON).name
    check_crs(document, datum)
    drawn = [feature.get("geometry") for feature in features]
    texts = [None if geometry is None else orjson.dumps(geometry).decode() for geometry in drawn]
    shapes = shapely.from_geojson(np.array(texts, dtype=object), on_invalid="ignore")
    there = np.array([text is not None for text in texts], dtype=np.bool_)
    given = split(shapes, there & shapely.is_missing(shapes))
    stated = pa.array([_accuracy(feature) for feature in features], pa.float64())
    return replace(
        Batch("geojson", asked, datum, given, features=features),
        accuracy_m=numbers(stated) if stated.null_count < len(stated) else None,
    )


def _accuracy(feature: Mapping[str, Any]) -> float | None:
    """What a feature says of its accuracy, metres."""
    stated = (feature.get("properties") or {}).get(ACCURACY)
    return float(stated) if isinstance(stated, int | float) and not isinstance(stated, bool) else None
