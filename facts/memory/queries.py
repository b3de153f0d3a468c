"""Queries of a snapshot: the current versions, the days on which rows change, rows with their areas."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import text
from sqlalchemy.orm import Session

from facts.model import SourceRef

FETCH_SIZE: Final = 100  # rows at a time: an area may have a million vertices
Days = tuple[dt.date, ...]

# JSON, as in check_point.sql: numbers then reach Python through the same text, so that both engines give
# verdicts with the same bytes.
VERSIONS: Final = """
SELECT concat_ws(' ', s.id, extract(epoch FROM s.loaded_at), s.checksum, s.dataset) AS stamp,
       json_build_object(
           'id', s.id, 'dataset', s.dataset, 'version', s.version, 'role', s.role, 'title', s.title,
           'official', s.official, 'accuracy_m', s.accuracy_m, 'reach', s.reach, 'kinds', s.kinds,
           'begins', s.begins, 'checksum', s.checksum) AS ref,
       (SELECT json_object_agg(k.kind, k.near_m) FROM zone_kind k WHERE k.source_id = s.id) AS near
FROM source s WHERE s.retired_at IS NULL ORDER BY s.dataset
"""
# Without permits: they are read whatever their span, and the verdict compares it with the day.
CHANGES: Final = """
SELECT r.source_id, r.part,
       coalesce(array_agg(DISTINCT b.day ORDER BY b.day) FILTER (WHERE b.day IS NOT NULL), '{}') AS days
FROM (
    SELECT source_id, level AS part, valid FROM unit WHERE source_id = ANY(:sources) AND geom IS NOT NULL
    UNION SELECT source_id, '', valid FROM zone WHERE source_id = ANY(:sources)
    UNION SELECT source_id, '', valid FROM grid_cell WHERE source_id = ANY(:sources)
) r CROSS JOIN LATERAL (VALUES (lower(r.valid)), (upper(r.valid))) AS b(day)
GROUP BY r.source_id, r.part
"""


@dataclass(frozen=True, slots=True)
class Version:
    """A current version of a dataset.

    ``stamp``: names its rows for ever; no other version in this database, or in a copy of it, has the same.
    ``near``: notice distance by kind of zone, metres, where the version states one.
    """

    ref: SourceRef
    stamp: str
    near: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class RowQuery:
    """The query for the rows of a kind of layer, and their schema. ``area`` (WKB) is the last column."""

    sql: str
    schema: pa.Schema


_TEXTS: Final = pa.list_(pa.string())
_AREA: Final = ("area", pa.binary())
# COLLATE "C" is the order of code points: the same on every server, and the one in which Python sorts. Whole
# geometries, for unit_piece and zone_piece serve PostGIS alone: the index has cells of its own.
UNITS: Final = RowQuery(
    """
    SELECT u.code, u.name, u.level, upper(u.valid) AS ends, ST_AsBinary(u.geom) AS area
    FROM unit u
    WHERE u.source_id = ANY(:sources) AND u.level = :level AND u.valid @> CAST(:day AS date)
      AND NOT ST_IsEmpty(u.geom)
    ORDER BY u.code COLLATE "C", u.source_id
    """,
    pa.schema(
        [("code", pa.string()), ("name", pa.string()), ("level", pa.string()), ("ends", pa.date32()), _AREA]
    ),
)
ZONES: Final = RowQuery(
    """
    SELECT z.source_id, z.code, z.kind, z.grade, z.name, ST_AsBinary(z.geom) AS area
    FROM zone z
    WHERE z.source_id = ANY(:sources) AND z.valid @> CAST(:day AS date) AND NOT ST_IsEmpty(z.geom)
    ORDER BY z.code COLLATE "C", z.source_id
    """,
    pa.schema(
        [("source_id", pa.int64()), *((name, pa.string()) for name in ("id", "kind", "grade", "name")), _AREA]
    ),
)
GRID: Final = RowQuery(
    """
    SELECT c.source_id, c.code, c.name, c.worker, c.team, c.township, ST_AsBinary(c.geom) AS area
    FROM grid_cell c
    WHERE c.source_id = ANY(:sources) AND c.valid @> CAST(:day AS date) AND NOT ST_IsEmpty(c.geom)
    ORDER BY c.code COLLATE "C", c.source_id
    """,
    pa.schema(
        [
            ("source_id", pa.int64()),
            *((name, pa.string()) for name in ("code", "name", "worker", "team", "township")),
            _AREA,
        ]
    ),
)
PERMITS: Final = RowQuery(
    """
    SELECT p.source_id, p.number, p.holder, p.uses, p.zone_kinds,
           lower(p.valid) AS begins, upper(p.valid) AS ends, ST_AsBinary(p.geom) AS area
    FROM permit p
    WHERE p.source_id = ANY(:sources) AND NOT ST_IsEmpty(p.geom)
    ORDER BY p.number COLLATE "C", begins, p.source_id
    """,
    pa.schema(
        [
            ("source_id", pa.int64()),
            *(("number", pa.string()), ("holder", pa.string()), ("uses", _TEXTS), ("zone_kinds", _TEXTS)),
            *(("begins", pa.date32()), ("ends", pa.date32()), _AREA),
        ]
    ),
)


def fetch_versions(session: Session) -> tuple[Version, ...]:
    """The versions current for this session, its own uncommitted ones included, ordered by dataset."""
    return tuple(_version(row.stamp, row.ref, row.near) for row in session.execute(text(VERSIONS)))


def _version(stamp: str, ref: Mapping[str, Any], near: Mapping[str, float] | None) -> Version:
    begins = ref["begins"] and dt.date.fromisoformat(ref["begins"])
    return Version(SourceRef(**{**ref, "kinds": tuple(ref["kinds"]), "begins": begins}), stamp, near or {})


def fetch_changes(session: Session, sources: Sequence[int]) -> dict[int, dict[str, Days]]:
    """Source id → level of units, or "" → days on which rows begin or end, ascending."""
    found: dict[int, dict[str, Days]] = {}
    for source, part, days in session.execute(text(CHANGES), {"sources": list(sources)}):
        found.setdefault(source, {})[part] = tuple(days)
    return found


def fetch_rows(
    session: Session, query: RowQuery, values: Mapping[str, Any]
) -> Generator[pa.RecordBatch, None, None]:
    """The rows of a layer in order, in batches, through a server-side cursor."""
    how = {"stream_results": True, "max_row_buffer": FETCH_SIZE}
    with session.execute(text(query.sql), values, execution_options=how) as result:
        for rows in result.partitions(FETCH_SIZE):
            *attributes, areas = zip(*rows, strict=True)
            columns = [*attributes, list(map(bytes, areas))]  # bytes: pyarrow would never release memoryviews
            yield pa.record_batch(list(map(pa.array, columns, query.schema.types)), query.schema)
