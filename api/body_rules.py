"""Which request bodies are read: the largest, and their shape as JSON, of each endpoint."""

from __future__ import annotations

import re
from typing import Final

from api.json_shape import Shape
from api.middleware.body_limit import BodyRule
from api.routers import batch, check, datum_check, evidence, reports
from core.settings import Settings
from layers.datum_check import MAX_POINTS

# A form: names, a password, a reason of 500 characters, which JSON may write as twelve bytes each.
FORM: Final = BodyRule(8192, Shape(depth=8, members=50, elements=200))
TEXT_BYTES: Final = 65_536  # all of an inquiry but its footprint: a description of 4000 such characters
# Two numbers of 17 digits with their brackets and commas take 42 bytes, with a height 62.
VERTEX_BYTES: Final = 64
VERTEX_ELEMENTS: Final = 10  # brackets and commas of two vertices: that many too many are told by number
POINT_ELEMENTS: Final = 4
SLACK: Final = 1000  # elements and members of everything else: properties of a feature
DEPTH: Final = 32  # a report's MultiPolygon takes 7


def default_rule(settings: Settings) -> BodyRule:
    """The rule of all endpoints but those of ``rules_of_paths``."""
    return _at_most(FORM, settings)


def rules_of_paths(settings: Settings) -> dict[str | re.Pattern[str], BodyRule]:
    """The rules of endpoints that take more than a form."""
    place = _many(settings.max_vertices, VERTEX_ELEMENTS)
    rules: dict[str | re.Pattern[str], BodyRule] = {
        check.PATH: _at_most(place, settings),
        reports.PATH: _at_most(place, settings),
        datum_check.PATH: _at_most(_many(MAX_POINTS, POINT_ELEMENTS), settings),
        batch.PATH: BodyRule(settings.max_batch_bytes),
        evidence.PATH: BodyRule(settings.max_evidence_bytes),
    }
    return rules


def _many(vertices: int, elements: int) -> BodyRule:
    shape = Shape(depth=DEPTH, members=SLACK, elements=elements * vertices + SLACK)
    return BodyRule(TEXT_BYTES + VERTEX_BYTES * vertices, shape)


def _at_most(rule: BodyRule, settings: Settings) -> BodyRule:
    return BodyRule(min(rule.limit, settings.max_body_bytes), rule.shape)
