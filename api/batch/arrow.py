"""Arrow streams from outside: held against the limits before anything is built from them.

A message says how many rows its batch has, and whether its buffers are compressed, in a flatbuffer of a few
fields; they are read here. Compressed buffers are refused: some kilobytes of them may stand for gigabytes.
"""

from __future__ import annotations

import struct
from typing import Final

import pyarrow as pa

from core.errors import BadInput, TooLarge
from core.i18n import N_

DICTIONARY_BATCH, RECORD_BATCH = 2, 3  # MessageHeader
HEADER_TYPE, HEADER = 1, 2  # fields of Message
LENGTH, COMPRESSION = 0, 3  # fields of RecordBatch
DATA: Final = 1  # field of DictionaryBatch


def read_stream(body: pa.Buffer, max_rows: int) -> pa.Table:
    """The rows of an Arrow IPC stream, validated. Raises BadInput or TooLarge (field ``body``)."""
    try:
        _check(body, max_rows)
        with pa.ipc.open_stream(body) as reader:
            table = reader.read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, IndexError, struct.error) as fault:
        raise BadInput(
            N_("The body is not an Arrow IPC stream: {fault}"),
            field="body",
            hint=N_("Send what Arrow's stream writer writes, without compression."),
            fault=fault,
        ) from fault
    return table


def check_rows(rows: int, most: int, field: str) -> None:
    """Refuse more rows than are taken, and none. Raises TooLarge, BadInput."""
    if rows > most:
        raise TooLarge(
            N_("The batch has {n} points, {most} are taken."),
            field=field,
            hint=N_("Send it in parts, or use `zhijie screen` on the file."),
            n=rows,
            most=most,
        )
    if rows == 0:
        raise BadInput(N_("The batch holds no point."), field=field, hint=N_("Give at least one point."))


def _check(body: pa.Buffer, max_rows: int) -> None:
    rows = 0
    for message in pa.ipc.MessageReader.open_stream(body):
        header = _Table.root(memoryview(message.metadata))
        kind, content = header.byte(HEADER_TYPE), header.table(HEADER)
        if kind == DICTIONARY_BATCH and content is not None:
            content = content.table(DATA)
        if kind not in (DICTIONARY_BATCH, RECORD_BATCH) or content is None:
            continue
        if content.table(COMPRESSION) is not None:
            raise BadInput(
                N_("The Arrow stream is compressed."),
                field="body",
                hint=N_("Send what Arrow's stream writer writes, without compression."),
            )
        length = content.long(LENGTH)
        rows += length if kind == RECORD_BATCH else 0
        check_rows(max(rows, length, 1), max_rows, "body")
    check_rows(rows, max_rows, "body")


class _Table:
    """A table of a flatbuffer: fields by number, absent ones at their default."""

    def __init__(self, view: memoryview, at: int) -> None:
        self._view = view
        self._at = at
        self._fields = at - int(struct.unpack_from("<i", view, at)[0])

    @classmethod
    def root(cls, view: memoryview) -> _Table:
        return cls(view, int(struct.unpack_from("<I", view, 0)[0]))

    def _place(self, number: int) -> int:
        """Where a field stands; 0 where it is absent."""
        size = int(struct.unpack_from("<H", self._view, self._fields)[0])
        slot = 4 + 2 * number
        offset = int(struct.unpack_from("<H", self._view, self._fields + slot)[0]) if slot < size else 0
        return self._at + offset if offset else 0

    def byte(self, number: int) -> int:
        place = self._place(number)
        return int(self._view[place]) if place else 0

    def long(self, number: int) -> int:
        place = self._place(number)
        return int(struct.unpack_from("<q", self._view, place)[0]) if place else 0

    def table(self, number: int) -> _Table | None:
        place = self._place(number)
        if not place:
            return None
        return _Table(self._view, place + int(struct.unpack_from("<I", self._view, place)[0]))
