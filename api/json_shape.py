"""Bounds the shape of a JSON text before it is parsed: parsed, some megabytes become millions of objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from core.i18n import N_

PIECE: Final = 1 << 16  # bytes looked at at a time: the arrays stay small
COUNTED: Final = 1 << 21  # bytes; counting more of them at once would hold up other threads
QUOTE, BACKSLASH, COMMA, COLON = b'"\\,:'
STEPS: Final = np.zeros(256, dtype=np.int8)  # what a byte adds to the depth
STEPS[list(b"[{")] = 1
STEPS[list(b"]}")] = -1


@dataclass(frozen=True, slots=True)
class Shape:
    """Most levels of nesting, members of objects, and elements (commas and opening brackets)."""

    depth: int
    members: int
    elements: int


def check_shape(body: bytes | bytearray, most: Shape) -> None:
    """Raise :class:`BadInput` (field ``body``) for a JSON text beyond a shape, in time linear in its length.

    What stands in strings does not count. A text that is no JSON may pass up to its first fault, where the
    parser stops too.
    """
    # UTF-16 and UTF-32, which Python's parser also takes, have NUL bytes: their quotes would be misread.
    if 0 in body:
        raise BadInput(
            N_("The body is not JSON in UTF-8."), field="body", hint=N_("Send JSON in UTF-8, without NUL.")
        )
    if len(body) <= COUNTED and _fits(_at_most(body), most):
        return
    for found in _measures(body):  # ends at the first piece beyond the shape
        if not _fits(found, most):
            raise _beyond(found, most)


def _at_most(body: bytes | bytearray) -> Shape:
    """Counts that include strings: no smaller than the true ones, and without arrays."""
    opened = body.count(b"[") + body.count(b"{")
    return Shape(opened, body.count(b":"), opened + body.count(b","))


def _fits(found: Shape, most: Shape) -> bool:
    return found.depth <= most.depth and found.members <= most.members and found.elements <= most.elements


def _beyond(found: Shape, most: Shape) -> BadInput:
    if found.depth > most.depth:
        message, limit = N_("The JSON body is nested more than {most} levels deep."), most.depth
    elif found.members > most.members:
        message, limit = N_("The JSON body has more than {most} members of objects."), most.members
    else:
        message, limit = N_("The JSON body has more than {most} elements."), most.elements
    return BadInput(message, field="body", hint=N_("Send only the fields of the description."), most=limit)


def _measures(body: bytes | bytearray) -> Iterator[Shape]:
    """The shape of the text up to the end of each piece."""
    depth = deepest = members = elements = 0
    in_string, rest = False, b""
    for start in range(0, len(body), PIECE):
        piece = np.frombuffer(rest + body[start : start + PIECE], dtype=np.uint8)
        quotes, rest = _quotes(piece)
        within = np.bitwise_xor.accumulate(quotes.view(np.uint8)).view(np.bool_) ^ in_string
        in_string = bool(within[-1])
        outside = piece[~within]
        steps = STEPS[outside]
        levels = np.cumsum(steps, dtype=np.int64) + depth
        if len(levels):
            depth, deepest = int(levels[-1]), max(deepest, int(levels.max()))
        members += int(np.count_nonzero(outside == COLON))
        elements += int(np.count_nonzero(outside == COMMA)) + int(np.count_nonzero(steps == 1))
        yield Shape(deepest, members, elements)


def _quotes(piece: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], bytes]:
    """Which bytes are quotes that begin or end a string; the backslash that escapes what follows."""
    quotes = piece == QUOTE
    slashes = piece == BACKSLASH
    if not slashes.any():
        return quotes, b""
    at = np.arange(len(piece), dtype=np.int32)
    run = at - np.maximum.accumulate(np.where(slashes, -1, at))  # backslashes that end at each byte
    odd = run % 2 == 1
    quotes[1:] &= ~odd[:-1]
    return quotes, b"\\" if odd[-1] else b""
