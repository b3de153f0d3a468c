"""The screening room: many places in, their verdicts out as columns.

A :class:`~screening.screener.Screener` judges arrays of points and footprints for one category and day; its
rows equal those of single verdicts (``verdict``), which it calls for the places that compiled loops cannot
decide. ``files`` screens a file in this process, ``cluster`` by the workers of a Dask cluster, and
``/api/check/batch`` a request; the columns are ``schema.VERDICT_SCHEMA``. It reads the store in memory
(``facts``) and writes nothing to the database. It has no rules of its own: thresholds, outcomes and law are
those of ``verdict`` and ``law``. Dask is imported in ``cluster`` alone.
"""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = ["ScreenTask", "open_screener", "run_cluster", "run_local"]

if TYPE_CHECKING:
    from screening.cluster.run import run_cluster
    from screening.files.run import run_local
    from screening.screener import ScreenTask, open_screener
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "screening.cluster.run": ["run_cluster"],
            "screening.files.run": ["run_local"],
            "screening.screener": ["ScreenTask", "open_screener"],
        },
    )
