"""Calibration of stated shares and certainties on simulated reports near an irregular border.

Run ``.venv/bin/python -m benchmarks.calibration`` (some twenty minutes; ``--quick``: two): a throw-away
PostGIS, the real query, the real decision. It writes the figures of docs/calibration.md and its plot. That
document describes the method and its limits. The truth is drawn here and measured with shapely; no formula
of the engine takes part in it.

==============  =====================================================================================
module          what it measures
==============  =====================================================================================
``world``       the townships, the reserve, and a PostGIS that holds them
``errors``      the laws of the devices' errors, and the probability of an area by trying many errors
``points``      points near a border: shares and certainty against the true township
``footprints``  footprints of 5 to 300 m: shares and certainty against the true areas
``omitted``     reports of telephones that state no accuracy
``tails``       outliers and heavy tails: what is wrong, and what the caution costs
``zones``       a reserve of three parts: the probability that any of them holds the place
``reliability`` counts, tables and the plot
``document``    the figures of docs/calibration.md
==============  =====================================================================================
"""
