"""A load on an HTTP service: one process, raw sockets, prebuilt requests; how many answers, how late each.

Connections are kept alive and each has one request on its way. They are opened one after the other while the
earlier ones are at work already, as those of real clients are: all at once would go to whichever of a
service's processes wakes first. What is answered before all are open does not count.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

HOST: Final = "127.0.0.1"
LINES: Final = 16
STEP_S: Final = 0.02  # between two connections
MOST: Final = 1 << 18  # bytes read at once
PATIENCE_S: Final = 30.0
END: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length:"


class BadAnswer(Exception):
    """A service said something other than 200, or hung up."""


@dataclass(frozen=True)
class Load:
    """What a service stood: answers that came within ``seconds``, and seconds that each took."""

    seconds: float
    latencies: NDArray[np.float64]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def percentile_ms(self, percent: float) -> float:
        """Milliseconds within which so many answers came."""
        return float(np.percentile(self.latencies, percent)) * 1e3


class _Line:
    """A connection with a request on its way: since when, and what has come of its answer."""

    __slots__ = ("got", "missing", "sent", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port), PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.got = b""
        self.missing = 0  # of the body, once the head is known
        self.sent = 0.0

    def ask(self, request: bytes) -> None:
        """Send a request; it fits into the socket's buffer."""
        self.sent = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Take what has come; whether the answer is whole."""
        part = self.socket.recv(MOST)
        if self.missing:
            self.missing -= len(part)
        else:
            self.got = part = self.got + part if self.got else part
            head = part.find(END)
            if head >= 0:
                self.missing = _length(part[:head]) - (len(part) - head - 4)
                self.got = b""
            elif part:
                return False
        if not part:
            raise BadAnswer("the service hung up")
        return not self.missing


def _length(head: bytes) -> int:
    """Bytes of the body that a head announces. Raises BadAnswer where it is not that of a 200."""
    if head[9:12] != b"200":
        raise BadAnswer(head.decode("latin-1"))
    said = head.lower()
    return int(said[said.index(LENGTH) + len(LENGTH) :].split(b"\r", 1)[0])


def drive(port: int, requests: Iterator[bytes], seconds: float, lines: int = LINES) -> Load:
    """Keep so many requests on their way for a while. Raises BadAnswer."""
    latencies: list[float] = []
    clock = time.perf_counter
    with selectors.DefaultSelector() as selector:
        opened: list[_Line] = []
        begin = clock()
        end = begin + lines * STEP_S + seconds
        try:
            while (now := clock()) < end:
                if len(opened) < lines and now >= begin + len(opened) * STEP_S:
                    opened.append(_opened(port, selector, next(requests)))
                    if len(opened) == lines:
                        begin, end = clock(), clock() + seconds
                        latencies.clear()
                for key, _ in selector.select(STEP_S):
                    line: _Line = key.data
                    if line.receive():
                        latencies.append(clock() - line.sent)
                        line.ask(next(requests))
        finally:
            for line in opened:
                line.socket.close()
    return Load(end - begin, np.array(latencies))


def _opened(port: int, selector: selectors.BaseSelector, request: bytes) -> _Line:
    line = _Line(port)
    selector.register(line.socket, selectors.EVENT_READ, line)
    line.ask(request)
    return line


def post(path: str, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """A request, built."""
    said = {"Host": HOST, "Content-Type": "application/json", "Content-Length": len(body), **(headers or {})}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items())]
    return "\r\n".join(lines).encode() + END + body


def get(path: str, headers: Mapping[str, str] | None = None) -> bytes:
    """A request without a body, built."""
    said = {"Host": HOST, **(headers or {})}
    return "\r\n".join([f"GET {path} HTTP/1.1", *(f"{k}: {v}" for k, v in said.items())]).encode() + END


def bodies(port: int, requests: Iterable[bytes]) -> list[bytes]:
    """The bodies of the answers, one after the other over one connection. Raises BadAnswer."""
    line = _Line(port)
    found = []
    with line.socket:
        for request in requests:
            line.ask(request)
            answer = b""
            while END not in answer:
                answer += _some(line.socket)
            head, _, body = answer.partition(END)
            parts, missing = [body], _length(head) - len(body)
            while missing:
                parts.append(_some(line.socket))
                missing -= len(parts[-1])
            found.append(b"".join(parts))
    return found


def _some(connected: socket.socket) -> bytes:
    part = connected.recv(MOST)
    if not part:
        raise BadAnswer("the service hung up")
    return part


def again_and_again(requests: Sequence[bytes]) -> Iterator[bytes]:
    """The requests without end, from the first on."""
    while True:
        yield from requests
