"""Measures on the ellipsoid: distances, areas, buffers, and the probability that a point is in an area."""
