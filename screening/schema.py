"""The columns that a screening appends: a verdict in one row, and how a single verdict becomes that row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pyarrow as pa

from verdict.model import Conflict, Verdict
from verdict.outcome import is_deciding

PREFIX: Final = "zj_"
WORD: Final = pa.dictionary(pa.int32(), pa.string())
VERDICT_SCHEMA: Final = pa.schema(
    [
        ("zj_effect", WORD),
        ("zj_why", WORD),
        ("zj_certainty", WORD),
        ("zj_unit_code", WORD),
        ("zj_unit_name", WORD),
        ("zj_unit_level", WORD),
        ("zj_share", pa.float64()),
        ("zj_edge_m", pa.float64()),
        ("zj_county_code", WORD),
        ("zj_county_name", WORD),
        ("zj_township_code", WORD),
        ("zj_township_name", WORD),
        ("zj_grid_cell", WORD),
        ("zj_team", WORD),
        ("zj_other_units", pa.string()),
        ("zj_zones", WORD),
        ("zj_zone_kinds", WORD),
        ("zj_zone_names", WORD),
        ("zj_relations", WORD),
        ("zj_basis", WORD),
        ("zj_authority", WORD),
        ("zj_mode", WORD),
        ("zj_missing", WORD),
        ("zj_error", pa.string()),
    ]
)
SEPARATOR: Final = ";"


def row_of(verdict: Verdict) -> dict[str, Any]:
    """A verdict as one row of the columns; ``zj_edge_m`` is told of a place with a lead only."""
    found = verdict.jurisdiction
    lead = found.lead
    links = {link.level: link for link in found.chain}
    conflicts = verdict.conflicts
    row = {
        "zj_effect": verdict.effect,
        "zj_why": why_of(verdict),
        "zj_certainty": found.certainty,
        "zj_unit_code": lead.code if lead else None,
        "zj_unit_name": lead.name if lead else None,
        "zj_unit_level": lead.level if lead else None,
        "zj_share": lead.share if lead else None,
        "zj_edge_m": found.edge_distance_m if lead else None,
        "zj_other_units": joined(partner(unit.code, unit.share) for unit in found.others),
        "zj_zones": joined(c.zone.id for c in conflicts),
        "zj_zone_kinds": joined(c.zone.kind for c in conflicts),
        "zj_zone_names": joined(c.zone.name for c in conflicts),
        "zj_relations": joined(c.relation for c in conflicts),
        "zj_basis": _basis(verdict),
        "zj_authority": verdict.competence.authority["zh"],
        "zj_mode": verdict.competence.mode,
        "zj_missing": joined(sorted(kind.kind for kind in verdict.missing)),
        "zj_error": None,
    }
    for level in ("county", "township"):
        link = links.get(level)
        row |= {
            f"zj_{level}_code": link.code if link else None,
            f"zj_{level}_name": link.name if link else None,
        }
    cell = links.get("grid_cell")
    return row | {"zj_grid_cell": cell.code if cell else None, "zj_team": cell.team if cell else None}


def why_of(verdict: Verdict) -> str:
    """The reason of the outcome, from the trace's last step."""
    return str(verdict.trace[-1].numbers["because"])


def partner(code: str, share: float) -> str:
    """Another unit with its share."""
    return f"{code}={share:.6g}"


def joined(values: Iterable[str]) -> str | None:
    """Values in one text; None where there are none."""
    return SEPARATOR.join(values) or None


def _basis(verdict: Verdict) -> str | None:
    deciding = [c for c in verdict.conflicts if is_deciding(c, verdict.effect)]
    deciding.sort(key=lambda c: (c.zone.kind, c.zone.grade or ""))
    return joined(dict.fromkeys(label for c in deciding for label in labels(c)))


def labels(conflict: Conflict) -> list[str]:
    """Its articles as they are cited in Chinese."""
    return [cited(basis.law, basis.label) for basis in conflict.basis]


def cited(law: Mapping[str, str], label: Mapping[str, str]) -> str:
    """An article with its law."""
    return f"《{law['zh']}》{label['zh']}"


def table_of(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows as a table of the schema."""
    return pa.Table.from_pylist(list(rows), schema=VERDICT_SCHEMA)
