"""Measures on the ellipsoid: distances, areas, buffers, and the probability that a point is in an area."""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "ELLIPSOID",
    "GEOD",
    "Plane",
    "R68",
    "REACH",
    "STEP_DEG",
    "area_m2",
    "buffer_geodesic",
    "combine",
    "distance_m",
    "gaussian_mass",
    "length_m",
    "sigma_from_r68",
    "sigma_from_r95",
]

if TYPE_CHECKING:
    from geo.measure.buffer import STEP_DEG, buffer_geodesic
    from geo.measure.geodesic import ELLIPSOID, GEOD, Plane, area_m2, distance_m, length_m
    from geo.measure.probability import R68, REACH, combine, gaussian_mass, sigma_from_r68, sigma_from_r95
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "geo.measure.buffer": ["STEP_DEG", "buffer_geodesic"],
            "geo.measure.geodesic": ["ELLIPSOID", "GEOD", "Plane", "area_m2", "distance_m", "length_m"],
            "geo.measure.probability": [
                "R68",
                "REACH",
                "combine",
                "gaussian_mass",
                "sigma_from_r68",
                "sigma_from_r95",
            ],
        },
    )
