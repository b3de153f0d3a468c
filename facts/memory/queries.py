"""What a snapshot asks of the store: the current versions, the days on which rows change, rows with areas."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import text
from sqlalchemy.orm import Session

from facts.model import SourceRef

FETCHED: Final = 100  # rows at a time: an area may have a million vertices
Days = tuple[dt.date, ...]

# As JSON, as check_point.sql tells it: the numbers are then the same in Python, and verdicts the same bytes.
VERSIONS: Final = """
SELECT concat_ws(' ', s.id, extract(epoch FROM s.loaded_at), s.checksum, s.dataset) AS stamp,
       json_build_object(
           'id', s.id, 'dataset', s.dataset, 'version', s.version, 'role', s.role, 'title', s.title,
           'official', s.official, 'accuracy_m', s.accuracy_m, 'reach', s.reach, 'kinds', s.kinds,
           'begins', s.begins, 'checksum', s.checksum) AS told,
       (SELECT json_object_agg(k.kind, k.near_m) FROM zone_kind k WHERE k.source_id = s.id) AS near
FROM source s WHERE s.retired_at IS NULL ORDER BY s.dataset
"""
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

    ``stamp`` names its rows for good: no other version of this database, or of a copy of it, has it.
    ``near``: metres within which zones of a kind are told of, where the version says so.
    """

    ref: SourceRef
    stamp: str
    near: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class RowQuery:
    """How the rows of a kind of layer are asked for. ``area`` (WKB) is the last column."""

    sql: str
    schema: pa.Schema


_WORDS: Final = pa.list_(pa.string())
_AREA: Final = ("area", pa.binary())
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
            *(("number", pa.string()), ("holder", pa.string()), ("uses", _WORDS), ("zone_kinds", _WORDS)),
            *(("begins", pa.date32()), ("ends", pa.date32()), _AREA),
        ]
    ),
)


def fetch_versions(session: Session) -> tuple[Version, ...]:
    """The versions that are current for this session, its own uncommitted ones too, by dataset."""
    return tuple(_version(row.stamp, row.told, row.near) for row in session.execute(text(VERSIONS)))


def _version(stamp: str, told: Mapping[str, Any], near: Mapping[str, float] | None) -> Version:
    begins = told["begins"] and dt.date.fromisoformat(told["begins"])
    return Version(SourceRef(**{**told, "kinds": tuple(told["kinds"]), "begins": begins}), stamp, near or {})


def fetch_changes(session: Session, sources: Sequence[int]) -> dict[int, dict[str, Days]]:
    """By version: the days on which rows with areas begin or end, ascending, by level (units) or under ""."""
    found: dict[int, dict[str, Days]] = {}
    for source, part, days in session.execute(text(CHANGES), {"sources": list(sources)}):
        found.setdefault(source, {})[part] = tuple(days)
    return found


def fetch_rows(
    session: Session, query: RowQuery, values: Mapping[str, Any]
) -> Generator[pa.RecordBatch, None, None]:
    """The rows of a layer in order, some at a time, through a cursor of the server."""
    how = {"stream_results": True, "max_row_buffer": FETCHED}
    with session.execute(text(query.sql), values, execution_options=how) as result:
        for rows in result.partitions(FETCHED):
            *said, areas = zip(*rows, strict=True)
            columns = [*said, list(map(bytes, areas))]  # pyarrow would never let go of memoryviews
            yield pa.record_batch(list(map(pa.array, columns, query.schema.types)), query.schema)
