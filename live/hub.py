"""Who listens to what happens: streams of server-sent events, fed by one listener a process.

An event carries the number of its step in the journal. A stream that was away asks for what came after the
last number it had; the database decides who hears what, by the credentials of those who listen. A reader
that does not keep up is let go (it comes back and asks for what it missed); it never holds up others.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Engine, create_engine

from live.events import event_as_dict
from live.tile_cache import TileCache
from store.engine import open_session
from store.notifications import CONNECT, Listener, Notices
from store.queries.events import Event, fetch_events, fetch_head, fetch_readable_stems, mark_overdue

MOST_WAITING: Final = 512  # messages that a stream may be behind
MOST_MISSED: Final = 20_000  # steps of the journal that are looked through for who was away
PAGE: Final = 2_000  # of them at a time
TICK_S: Final = 5.0
GATHER_S: Final = 0.05
GATHER_A_STREAM_S: Final = 1e-4
MOST_GATHER_S: Final = 0.25
STANDING_TICKS: Final = 2
BEAT_TICKS: Final = 3
ALWAYS: Final = sys.maxsize

Message = tuple[int, bytes]  # the step's number, the event as it is sent


def message(name: str, seq: int, data: dict[str, Any]) -> Message:
    """An event as it is sent."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return seq, f"id: {seq}\nevent: {name}\ndata: {body}\n\n".encode()


def _message(event: Event) -> Message:
    return message("report", event.seq, event_as_dict(event))


@dataclass(eq=False, slots=True)
class Stream:
    """One open stream, used in the event loop. ``floor``: the step up to which it has been told all."""

    token: str
    account: int
    stems: tuple[str, ...]
    floor: int = 0
    waiting: deque[Message] = field(default_factory=deque)
    stirred: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False

    @property
    def digest(self) -> bytes:
        """The SHA-256 of its credential."""
        return hashlib.sha256(self.token.encode()).digest()

    def push(self, messages: Iterable[Message]) -> None:
        """Say more, or let go of who does not keep up."""
        if self.closed:
            return
        self.waiting.extend(messages)
        if len(self.waiting) > MOST_WAITING:
            self.close()
        self.stirred.set()

    def close(self) -> None:
        """Say no more."""
        self.closed = True
        self.waiting.clear()
        self.stirred.set()

    def take(self) -> bytes:
        """What is to be sent now."""
        self.stirred.clear()
        sent = b"".join(data for seq, data in self.waiting if seq > self.floor)
        self.waiting.clear()
        return sent


class Hub:
    """The open streams of a process, and its listener, which also tells the cache of tiles."""

    def __init__(self, engine: Engine, cache: TileCache) -> None:
        # A connection of its own: it shall not wait for one behind requests.
        self._engine = create_engine(
            engine.url, pool_size=1, max_overflow=0, pool_pre_ping=True, connect_args=CONNECT
        )
        self._cache = cache
        self._lock = threading.Lock()  # guards the streams
        self._streams: set[Stream] = set()
        self._cursor: int | None = None  # the last step that was passed on; the listener's own
        self._ticks = 0
        self._listener: Listener | None = None
        self._loop = asyncio.get_running_loop()

    def wake(self) -> None:
        """Begin to listen, if nobody does. From any thread."""
        if self._listener is not None:
            return
        with self._lock:
            if self._listener is None:
                self._listener = Listener(
                    self._engine, self._hear, self._lost, self._tick, self._gather_s, TICK_S
                )
                self._listener.start()

    def stop(self) -> None:
        """Let go of everybody and of the database."""
        if self._listener is not None:
            self._listener.stop()
        self._close(self._all())
        self._engine.dispose()

    def join(self, stream: Stream) -> None:
        """Pass on to a stream what happens from now on."""
        with self._lock:
            self._streams.add(stream)

    def leave(self, stream: Stream) -> None:
        """Forget a stream."""
        with self._lock:
            self._streams.discard(stream)

    def __len__(self) -> int:
        return len(self._streams)

    # In the event loop.

    @staticmethod
    def _spread(parcels: Sequence[tuple[Iterable[Stream], list[Message]]]) -> None:
        for streams, messages in parcels:
            for stream in streams:
                stream.push(messages)

    @staticmethod
    def _close(streams: Iterable[Stream]) -> None:
        for stream in streams:
            stream.close()

    # In the listener's thread.

    def _gather_s(self) -> float:
        """With more streams, fewer and larger messages: sending one costs the same, however long it is."""
        return min(MOST_GATHER_S, GATHER_S + len(self._streams) * GATHER_A_STREAM_S)

    def _all(self) -> list[Stream]:
        with self._lock:
            return list(self._streams)

    def _in_loop(self, call: Callable[[Any], None], argument: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, argument)

    def _hear(self, heard: Notices) -> None:
        if heard.began:
            self._cache.begin(listening=True)
        for step in heard.steps:
            if step.tile is not None:
                self._cache.changed(step.tile)
        accounts = {account for step in heard.steps for account in step.accounts}
        self._pass_on(max((step.seq for step in heard.steps), default=None), accounts)
        if heard.data_changed:
            self._cache.begin(listening=True)
            self._in_loop(self._spread, [(self._all(), [(ALWAYS, b"event: layers\ndata: {}\n\n")])])

    def _pass_on(self, until: int | None, accounts: set[int]) -> None:
        """Tell the streams of all steps after the last that they were told of."""
        with open_session(self._engine) as session:
            head = fetch_head(session) if until is None or self._cursor is None else until
        if self._cursor is None:
            self._cursor = head if until is None else until - 1
        while self._cursor < head:
            self._pass_page(self._cursor, accounts if until is not None else None)
            self._cursor = min(self._cursor + PAGE, head)

    def _pass_page(self, after: int, accounts: set[int] | None) -> None:
        """``accounts``: whose own reports may be concerned; None: anybody's."""
        streams = self._all()
        groups: dict[tuple[str, ...], list[Stream]] = {}
        for stream in streams:
            groups.setdefault(stream.stems, []).append(stream)
        own = [stream for stream in streams if accounts is None or stream.account in accounts]
        shown = [members[0] for members in groups.values()] + own
        if not shown:
            return
        with open_session(self._engine) as session:
            events = fetch_events(session, after, PAGE, [stream.token for stream in shown])
        parcels: list[tuple[Iterable[Stream], list[Message]]] = []
        for place, stream in enumerate(shown):
            is_group = place < len(groups)
            heard = [_message(e) for e in events if place in (e.by_reach if is_group else e.by_own)]
            if heard:
                parcels.append((groups[stream.stems] if is_group else (stream,), heard))
        self._in_loop(self._spread, parcels)

    def _lost(self) -> None:
        """Nobody listens any more: no stream shall look as if it were live."""
        self._cache.begin(listening=False)
        self._in_loop(self._close, self._all())

    def _tick(self) -> None:
        with open_session(self._engine) as session:
            mark_overdue(session)
        self._ticks += 1
        if self._ticks % STANDING_TICKS == 0:
            self._let_go_of_strangers()
        if self._ticks % BEAT_TICKS == 0:
            self._beat()

    def _beat(self) -> None:
        """A sign of life for all, and the number from which they would resume."""
        cursor = self._cursor or 0
        beat = [(cursor, f"id: {cursor}\n\n".encode()), (ALWAYS, b":\n\n")]
        self._in_loop(self._spread, [(self._all(), beat)])

    def _let_go_of_strangers(self) -> None:
        """Close the streams whose credential has ended or reaches elsewhere now; they may come back."""
        streams = self._all()
        if not streams:
            return
        with open_session(self._engine) as session:
            standing = fetch_readable_stems(session, [stream.digest for stream in streams])
        gone = [stream for stream in streams if standing.get(stream.digest) != stream.stems]
        self._in_loop(self._close, gone)
