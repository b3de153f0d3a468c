"""What threads decided of parts of a batch, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

from screening.decide.unit_table import Divided
from screening.decide.zone_table import Met

Part = TypeVar("Part", Divided, Met)


def joined_parts(parts: Sequence[Part]) -> Part:
    """Parts of consecutive points as one; numbers of points are counted on."""
    if len(parts) == 1:
        return parts[0]
    kind = type(parts[0])
    values: list[Any] = [_joined(field.name, parts) for field in fields(kind)]
    return kind(*values)


def _joined(name: str, parts: Sequence[Divided] | Sequence[Met]) -> object:
    values = [getattr(part, name) for part in parts]
    if name == "partners":
        return _partners(values)
    if name == "point":
        sizes = np.cumsum([0, *(len(part.plain) for part in parts)])
        return np.concatenate([value + size for value, size in zip(values, sizes[:-1], strict=True)])
    if isinstance(values[0], tuple):
        return tuple(map(np.concatenate, zip(*values, strict=True)))
    return np.concatenate(values)


def _partners(values: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> tuple[np.ndarray, ...]:
    ends = np.cumsum([0, *(starts[-1] for starts, _, _ in values)])
    starts = [starts[1:] + end for (starts, _, _), end in zip(values, ends[:-1], strict=True)]
    return (
        np.concatenate(([0], *starts)),
        np.concatenate([units for _, units, _ in values]),
        np.concatenate([shares for _, _, shares in values]),
    )
