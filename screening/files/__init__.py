"""Screening of a file: places read and converted, judged, counted, and written with their verdicts."""
