"""Builds the reference data of ``data/boundaries`` and ``data/protected_areas`` from committed facts.

None of what is built is an official boundary; each dataset says how far its lines may be wrong.
Start it with ``python tools/build_reference.py``.
"""
