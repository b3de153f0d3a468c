"""Measures on the ellipsoid: distances, areas, buffers, and the probability that a point is in an area."""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "ELLIPSOID",
    "EqualAreaPlane",
    "Fractions",
    "GEOD",
    "OUTLIER_FACTOR",
    "OUTLIER_REACH",
    "Plane",
    "R68",
    "REACH",
    "STEP_DEG",
    "Spread",
    "area_m2",
    "buffer_geodesic",
    "constant",
    "crossing_probability",
    "distance_m",
    "fractions",
    "lead_probability",
    "length_m",
    "mean",
    "position_mass",
    "remainder",
    "sigma_from_r68",
    "sigma_from_r95",
    "spread_of",
]

if TYPE_CHECKING:
    from geo.measure.buffer import STEP_DEG, buffer_geodesic
    from geo.measure.ellipsoid import ELLIPSOID
    from geo.measure.geodesic import GEOD, Plane, area_m2, distance_m, length_m
    from geo.measure.local_area import EqualAreaPlane
    from geo.measure.probability import (
        OUTLIER_FACTOR,
        OUTLIER_REACH,
        R68,
        REACH,
        Spread,
        crossing_probability,
        position_mass,
        sigma_from_r68,
        sigma_from_r95,
        spread_of,
    )
    from geo.measure.shifted_overlap import (
        Fractions,
        constant,
        fractions,
        lead_probability,
        mean,
        remainder,
    )
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "geo.measure.buffer": ["STEP_DEG", "buffer_geodesic"],
            "geo.measure.ellipsoid": ["ELLIPSOID"],
            "geo.measure.geodesic": ["GEOD", "Plane", "area_m2", "distance_m", "length_m"],
            "geo.measure.local_area": ["EqualAreaPlane"],
            "geo.measure.probability": [
                "OUTLIER_FACTOR",
                "OUTLIER_REACH",
                "R68",
                "REACH",
                "Spread",
                "crossing_probability",
                "position_mass",
                "sigma_from_r68",
                "sigma_from_r95",
                "spread_of",
            ],
            "geo.measure.shifted_overlap": [
                "Fractions",
                "constant",
                "fractions",
                "lead_probability",
                "mean",
                "remainder",
            ],
        },
    )
