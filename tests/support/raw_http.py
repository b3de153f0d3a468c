"""HTTP as a hostile client speaks it: heads without bodies, bodies in chunks, on sockets of its own."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

PATIENCE_S = 20.0


def head(method: str, path: str, headers: Mapping[str, str]) -> bytes:
    """The head of a request."""
    said = {"Host": "127.0.0.1", "Content-Type": "application/json", **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def connect(url: str) -> socket.socket:
    """A connection to a server."""
    return socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), PATIENCE_S)


def answer_to(url: str, sent: bytes) -> tuple[int, dict[str, Any]]:
    """(status, body) of the answer to these bytes alone. Raises TimeoutError where there is none."""
    with connect(url) as line:
        line.sendall(sent)
        return read_answer(line)


def read_answer(line: socket.socket) -> tuple[int, dict[str, Any]]:
    """(status, body) of the next answer, whose body is JSON."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += _some(line)
    top, _, body = got.partition(b"\r\n\r\n")
    length = next(int(one.split(b":")[1]) for one in top.lower().split(b"\r\n") if b"content-length" in one)
    while len(body) < length:
        body += _some(line)
    return int(top[9:12]), json.loads(body)


def _some(line: socket.socket) -> bytes:
    part = line.recv(65_536)
    if not part:
        raise ConnectionError("no answer")
    return part
