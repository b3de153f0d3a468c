"""Snaps the shared borders of neighbouring units together where a file has them a little apart.

Files from offices have gaps and overlaps of millimetres, and vertices that only one neighbour has: each
polygon was digitised, cut or converted on its own. GEOS's coverage cleaner gives both the same vertices.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from shapely.geometry import MultiPolygon

METRES_PER_DEGREE: Final = 111_320.0  # the longest: a tolerance is never exceeded
UNTOLD_DEG: Final = 2e-9
"""0.2 mm: conversion rounds by as much, and nobody wants to be told of it."""


def invalid_edges(areas: Sequence[MultiPolygon], gap_deg: float) -> list[bool]:
    """Whether each area overlaps a neighbour, leaves a gap below ``gap_deg``, or lacks a shared vertex."""
    edges = shapely.coverage_invalid_edges(list(areas), gap_width=gap_deg)
    return [not edge.is_empty for edge in edges]


def snapped(areas: Sequence[MultiPolygon], tolerance_m: float) -> list[MultiPolygon] | None:
    """The areas with borders at most ``tolerance_m`` apart snapped together.

    None if that would move a border further: then neighbours overlap, or are apart, for another reason.
    """
    tolerance = tolerance_m / METRES_PER_DEGREE
    # not in the type stubs yet
    clean = shapely.coverage_clean  # type: ignore[attr-defined]
    cleaned = clean(list(areas), snapping_distance=tolerance, gap_width=tolerance)
    moved = shapely.symmetric_difference(np.asarray(areas, dtype=object), cleaned)
    # What is left of the difference when a rim is taken off was wider than the tolerance.
    if not shapely.is_empty(shapely.buffer(moved, -tolerance)).all():
        return None
    return [MultiPolygon(list(shapely.get_parts(area))) for area in cleaned]


def are_notably_apart(before: Sequence[MultiPolygon], after: Sequence[MultiPolygon]) -> bool:
    """Whether snapping moved a border so far that a person should be told."""
    moved = shapely.symmetric_difference(np.asarray(before, dtype=object), np.asarray(after, dtype=object))
    return bool((~shapely.is_empty(shapely.buffer(moved, -UNTOLD_DEG / 2.0))).any())
