"""Reads Arrow streams of clients, checked against the limits before anything is built from them.

The number of rows and the compression of a batch stand in a flatbuffer of a few fields, which is parsed here.
Compressed buffers are refused: some kilobytes of them may expand to gigabytes.
"""

from __future__ import annotations

import struct
from typing import Final

import pyarrow as pa

from api.batch.json_body import check_rows
from core.errors import BadInput
from core.i18n import N_

# Numbers of Arrow's Message.fbs and Schema.fbs; pyarrow reads them only together with the data.
DICTIONARY_BATCH, RECORD_BATCH = 2, 3  # MessageHeader
HEADER_TYPE, HEADER = 1, 2  # fields of Message
LENGTH, COMPRESSION = 0, 3  # fields of RecordBatch
DATA: Final = 1  # field of DictionaryBatch


def read_stream(body: pa.Buffer, max_rows: int) -> pa.Table:
    """The rows of an Arrow IPC stream, fully validated.

    Raises :class:`BadInput` or :class:`TooLarge` (field ``body``).
    """
    try:
        _check_headers(body, max_rows)
        with pa.ipc.open_stream(body) as reader:
            table = reader.read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, IndexError, struct.error) as fault:
        raise BadInput(
            N_("The body is not an Arrow IPC stream: {fault}"),
            field="body",
            hint=N_("Send an uncompressed Arrow IPC stream."),
            fault=fault,
        ) from fault
    return table


def _check_headers(body: pa.Buffer, max_rows: int) -> None:
    """Refuse a stream with compressed buffers, too many rows or none, by its message headers alone."""
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
                hint=N_("Send an uncompressed Arrow IPC stream."),
            )
        length = content.long(LENGTH)
        rows += length if kind == RECORD_BATCH else 0
        # A dictionary's rows are none of the batch's, but take memory too. An empty stream fails below.
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

    def _field_offset(self, number: int) -> int:
        """Byte offset of a field; 0 where it is absent."""
        size = int(struct.unpack_from("<H", self._view, self._fields)[0])
        slot = 4 + 2 * number
        relative = int(struct.unpack_from("<H", self._view, self._fields + slot)[0]) if slot < size else 0
        return self._at + relative if relative else 0

    def byte(self, number: int) -> int:
        offset = self._field_offset(number)
        return int(self._view[offset]) if offset else 0

    def long(self, number: int) -> int:
        offset = self._field_offset(number)
        return int(struct.unpack_from("<q", self._view, offset)[0]) if offset else 0

    def table(self, number: int) -> _Table | None:
        offset = self._field_offset(number)
        if not offset:
            return None
        return _Table(self._view, offset + int(struct.unpack_from("<I", self._view, offset)[0]))
