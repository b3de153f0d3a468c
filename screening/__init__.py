"""The screening room: many places in, their verdicts out as columns.

A :class:`~screening.screener.Screener` judges arrays of points and footprints for one category and day; its
rows equal those of single verdicts (``verdict``), which it calls for the places that compiled loops cannot
decide. ``files`` screens a file in this process, ``cluster`` by the workers of a Dask cluster, and
``/api/check/batch`` a request; the columns are ``schema.VERDICT_SCHEMA``. It reads the store in memory
(``facts``) and writes nothing to the database. It has no rules of its own: thresholds, outcomes and law are
those of ``verdict`` and ``law``. Dask is imported in ``cluster`` alone.
"""
