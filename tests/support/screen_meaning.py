"""What the verdict columns of a row must say, from the verdict of the same place asked singly."""

from __future__ import annotations

from typing import Any

import pytest

from verdict.model import Verdict

EXACT = (
    *("zj_effect", "zj_certainty", "zj_unit_code", "zj_unit_name", "zj_unit_level", "zj_county_code"),
    *("zj_county_name", "zj_township_code", "zj_township_name", "zj_grid_cell", "zj_team", "zj_zones"),
    *("zj_zone_kinds", "zj_zone_names", "zj_relations", "zj_authority", "zj_mode", "zj_missing", "zj_why"),
)


def meant(verdict: Verdict) -> dict[str, Any]:
    """The columns, but for the shares of other units and the articles."""
    ground, lead = verdict.jurisdiction, verdict.jurisdiction.lead
    links = {link.level: link for link in ground.chain}
    cell = links.get("grid_cell")
    zones = verdict.conflicts
    return {
        "zj_effect": verdict.effect,
        "zj_certainty": ground.certainty,
        "zj_unit_code": lead and lead.code,
        "zj_unit_name": lead and lead.name,
        "zj_unit_level": lead and lead.level,
        "zj_share": lead and lead.share,
        "zj_edge_m": ground.edge_distance_m if lead else None,
        "zj_county_code": links["county"].code if "county" in links else None,
        "zj_county_name": links["county"].name if "county" in links else None,
        "zj_township_code": links["township"].code if "township" in links else None,
        "zj_township_name": links["township"].name if "township" in links else None,
        "zj_grid_cell": cell and cell.code,
        "zj_team": cell and cell.team,
        "zj_zones": _joined(conflict.zone.id for conflict in zones),
        "zj_zone_kinds": _joined(conflict.zone.kind for conflict in zones),
        "zj_zone_names": _joined(conflict.zone.name for conflict in zones),
        "zj_relations": _joined(conflict.relation for conflict in zones),
        "zj_authority": verdict.competence.authority["zh"],
        "zj_mode": verdict.competence.mode,
        "zj_missing": _joined(sorted(missing.kind for missing in verdict.missing)),
        "zj_why": verdict.trace[-1].numbers["because"],
    }


def assert_means(row: dict[str, Any], verdict: Verdict) -> None:
    """A row of columns says what the verdict says."""
    wanted = meant(verdict)
    assert row["zj_error"] is None
    assert {name: row[name] for name in EXACT} == {name: wanted[name] for name in EXACT}
    for name, within in (("zj_share", 1e-6), ("zj_edge_m", 0.01)):
        assert (row[name] is None) == (wanted[name] is None), name
        if wanted[name] is not None:
            assert row[name] == pytest.approx(wanted[name], abs=within)
    others = dict(part.split("=") for part in (row["zj_other_units"] or "").split(";") if part)
    told = {unit.code: unit.share for unit in verdict.jurisdiction.others}
    assert others.keys() == told.keys()
    assert [float(others[code]) for code in told] == pytest.approx(list(told.values()), abs=1e-6)


def _joined(texts: Any) -> str | None:
    return ";".join(texts) or None
