"""The columns that a screening appends, and a single verdict as a row of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pyarrow as pa

from verdict import Verdict, deciding_conflicts

PREFIX: Final = "zj_"
# Most texts repeat in many rows: a dictionary column holds each once.
ENCODED_TEXT: Final = pa.dictionary(pa.int32(), pa.string())
VERDICT_SCHEMA: Final = pa.schema(
    [
        ("zj_effect", ENCODED_TEXT),
        ("zj_why", ENCODED_TEXT),
        ("zj_certainty", ENCODED_TEXT),
        ("zj_unit_code", ENCODED_TEXT),
        ("zj_unit_name", ENCODED_TEXT),
        ("zj_unit_level", ENCODED_TEXT),
        ("zj_share", pa.float64()),
        ("zj_edge_m", pa.float64()),
        ("zj_county_code", ENCODED_TEXT),
        ("zj_county_name", ENCODED_TEXT),
        ("zj_township_code", ENCODED_TEXT),
        ("zj_township_name", ENCODED_TEXT),
        ("zj_grid_cell", ENCODED_TEXT),
        ("zj_team", ENCODED_TEXT),
        ("zj_other_units", pa.string()),
        ("zj_zones", ENCODED_TEXT),
        ("zj_zone_kinds", ENCODED_TEXT),
        ("zj_zone_names", ENCODED_TEXT),
        ("zj_relations", ENCODED_TEXT),
        ("zj_basis", ENCODED_TEXT),
        ("zj_authority", ENCODED_TEXT),
        ("zj_mode", ENCODED_TEXT),
        ("zj_missing", ENCODED_TEXT),
        ("zj_error", pa.string()),
    ]
)
SEPARATOR: Final = ";"


def verdict_row(verdict: Verdict) -> dict[str, Any]:
    """A verdict as a row of ``VERDICT_SCHEMA``; ``zj_edge_m`` is null where no unit leads."""
    jurisdiction = verdict.jurisdiction
    lead = jurisdiction.lead
    links = {link.level: link for link in jurisdiction.chain}
    conflicts = verdict.conflicts
    row = {
        "zj_effect": verdict.effect,
        "zj_why": outcome_reason(verdict),
        "zj_certainty": jurisdiction.certainty,
        "zj_unit_code": lead.code if lead else None,
        "zj_unit_name": lead.name if lead else None,
        "zj_unit_level": lead.level if lead else None,
        "zj_share": lead.share if lead else None,
        "zj_edge_m": jurisdiction.edge_distance_m if lead else None,
        "zj_other_units": join_values(unit_with_share(unit.code, unit.share) for unit in jurisdiction.others),
        "zj_zones": join_values(c.zone.id for c in conflicts),
        "zj_zone_kinds": join_values(c.zone.kind for c in conflicts),
        "zj_zone_names": join_values(c.zone.name for c in conflicts),
        "zj_relations": join_values(c.relation for c in conflicts),
        "zj_basis": _basis(verdict),
        "zj_authority": verdict.competence.authority["zh"],
        "zj_mode": verdict.competence.mode,
        "zj_missing": join_values(sorted(kind.kind for kind in verdict.missing)),
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


def outcome_reason(verdict: Verdict) -> str:
    """The code of the reason for the outcome, which the last step of the trace states."""
    return str(verdict.trace[-1].numbers["because"])


def unit_with_share(code: str, share: float) -> str:
    """A unit in ``zj_other_units``: ``140522=0.25``."""
    return f"{code}={share:.6g}"


def join_values(values: Iterable[str]) -> str | None:
    """Values separated by ``SEPARATOR``; None where there are none."""
    return SEPARATOR.join(values) or None


def _basis(verdict: Verdict) -> str | None:
    """Citations of the articles that decide the outcome, each once."""
    deciding = deciding_conflicts(verdict.conflicts, verdict.effect)
    deciding.sort(key=lambda c: (c.zone.kind, c.zone.grade or ""))
    return join_values(dict.fromkeys(citation(b.law, b.label) for c in deciding for b in c.basis))


def citation(law: Mapping[str, str], label: Mapping[str, str]) -> str:
    """An article with its law, in Chinese: 《城乡规划法》第六十四条."""
    return f"《{law['zh']}》{label['zh']}"


def verdict_table(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows as a table of ``VERDICT_SCHEMA``; columns that a row leaves out are null."""
    return pa.Table.from_pylist(list(rows), schema=VERDICT_SCHEMA)
