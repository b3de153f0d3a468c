"""The tables of the store. Geometry is EPSG:4490 everywhere; dates are half-open ranges.

A ``source`` row is one version of one dataset. Features hang on it, old versions stay: a verdict
names the versions that it used and can be computed again on them.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Identity,
    Index,
    UniqueConstraint,
    false,
    func,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from store.schema.access import Account
from store.schema.base import Base

SRID: Final = 4490
MAP_SRID: Final = 3857  # of what is kept for drawing only
CLOSED: Final = ("dismissed", "done")  # states of a report in which no clock runs
OPEN: Final = f"status NOT IN ({', '.join(repr(state) for state in CLOSED)})"
CHANNEL: Final = "zhijie_source"  # of NOTIFY: another version of the dataset that it names is current
LEVELS: Final = ("country", "province", "city", "county", "township", "village")
EFFECTS: Final = ("prohibited", "permit_required", "clear", "unknown")
CERTAINTIES: Final = ("certain", "probable", "disputed", "outside")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def _no_overlap(table: str) -> ExcludeConstraint:
    """No two rows of a code in one dataset version may be valid on the same day."""
    return ExcludeConstraint(
        ("source_id", "="), ("code", "="), ("valid", "&&"), using="gist", name=f"{table}_no_overlap_in_time"
    )


def _geometry(kind: str) -> Geometry:
    return Geometry(kind, srid=SRID, spatial_index=False)


class Source(Base):
    """One version of one dataset: where it is from and how far its lines may be wrong."""

    __tablename__ = "source"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    dataset: Mapped[str]
    version: Mapped[str]
    role: Mapped[str]
    title: Mapped[dict[str, Any]]
    origin: Mapped[str]
    licence: Mapped[str]
    datum: Mapped[str]
    checksum: Mapped[str]
    official: Mapped[bool]
    accuracy_m: Mapped[float]
    reach: Mapped[str]
    kinds: Mapped[list[str]]
    begins: Mapped[dt.date | None]
    note: Mapped[dict[str, Any] | None]
    content: Mapped[dict[str, Any] | None]
    loaded_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    retired_at: Mapped[dt.datetime | None]

    __table_args__ = (
        UniqueConstraint("dataset", "version", name="source_dataset_version"),
        Index("source_one_current", "dataset", unique=True, postgresql_where="retired_at IS NULL"),
        CheckConstraint("accuracy_m >= 0", name="source_accuracy_not_negative"),
    )


class Unit(Base):
    """An administrative unit in a span of time; villages have no geometry."""

    __tablename__ = "unit"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"))
    code: Mapped[str]
    name: Mapped[str]
    initials: Mapped[str] = mapped_column(server_default="")
    level: Mapped[str]
    parent: Mapped[str | None]
    valid: Mapped[Range[dt.date]]
    note: Mapped[str | None]
    geom: Mapped[WKBElement | None] = mapped_column(_geometry("MULTIPOLYGON"))

    __table_args__ = (
        _no_overlap("unit"),
        CheckConstraint(_one_of("level", LEVELS), name="unit_level"),
        Index("unit_code", "code"),
        Index("unit_name", "name"),
        Index("unit_initials", "initials", postgresql_ops={"initials": "text_pattern_ops"}),
        Index("unit_geom", "geom", postgresql_using="gist"),
    )


class UnitPiece(Base):
    """A unit's area cut small, for lookups."""

    __tablename__ = "unit_piece"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    source_id: Mapped[int] = mapped_column(BigInteger)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="CASCADE"))
    geom: Mapped[WKBElement] = mapped_column(_geometry("POLYGON"))

    __table_args__ = (
        Index("unit_piece_unit", "unit_id"),
        Index("unit_piece_geom", "geom", postgresql_using="gist"),
    )


class Zone(Base):
    """A protected or controlled area: kind, grade, name, when in force."""

    __tablename__ = "zone"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"))
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    grade: Mapped[str | None]
    level: Mapped[str | None]
    valid: Mapped[Range[dt.date]]
    note: Mapped[str | None]
    geom: Mapped[WKBElement] = mapped_column(_geometry("MULTIPOLYGON"))

    __table_args__ = (
        _no_overlap("zone"),
        Index("zone_geom", "geom", postgresql_using="gist"),
    )


class ZonePiece(Base):
    """A zone's area cut small, for lookups."""

    __tablename__ = "zone_piece"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    source_id: Mapped[int] = mapped_column(BigInteger)
    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.id", ondelete="CASCADE"))
    geom: Mapped[WKBElement] = mapped_column(_geometry("POLYGON"))

    __table_args__ = (
        Index("zone_piece_zone", "zone_id"),
        Index("zone_piece_geom", "geom", postgresql_using="gist"),
    )


class ZoneKind(Base):
    """How near a zone of a kind must be to be worth a word, metres; from ``data/law``."""

    __tablename__ = "zone_kind"

    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    near_m: Mapped[float]


class GridCell(Base):
    """A cell of the grid workers' net: who walks it, which team answers."""

    __tablename__ = "grid_cell"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"))
    code: Mapped[str]
    issuer: Mapped[str]
    township: Mapped[str]
    name: Mapped[str]
    worker: Mapped[str]
    team: Mapped[str]
    valid: Mapped[Range[dt.date]]
    geom: Mapped[WKBElement] = mapped_column(_geometry("MULTIPOLYGON"))

    __table_args__ = (
        _no_overlap("grid_cell"),
        Index("grid_cell_geom", "geom", postgresql_using="gist"),
    )


class Permit(Base):
    """A permit: for which uses, where and until when it lifts the prohibition of which kinds of zones."""

    __tablename__ = "permit"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"))
    number: Mapped[str]
    holder: Mapped[str]
    uses: Mapped[list[str]]
    zone_kinds: Mapped[list[str]]
    issuer: Mapped[str]
    valid: Mapped[Range[dt.date]]
    note: Mapped[str | None]
    geom: Mapped[WKBElement] = mapped_column(_geometry("MULTIPOLYGON"))

    __table_args__ = (
        ExcludeConstraint(
            ("source_id", "="),
            ("number", "="),
            ("valid", "&&"),
            using="gist",
            name="permit_no_overlap_in_time",
        ),
        Index("permit_geom", "geom", postgresql_using="gist"),
    )


class Report(Base):
    """What was reported: where, what, when; the verdict's summary is kept beside it for lists and maps.

    ``spot``: where it is drawn, EPSG:3857. ``due_on``: the last day of the present step; ``overdue``: it has
    passed, as the database has noticed. ``holder_unit``, ``holder_account``: who has it (see
    ``store.schema.report_counts.AssignmentRow``).
    """

    __tablename__ = "report"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    filed_by: Mapped[int | None] = mapped_column(ForeignKey(Account.id))
    idempotency_key: Mapped[str]
    request_hash: Mapped[str]
    received_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    act_date: Mapped[dt.date]
    category: Mapped[str]
    description: Mapped[str]
    channel: Mapped[str]
    sample: Mapped[bool]
    status: Mapped[str]
    unit_code: Mapped[str | None]
    unit_name: Mapped[str | None]
    effect: Mapped[str]
    certainty: Mapped[str]
    location: Mapped[dict[str, Any]]
    geom: Mapped[WKBElement] = mapped_column(_geometry("GEOMETRY"))
    zone_kinds: Mapped[list[str]] = mapped_column(server_default="{}")
    due_on: Mapped[dt.date | None]
    overdue: Mapped[bool] = mapped_column(server_default=false())
    urgent: Mapped[bool] = mapped_column(server_default=false())
    holder_unit: Mapped[str | None]
    holder_account: Mapped[int | None] = mapped_column(ForeignKey(Account.id))
    spot: Mapped[WKBElement] = mapped_column(
        Geometry("POINT", srid=MAP_SRID, spatial_index=False), Computed("zhijie_spot(geom)", persisted=True)
    )

    __table_args__ = (
        UniqueConstraint(
            "filed_by", "idempotency_key", name="report_key", postgresql_nulls_not_distinct=True
        ),
        CheckConstraint(_one_of("effect", EFFECTS), name="report_effect"),
        CheckConstraint(_one_of("certainty", CERTAINTIES), name="report_certainty"),
        Index("report_geom", "geom", postgresql_using="gist"),
        Index("report_unit_code", "unit_code", postgresql_ops={"unit_code": "text_pattern_ops"}),
        Index("report_received_at", "received_at"),
        Index("report_spot", "spot", postgresql_using="gist"),
        Index("report_due", "due_on", postgresql_where=f"NOT overdue AND {OPEN}"),
        Index("report_holder", "holder_account", postgresql_where="holder_account IS NOT NULL"),
        Index("report_elsewhere", "holder_unit", postgresql_where="holder_unit <> unit_code"),
    )


class StoredVerdict(Base):
    """The verdict as it was given: canonical JSON text, byte for byte.

    ``source_ids``: every dataset version that it could see. ``inquiry``: what was asked, with the day of the
    answer and the thresholds; None for verdicts older than this column, which cannot be replayed.
    """

    __tablename__ = "verdict"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    source_ids: Mapped[list[int]]
    inquiry: Mapped[dict[str, Any] | None]
    body: Mapped[str]

    __table_args__ = (Index("verdict_report", "report_id"),)


class ReportPrivate(Base):
    """Who reported: read by ``zhijie_reporter`` alone, which writes every look into the journal."""

    __tablename__ = "report_private"

    report_id: Mapped[int] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(server_default="")
    telephone: Mapped[str] = mapped_column(server_default="")
    protected: Mapped[bool] = mapped_column(server_default=false())
    geom: Mapped[WKBElement | None] = mapped_column(_geometry("POINT"))

    __table_args__ = (Index("report_private_geom", "geom", postgresql_using="gist"),)


class Evidence(Base):
    """A file that belongs to a report. The bytes lie in the evidence store under their SHA-256.

    ``found``: what the file says of place, time and direction. ``thumbnail``: SHA-256 of a small picture.
    """

    __tablename__ = "evidence"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"))
    sha256: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    media_type: Mapped[str]
    filename: Mapped[str]
    added_by: Mapped[int | None] = mapped_column(ForeignKey(Account.id))
    added_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    found: Mapped[dict[str, Any]]
    thumbnail: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("report_id", "sha256", name="evidence_once"),
        Index("evidence_sha256", "sha256"),
    )
