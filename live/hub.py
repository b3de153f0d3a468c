"""Server-sent event streams of one process, fed by one database listener.

The SSE id of an event is the sealed number of its step in the journal. A client that reconnects gets the
steps after the last one it received. The database decides which credential may read which event. A stream
whose client does not keep up is closed, so that it delays no other: the client reconnects and gets what it
missed.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from live.events import Message, report_message
from live.seal import Seal
from live.tile_cache import TileCache
from store import JOURNAL_CHANNEL, Listener, Notices, connect_args, open_session
from store.queries import fetch_events, fetch_head, fetch_readable_stems, fetch_stream_key, mark_overdue
from store.schema import SOURCE_CHANNEL

MAX_QUEUED: Final = 512  # messages queued for a stream before it is closed
MAX_MISSED: Final = 20_000  # journal steps searched for a client that reconnects
PAGE: Final = 2_000  # journal steps in one query
APPLICATION: Final = "zhijie live"
TICK_S: Final = 5.0
# Notices are gathered before they are sent: one query and one message for many steps.
GATHER_S: Final = 0.05
GATHER_PER_STREAM_S: Final = 1e-4
MAX_GATHER_S: Final = 0.25
CREDENTIAL_TICKS: Final = 2  # ticks between two checks of the credentials
HEARTBEAT_TICKS: Final = 3
SNAPSHOT: Final = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
UNKNOWN: Final = -1  # the floor of a stream that has not started
ALWAYS: Final = sys.maxsize  # the step number of messages that no floor holds back


@dataclass(eq=False, slots=True)
class Stream:
    """An open stream, used in the event loop only. ``floor``: earlier steps were sent at its start."""

    token: str
    account: int
    stems: tuple[str, ...]
    floor: int = UNKNOWN
    queue: deque[Message] = field(default_factory=deque)
    wakeup: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False

    @property
    def digest(self) -> bytes:
        """The SHA-256 of its credential."""
        return hashlib.sha256(self.token.encode()).digest()

    def push(self, messages: Iterable[Message]) -> None:
        """Queue messages; close the stream if its client does not keep up."""
        if self.closed:
            return
        self.queue.extend(messages)
        if len(self.queue) > MAX_QUEUED:
            self.close()
        self.wakeup.set()

    def close(self) -> None:
        """Close the stream and drop its queue."""
        self.closed = True
        self.queue.clear()
        self.wakeup.set()

    def take(self) -> bytes:
        """The queued messages above the floor, as bytes to be sent; empties the queue."""
        self.wakeup.clear()
        sent = b"".join(data for seq, data in self.queue if seq > self.floor)
        self.queue.clear()
        return sent


Delivery = tuple[Iterable[Stream], list[Message]]


class Hub:
    """The open streams of a process and their listener, which also invalidates the tile cache."""

    def __init__(self, engine: Engine, cache: TileCache) -> None:
        # A connection outside the pool of requests: events must not wait behind them.
        self._engine = create_engine(
            engine.url,
            pool_size=1,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args=connect_args(APPLICATION),
        )
        self._cache = cache
        self._lock = threading.Lock()  # guards the streams
        self._streams: set[Stream] = set()
        self._cursor: int | None = None  # last step passed on; written by the listener's thread only
        self._began_at: int | None = None  # the first of ``_cursor``
        self._seal: Seal | None = None
        self._ticks = 0
        self._listener: Listener | None = None
        self._loop = asyncio.get_running_loop()

    def wake(self) -> None:
        """Start the listener unless it runs. Callable from any thread."""
        if self._listener is not None:
            return
        with self._lock:
            if self._listener is None:
                channels = (JOURNAL_CHANNEL, SOURCE_CHANNEL)
                self._listener = Listener(self._engine, channels, self, APPLICATION, TICK_S)
                self._listener.start()

    def stop(self) -> None:
        """Close all streams and the database connections."""
        if self._listener is not None:
            self._listener.stop()
        self._close(self._all())
        self._engine.dispose()

    def join(self, stream: Stream) -> None:
        """Add a stream: it gets every event from now on that its credential may read."""
        with self._lock:
            self._streams.add(stream)

    def start(self, stream: Stream, head: int) -> None:
        """Send a stream that has joined the steps after ``head``: those before it has from elsewhere.

        Where the hub began to listen only after ``head``, the steps between are lost to it: the stream is
        closed, and its client asks for them.
        """
        with self._lock:
            stream.floor = head
            lost = self._began_at is not None and head < self._began_at
        if lost:
            stream.close()

    def seal(self, session: Session) -> Seal:
        """What numbers of steps are sealed with. Callable from any thread."""
        if self._seal is None:
            self._seal = Seal(fetch_stream_key(session))
        return self._seal

    def leave(self, stream: Stream) -> None:
        """Remove a stream."""
        with self._lock:
            self._streams.discard(stream)

    def __len__(self) -> int:
        return len(self._streams)

    # Called in the event loop.

    @staticmethod
    def _push_all(deliveries: Sequence[Delivery]) -> None:
        for streams, messages in deliveries:
            for stream in streams:
                stream.push(messages)

    @staticmethod
    def _close(streams: Iterable[Stream]) -> None:
        for stream in streams:
            stream.close()

    # Called in the listener's thread.

    def gather_s(self) -> float:
        """Seconds to gather notices: with more streams, fewer and larger messages cost less to send."""
        return min(MAX_GATHER_S, GATHER_S + len(self._streams) * GATHER_PER_STREAM_S)

    def _all(self) -> list[Stream]:
        with self._lock:
            return list(self._streams)

    def _in_loop(self, call: Callable[[Any], None], argument: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, argument)

    def on_notices(self, notices: Notices) -> None:
        """Send journal steps to the streams that may read them, and invalidate the tiles of their reports."""
        if notices.began:
            self._cache.reset(listening=True)
        for step in notices.steps:
            if step.tile is not None:
                self._cache.invalidate(step.tile)
        accounts = {account for step in notices.steps for account in step.accounts}
        self._pass_on(max((step.seq for step in notices.steps), default=None), accounts)
        if notices.data_changed:
            self._cache.reset(listening=True)
            self._in_loop(self._push_all, [(self._all(), [(ALWAYS, b"event: layers\ndata: {}\n\n")])])

    def _pass_on(self, until: int | None, accounts: set[int]) -> None:
        """Send the events of all steps after ``_cursor``; ``until`` None: up to the journal's head."""
        with open_session(self._engine) as session:
            head = fetch_head(session) if until is None or self._cursor is None else until
        if self._cursor is None:
            self._cursor = self._begin(head if until is None else until - 1)
        while self._cursor < head:
            # Not beyond the head: what has been committed since is announced, and would be sent twice.
            page = range(self._cursor, min(self._cursor + PAGE, head))
            self._pass_page(page, accounts if until is not None else None)
            self._cursor = page.stop

    def _begin(self, head: int) -> int:
        """The step after which sending begins: the head, or the lowest floor of earlier streams."""
        with self._lock:
            floors = [stream.floor for stream in self._streams if stream.floor != UNKNOWN]
            self._began_at = min([head, *floors])
        return self._began_at

    def _pass_page(self, page: range, accounts: set[int] | None) -> None:
        """Send the events after one step up to another, and close the streams whose credential has ended.

        ``accounts``: those whose own reports the steps may concern; None: all.
        """
        streams = self._all()
        if not streams:
            return
        with open_session(self._engine) as session:
            # One snapshot: a credential that ends between the two questions would leave the streams that it
            # asks for without their events.
            session.execute(SNAPSHOT)
            valid, ended = _tell_apart(session, streams)
            deliveries = _deliveries(session, self.seal(session), page, valid, accounts)
        self._in_loop(self._close, ended)
        self._in_loop(self._push_all, deliveries)

    def on_lost(self) -> None:
        """Close all streams: without notifications, a page would look live and not be."""
        self._cache.reset(listening=False)
        self._in_loop(self._close, self._all())

    def on_tick(self) -> None:
        """Mark overdue reports; every second tick check credentials, every third send a heartbeat."""
        with open_session(self._engine) as session:
            mark_overdue(session)
            seal = self.seal(session)
        self._ticks += 1
        if self._ticks % CREDENTIAL_TICKS == 0:
            self._close_revoked_streams()
        if self._ticks % HEARTBEAT_TICKS == 0:
            self._send_heartbeat(seal)

    def _send_heartbeat(self, seal: Seal) -> None:
        """Send a comment line, and the number from which a client would resume."""
        cursor = self._cursor or 0
        beat = [(cursor, f"id: {seal.hide(cursor)}\n\n".encode()), (ALWAYS, b":\n\n")]
        self._in_loop(self._push_all, [(self._all(), beat)])

    def _close_revoked_streams(self) -> None:
        """Close streams whose credential was revoked or whose reach changed; clients may reconnect."""
        streams = self._all()
        if not streams:
            return
        with open_session(self._engine) as session:
            _, ended = _tell_apart(session, streams)
        self._in_loop(self._close, ended)


def _tell_apart(session: Session, streams: Iterable[Stream]) -> tuple[list[Stream], list[Stream]]:
    """(streams whose credential is valid and of the same reach as at their start, the others)."""
    stems = fetch_readable_stems(session, [stream.digest for stream in streams])
    parts: tuple[list[Stream], list[Stream]] = [], []
    for stream in streams:
        parts[stems.get(stream.digest) != stream.stems].append(stream)
    return parts


def _deliveries(
    session: Session, seal: Seal, page: range, streams: Sequence[Stream], accounts: set[int] | None
) -> list[Delivery]:
    """The events of one page of steps, and the streams that each goes to.

    Streams of equal reach are asked for together, by the credential of one of them: each must be valid.
    Those of ``accounts`` (None: all) are also asked for one by one, for reports that are their own.
    """
    groups: dict[tuple[str, ...], list[Stream]] = {}
    for stream in streams:
        groups.setdefault(stream.stems, []).append(stream)
    own = [stream for stream in streams if accounts is None or stream.account in accounts]
    # One credential for each group, then each account's own: the database returns positions in this list.
    asking = [members[0] for members in groups.values()] + own
    events = fetch_events(session, page.start, len(page), [stream.token for stream in asking])
    deliveries: list[Delivery] = []
    for position, stream in enumerate(asking):
        is_group = position < len(groups)
        messages = [
            report_message(seal, e) for e in events if position in (e.by_reach if is_group else e.by_own)
        ]
        if messages:
            deliveries.append((groups[stream.stems] if is_group else (stream,), messages))
    return deliveries
