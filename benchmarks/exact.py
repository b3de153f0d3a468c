"""Areas of overlap in rational numbers: the referee where two floating-point answers differ."""

from __future__ import annotations

from fractions import Fraction

import shapely

Place = tuple[Fraction, Fraction]


def overlap_area(area: shapely.Geometry, footprint: shapely.Polygon) -> Fraction:
    """The exact area, in the coordinates' own units, of what a valid polygon and a convex one share.

    Sutherland-Hodgman on every ring: the bridges that it leaves along the footprint's edges enclose nothing.
    """
    clip = _ring(shapely.orient_polygons(footprint).exterior)
    total = Fraction(0)
    for part in shapely.get_parts(shapely.orient_polygons(area)):
        for ring in shapely.get_rings(part):
            total += _signed(_clipped(_ring(ring), clip))
    return total


def _ring(ring: shapely.LinearRing) -> list[Place]:
    return [(Fraction(x), Fraction(y)) for x, y in shapely.get_coordinates(ring)[:-1].tolist()]


def _clipped(ring: list[Place], clip: list[Place]) -> list[Place]:
    """The part of a ring left of every edge of the counter-clockwise ring ``clip``."""
    for start, stop in zip(clip, clip[1:] + clip[:1], strict=True):
        sides = [_side(start, stop, place) for place in ring]
        kept: list[Place] = []
        for n, (place, side) in enumerate(zip(ring, sides, strict=True)):
            before = sides[n - 1]
            if (before < 0 < side) or (side < 0 < before):
                kept.append(_between(ring[n - 1], place, before / (before - side)))
            if side >= 0:
                kept.append(place)
        ring = kept
    return ring


def _side(start: Place, stop: Place, place: Place) -> Fraction:
    return (stop[0] - start[0]) * (place[1] - start[1]) - (stop[1] - start[1]) * (place[0] - start[0])


def _between(a: Place, b: Place, part: Fraction) -> Place:
    return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part


def _signed(ring: list[Place]) -> Fraction:
    pairs = zip(ring, ring[1:] + ring[:1], strict=True)
    return sum((ax * by - bx * ay for (ax, ay), (bx, by) in pairs), Fraction(0)) / 2
