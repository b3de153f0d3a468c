"""The demo room: fictional reports, places and accounts for ``make demo``, and their removal.

``sample_reports`` draws the reports of a year from a seeded generator and files them like real ones;
``story`` has the one report of the tour and a user for each role; ``clear`` removes all of it. Everything is
marked as a sample, in the database and in the texts, so that nobody mistakes it for a
real report and ``clear`` finds it. Only the command line uses this room.
"""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "STORY",
    "STORY_KEY",
    "batches",
    "clear_demo",
    "count_samples",
    "demo_people",
    "file_samples",
    "forget_files",
    "missing",
]

if TYPE_CHECKING:
    from demo.clear import clear_demo, count_samples, forget_files
    from demo.sample_reports import batches, file_samples, missing
    from demo.story import STORY, STORY_KEY, demo_people
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "demo.clear": ["clear_demo", "count_samples", "forget_files"],
            "demo.sample_reports": ["batches", "file_samples", "missing"],
            "demo.story": ["STORY", "STORY_KEY", "demo_people"],
        },
    )
