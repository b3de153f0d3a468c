"""Tables of datasets, reports, verdicts and evidence.

Geometry is EPSG:4490 (CGCS2000, longitude and latitude in degrees) unless a column says otherwise; date
ranges are half-open. A ``source`` row is one version of one dataset, to which its features refer. Old
versions stay, because a verdict names the versions it used and can be computed again on them.
"""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any, Final

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    UniqueConstraint,
    false,
    func,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from store.schema.access import Account
from store.schema.base import Base, WithId

SRID: Final = 4490
MAP_SRID: Final = 3857  # Web Mercator, for columns that are only drawn
CLOSED_STATES: Final = ("dismissed", "done")  # of a report: no deadline runs
OPEN_CONDITION: Final = f"status NOT IN ({', '.join(repr(state) for state in CLOSED_STATES)})"  # SQL
SOURCE_CHANNEL: Final = "zhijie_source"  # NOTIFY: the dataset named in the payload has a new current version
LEVELS: Final = ("country", "province", "city", "county", "township", "village")
EFFECTS: Final = ("prohibited", "permit_required", "clear", "unknown")
CERTAINTIES: Final = ("certain", "probable", "disputed", "outside")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def no_overlap_in_time(table: str, key: str = "code") -> ExcludeConstraint:
    """Forbid that two rows with one key in one dataset version are valid on the same day."""
    return ExcludeConstraint(
        ("source_id", "="), (key, "="), ("valid", "&&"), using="gist", name=f"{table}_no_overlap_in_time"
    )


def _geometry(kind: str) -> Geometry:
    # spatial_index: the index is declared below, so that its name is that of the migrations
    return Geometry(kind, srid=SRID, spatial_index=False)


class Source(WithId, Base):
    """One version of one dataset.

    Attributes:
        role: What it contains: "units", "zones", "grid", …
        checksum: Of the files it was loaded from.
        official: Whether an authority published it.
        accuracy_m: 68 % position error of its lines, metres.
        reach: Code of the unit whose area it covers.
        kinds: Kinds of zones it contains.
        begins: First day it applies to.
        content: The whole dataset, where it is a document and not features (laws, workdays).
        retired_at: When a newer version replaced it; None: current.
    """

    __tablename__ = "source"

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


class DatasetRow(WithId):
    """Mixin of features: the dataset version they belong to, and the days on which they are valid."""

    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"))
    valid: Mapped[Range[dt.date]]


class Unit(DatasetRow, Base):
    """An administrative unit during a range of days; villages have no geometry."""

    __tablename__ = "unit"

    code: Mapped[str]
    name: Mapped[str]
    initials: Mapped[str] = mapped_column(server_default="")
    level: Mapped[str]
    parent: Mapped[str | None]
    note: Mapped[str | None]
    geom: Mapped[WKBElement | None] = mapped_column(_geometry("MULTIPOLYGON"))

    __table_args__ = (
        no_overlap_in_time("unit"),
        CheckConstraint(_one_of("level", LEVELS), name="unit_level"),
        Index("unit_code", "code"),
        Index("unit_name", "name"),
        # text_pattern_ops: without it, an index answers LIKE 'prefix%' in the C collation only
        Index("unit_initials", "initials", postgresql_ops={"initials": "text_pattern_ops"}),
        Index("unit_geom", "geom", postgresql_using="gist"),
    )


class UnitPiece(WithId, Base):
    """A part of a unit's area with few vertices, for lookups (see ``store.queries.pieces``)."""

    __tablename__ = "unit_piece"

    source_id: Mapped[int] = mapped_column(BigInteger)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="CASCADE"))
    geom: Mapped[WKBElement] = mapped_column(_geometry("POLYGON"))

    __table_args__ = (
        Index("unit_piece_unit", "unit_id"),
        Index("unit_piece_geom", "geom", postgresql_using="gist"),
    )


class Zone(DatasetRow, Base):
    """A protected or controlled area, and the range of days during which it is in force."""

    __tablename__ = "zone"

    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    grade: Mapped[str | None]
    level: Mapped[str | None]
    note: Mapped[str | None]
    geom: Mapped[WKBElement] = mapped_column(_geometry("MULTIPOLYGON"))

    __table_args__ = (
        no_overlap_in_time("zone"),
        Index("zone_geom", "geom", postgresql_using="gist"),
    )


class ZonePiece(WithId, Base):
    """A part of a zone's area with few vertices, for lookups (see ``store.queries.pieces``)."""

    __tablename__ = "zone_piece"

    source_id: Mapped[int] = mapped_column(BigInteger)
    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.id", ondelete="CASCADE"))
    geom: Mapped[WKBElement] = mapped_column(_geometry("POLYGON"))

    __table_args__ = (
        Index("zone_piece_zone", "zone_id"),
        Index("zone_piece_geom", "geom", postgresql_using="gist"),
    )


class ZoneKind(Base):
    """Distance within which a zone of a kind is mentioned in a verdict, metres; from ``data/law``."""

    __tablename__ = "zone_kind"

    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    near_m: Mapped[float]


class GridCell(DatasetRow, Base):
    """A cell of the grid workers' network, with its worker and the responsible team."""

    __tablename__ = "grid_cell"

    code: Mapped[str]
    issuer: Mapped[str]
    township: Mapped[str]
    name: Mapped[str]
    worker: Mapped[str]
    team: Mapped[str]
    geom: Mapped[WKBElement] = mapped_column(_geometry("MULTIPOLYGON"))

    __table_args__ = (
        no_overlap_in_time("grid_cell"),
        Index("grid_cell_geom", "geom", postgresql_using="gist"),
    )


class Permit(DatasetRow, Base):
    """A permit: the uses it allows, within an area and a range of days, in zones of some kinds."""

    __tablename__ = "permit"

    number: Mapped[str]
    holder: Mapped[str]
    uses: Mapped[list[str]]
    zone_kinds: Mapped[list[str]]
    issuer: Mapped[str]
    note: Mapped[str | None]
    geom: Mapped[WKBElement] = mapped_column(_geometry("MULTIPOLYGON"))

    __table_args__ = (
        no_overlap_in_time("permit", "number"),
        Index("permit_geom", "geom", postgresql_using="gist"),
    )


class Report(WithId, Base):
    """A report. It repeats a summary of its verdict, so that lists and maps need no join.

    Attributes:
        filed_by: Account that filed it; None: the operator.
        idempotency_key: Chosen by the client: repeating a request does not file a second report.
        request_hash: Of the request, to refuse another request with the same key.
        sample: Whether it is fictional.
        location: The position as it was given.
        zone_kinds: Kinds of the zones it conflicts with.
        due_on: Last day of the current step.
        overdue: That day has passed; set by ``zhijie_mark_overdue``.
        holder_unit: Code of the unit it is assigned to (see ``store.schema.report_counts.AssignmentRow``).
        holder_account: Account it is assigned to.
        spot: Where it is drawn, EPSG:3857.
    """

    __tablename__ = "report"

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
        # nulls not distinct: reports of the operator have no account, and must not be filed twice either
        UniqueConstraint(
            "filed_by", "idempotency_key", name="report_key", postgresql_nulls_not_distinct=True
        ),
        CheckConstraint(_one_of("effect", EFFECTS), name="report_effect"),
        CheckConstraint(_one_of("certainty", CERTAINTIES), name="report_certainty"),
        Index("report_geom", "geom", postgresql_using="gist"),
        Index("report_unit_code", "unit_code", postgresql_ops={"unit_code": "text_pattern_ops"}),
        Index("report_received_at", "received_at"),
        Index("report_spot", "spot", postgresql_using="gist"),
        # partial indexes: few reports are open, assigned to a person, or assigned elsewhere
        Index("report_due", "due_on", postgresql_where=f"NOT overdue AND {OPEN_CONDITION}"),
        Index("report_holder", "holder_account", postgresql_where="holder_account IS NOT NULL"),
        Index("report_elsewhere", "holder_unit", postgresql_where="holder_unit <> unit_code"),
    )


class StoredVerdict(WithId, Base):
    """A verdict as it was returned.

    Attributes:
        source_ids: The dataset versions that were current.
        inquiry: The question, with the day of the answer and the thresholds; None for verdicts older than
            this column, which cannot be replayed.
        body: Canonical JSON text; text, because a replay must yield the same bytes.
    """

    __tablename__ = "verdict"

    report_id: Mapped[int] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    source_ids: Mapped[list[int]]
    inquiry: Mapped[dict[str, Any] | None]
    body: Mapped[str]

    __table_args__ = (Index("verdict_report", "report_id"),)


class ReportPrivate(Base):
    """The reporter. Only ``zhijie_reporter`` reads it, and writes every access into the journal.

    Attributes:
        salt: Random bytes, so that nobody finds a name by its digest in the journal.
    """

    __tablename__ = "report_private"

    report_id: Mapped[int] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(server_default="")
    telephone: Mapped[str] = mapped_column(server_default="")
    protected: Mapped[bool] = mapped_column(server_default=false())
    salt: Mapped[bytes] = mapped_column(default=lambda: secrets.token_bytes(32), server_default="")
    geom: Mapped[WKBElement | None] = mapped_column(_geometry("POINT"))

    __table_args__ = (Index("report_private_geom", "geom", postgresql_using="gist"),)


class Evidence(WithId, Base):
    """A file that belongs to a report; its bytes are in the evidence store under their SHA-256.

    Attributes:
        size: Bytes.
        found: Position, time and direction read from the file.
        thumbnail: SHA-256 of a small picture in the evidence store.
    """

    __tablename__ = "evidence"

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
