"""Compiled functions for coverages: areas that do not overlap and share their borders, such as units."""
