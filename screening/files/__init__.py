"""Screening of a file: places read and converted, judged, counted, and written with their verdicts."""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "BatchJudge",
    "Column",
    "EFFECTS",
    "EFFECT_HEADINGS",
    "FileJob",
    "PlaceBatch",
    "PlaceOptions",
    "ScreeningResult",
    "UNIT_HEADINGS",
    "WORKERS",
    "ZONE_HEADINGS",
    "assumed_line",
    "concat_places",
    "convert_places",
    "count_line",
    "effect_rows",
    "error_lines",
    "judge_places",
    "limit_rows",
    "place_geometries",
    "unit_rows",
    "zone_rows",
]

if TYPE_CHECKING:
    from screening.files.places import PlaceBatch, PlaceOptions, concat_places, convert_places
    from screening.files.run import WORKERS, FileJob, ScreeningResult, place_geometries
    from screening.files.summary import EFFECTS, Column
    from screening.files.verdicts import BatchJudge, judge_places
    from screening.files.wording import (
        EFFECT_HEADINGS,
        UNIT_HEADINGS,
        ZONE_HEADINGS,
        assumed_line,
        count_line,
        effect_rows,
        error_lines,
        limit_rows,
        unit_rows,
        zone_rows,
    )
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "screening.files.places": ["PlaceBatch", "PlaceOptions", "concat_places", "convert_places"],
            "screening.files.run": ["FileJob", "ScreeningResult", "WORKERS", "place_geometries"],
            "screening.files.summary": ["Column", "EFFECTS"],
            "screening.files.verdicts": ["BatchJudge", "judge_places"],
            "screening.files.wording": [
                "EFFECT_HEADINGS",
                "UNIT_HEADINGS",
                "ZONE_HEADINGS",
                "assumed_line",
                "count_line",
                "effect_rows",
                "error_lines",
                "limit_rows",
                "unit_rows",
                "zone_rows",
            ],
        },
    )
