"""Concatenation of the decisions that threads made on parts of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

from screening.decide.unit_table import Division
from screening.decide.zone_table import Conflicts

Part = TypeVar("Part", Division, Conflicts)


def concat_parts(parts: Sequence[Part]) -> Part:
    """The decisions on consecutive parts as one; numbers of points are shifted to those of the whole."""
    if len(parts) == 1:
        return parts[0]
    kind = type(parts[0])
    values: list[Any] = [_concat_field(field.name, parts) for field in fields(kind)]
    return kind(*values)


def _concat_field(name: str, parts: Sequence[Division] | Sequence[Conflicts]) -> object:
    """One field of the whole. ``partners`` and ``point`` hold positions, which are shifted."""
    values = [getattr(part, name) for part in parts]
    if name == "partners":
        return _concat_partners(values)
    if name == "point":
        sizes = np.cumsum([0, *(len(part.plain) for part in parts)])
        return np.concatenate([value + size for value, size in zip(values, sizes[:-1], strict=True)])
    if isinstance(values[0], tuple):
        return tuple(map(np.concatenate, zip(*values, strict=True)))
    return np.concatenate(values)


def _concat_partners(values: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> tuple[np.ndarray, ...]:
    ends = np.cumsum([0, *(starts[-1] for starts, _, _ in values)])
    starts = [starts[1:] + end for (starts, _, _), end in zip(values, ends[:-1], strict=True)]
    return (
        np.concatenate(([0], *starts)),
        np.concatenate([units for _, units, _ in values]),
        np.concatenate([shares for _, _, shares in values]),
    )
