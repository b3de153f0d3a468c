"""Takes the JSON body of a batch apart into columns, in a process of its own where the body is large.

A parser in a thread holds the interpreter for all other requests while it works, and objects take many times
the memory of their text. So a large body is parsed by a process with a limit of memory, which sends columns
back; whatever it is sent, it can end only itself. This module imports little of the service: it starts fast.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from api.json_shape import Shape, check_shape
from core.errors import BadInput, TooLarge
from core.i18n import N_
from core.settings import ROOT

MODULE: Final = "api.batch.json_body"
SMALL: Final = 262_144  # bytes; parsed in the service's own thread, in a few milliseconds
MOST_BYTES: Final = 64_000_000  # of JSON; a million points take about 40 MB
MOST: Final = Shape(depth=64, members=4_000_000, elements=8_000_000)
MEMORY: Final = 2_500_000_000  # bytes of addresses: objects of MOST, the text, and the libraries
SECONDS: Final = 30.0
ROWS: Final = 16_384  # of a part of the columns
PARAMETERS: Final = 100  # most members beside the places
ACCURACY: Final = "accuracy_m"
NUMBERS: Final = frozenset((int, float, type(None)))
HINT: Final = N_("Send an object with points, or a GeoJSON FeatureCollection.")
AS_ARROW: Final = N_("Send an Arrow stream, or split the batch.")


@dataclass(frozen=True, slots=True)
class JsonBody:
    """A body taken apart. ``rest``: its members but the places. ``points``: x and y, None for features.

    ``features``: columns feature (its JSON), wkb, present (has a geometry), accuracy_m.
    """

    rest: dict[str, Any]
    points: NDArray[np.float64] | None = None
    features: pa.Table | None = None


class Features(Sequence[Mapping[str, Any]]):
    """GeoJSON features kept as text; each access parses one."""

    def __init__(self, texts: pa.ChunkedArray) -> None:
        self._texts = texts

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, row: Any) -> Any:  # noqa: ANN401 - a row, or a slice of rows
        if isinstance(row, slice):
            return [orjson.loads(text.as_py()) for text in self._texts[row]]
        return orjson.loads(self._texts[row].as_py())

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return (self[row] for row in range(len(self)))


def take_apart(body: bytes | bytearray, max_rows: int) -> JsonBody:
    """The columns of a body. Raises :class:`BadInput`, :class:`TooLarge`."""
    check_length(len(body))
    if len(body) <= SMALL:
        return _parse(body, max_rows)
    check_shape(body, MOST)
    return _decoded(_ask(body, max_rows))


def check_length(size: int) -> None:
    """Raise :class:`TooLarge` for a JSON body of more bytes than are parsed."""
    if size > MOST_BYTES:
        raise TooLarge(
            N_("The JSON body is over {limit} bytes."), field="body", hint=AS_ARROW, limit=MOST_BYTES
        )


def _ask(body: bytes | bytearray, max_rows: int) -> bytes:
    """The answer of a process for one body, started and ended with it."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", MODULE, str(max_rows), str(MEMORY)],
            input=body,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            cwd=ROOT,
            # No setting of the service, and so no password of the database, reaches the process.
            env={"PATH": os.defpath, "PYTHONUTF8": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            check=True,
        )
    except (subprocess.SubprocessError, OSError) as fault:
        raise TooLarge(
            N_("The JSON body takes too much memory or time."), field="body", hint=AS_ARROW
        ) from fault
    return done.stdout


def main() -> None:
    """Read a body from stdin, write its columns or its fault to stdout."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    memory = int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (int(SECONDS), int(SECONDS)))
    try:
        found = _parse(sys.stdin.buffer.read(), int(sys.argv[1]))
    except BadInput as fault:
        kind = "TooLarge" if isinstance(fault, TooLarge) else "BadInput"
        told = {"kind": kind, "message": fault.message, "field": fault.field, "hint": fault.hint}
        head, table = {"fault": told | {"values": fault.values}}, pa.table({})
    else:
        head, table = {"rest": found.rest}, found.features
        if found.points is not None:
            table = pa.table({"x": found.points[:, 0], "y": found.points[:, 1]})
    marked = (pa.table({}) if table is None else table).replace_schema_metadata(
        {"head": orjson.dumps(head, default=str)}
    )
    with pa.ipc.new_stream(sys.stdout.buffer, marked.schema) as writer:
        writer.write_table(marked, max_chunksize=ROWS)


def _decoded(answer: bytes) -> JsonBody:
    """What ``main`` has written. Raises the fault that it has met."""
    table = pa.ipc.open_stream(answer).read_all()
    head = orjson.loads(table.schema.metadata[b"head"])
    if "fault" in head:
        told = head["fault"]
        fault = TooLarge if told["kind"] == "TooLarge" else BadInput
        raise fault(told["message"], field=told["field"], hint=told["hint"], **told["values"])
    if "x" in table.schema.names:
        columns = [table.column(name).to_numpy() for name in ("x", "y")]
        return JsonBody(head["rest"], points=np.column_stack(columns))
    return JsonBody(head["rest"], features=table if table.num_columns else None)


# ---- the parsing itself -----------------------------------------------------------------------------


def _parse(body: bytes | bytearray, max_rows: int) -> JsonBody:
    # Counted before it is parsed: as Python objects, the text takes many times its size.
    check_rows(max(body.count(b'"Feature"'), 1), max_rows, "features")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        raise BadInput(
            N_("The body is not valid JSON: {fault}"), field="body", hint=HINT, fault=str(fault)
        ) from None
    if not isinstance(document, dict):
        raise BadInput(N_("The body is not a JSON object."), field="body", hint=HINT)
    is_features = document.get("type") == "FeatureCollection"
    places = document.pop("features" if is_features else "points", None)
    if is_features:
        rest = {name: document[name] for name in ("type", "crs") if name in document}
        return JsonBody(rest, features=_features(places, max_rows))
    if len(document) > PARAMETERS:
        raise BadInput(
            N_("The JSON body has more than {most} members of objects."),
            field="body",
            hint=N_("Send only the fields of the description."),
            most=PARAMETERS,
        )
    return JsonBody(document, points=None if places is None else _points(places, max_rows))


def check_rows(rows: int, most: int, field: str) -> None:
    """Raise :class:`TooLarge` above ``most`` rows, :class:`BadInput` for none."""
    if rows > most:
        raise TooLarge(
            N_("The batch has {n} points; at most {most} are accepted."),
            field=field,
            hint=N_("Split it, or use `zhijie screen` on the file."),
            n=rows,
            most=most,
        )
    if rows == 0:
        raise BadInput(N_("The batch has no points."), field=field, hint=N_("Give at least one point."))


def _points(points: object, max_rows: int) -> NDArray[np.float64]:
    """x and y of each point, NaN where there is none, shape (n, 2)."""
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
    return np.array([point or nothing for point in points], dtype=np.float64).reshape(-1, 2)


def _is_point(point: object) -> bool:
    if point is None:
        return True
    # type() and not isinstance(): true and false are no coordinates.
    return type(point) is list and len(point) == 2 and type(point[0]) in NUMBERS and type(point[1]) in NUMBERS


def _features(features: object, max_rows: int) -> pa.Table:
    """The columns of GeoJSON features."""
    hint = N_("Send a GeoJSON FeatureCollection.")
    if not isinstance(features, list):
        raise BadInput(N_("features is not a list."), field="features", hint=hint)
    check_rows(len(features), max_rows, "features")
    for row, feature in enumerate(features):
        if not isinstance(feature, dict) or not isinstance(feature.get("properties") or {}, dict):
            raise BadInput(
                N_("Feature {row} is not a GeoJSON feature."), field=f"features.{row}", hint=hint, row=row
            )
    geometries = [feature.get("geometry") for feature in features]
    texts = [None if geometry is None else orjson.dumps(geometry).decode() for geometry in geometries]
    shapes = shapely.from_geojson(np.array(texts, dtype=object), on_invalid="ignore")
    return pa.table(
        {
            "feature": pa.array((orjson.dumps(feature) for feature in features), pa.large_binary()),
            "wkb": pa.array(shapely.to_wkb(shapes), pa.large_binary()),
            "present": pa.array([text is not None for text in texts], pa.bool_()),
            ACCURACY: pa.array([_accuracy(feature) for feature in features], pa.float64()),
        }
    )


def _accuracy(feature: Mapping[str, Any]) -> float | None:
    """The accuracy that a feature states, metres; None where it states none."""
    stated = (feature.get("properties") or {}).get(ACCURACY)
    # bool is an int in Python: true would become 1 metre.
    return float(stated) if isinstance(stated, int | float) and not isinstance(stated, bool) else None


if __name__ == "__main__":
    main()
