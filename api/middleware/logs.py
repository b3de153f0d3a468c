"""Logging: one JSON object a line, without anything that people have sent.

An error is logged with its type and stack. Its message is left out: it may hold a description, a key or a
place. For the same reason, of other libraries' records only the place in their code is logged.
"""

from __future__ import annotations

import datetime as dt
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, Final, TextIO

import orjson

from core.settings import ROOT

REQUEST_ID: Final[ContextVar[str | None]] = ContextVar("zhijie_request_id", default=None)
OURS: Final = ("zhijie.", "uvicorn.error.")  # with a dot at the end, as names are compared
SERVERS: Final = ("uvicorn", "uvicorn.error", "uvicorn.access")
FIELDS: Final = "fields"  # attribute of a record: what its line holds instead of a message
LOGGED_MARK: Final = "_zhijie_logged"
MAX_FRAMES: Final = 60
MAX_ERRORS: Final = 8
PREFIXES: Final = ("site-packages/", f"{ROOT}/")


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level and logger; the request's id; the message or the fields; the error."""
        line: dict[str, Any] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "log": record.name,
        }
        fields = getattr(record, FIELDS, None)
        if fields is not None:
            line.update(fields)
        else:
            line |= {"id": REQUEST_ID.get()} if REQUEST_ID.get() else {}
            line |= _message_fields(record)
        if record.exc_info and record.exc_info[1] is not None:
            line["errors"] = [_error_fields(fault) for fault in _chain(record.exc_info[1])]
        return orjson.dumps(line, default=_type_name).decode()


class DuplicateFilter(logging.Filter):
    """Drops uvicorn's record of an error that one of our loggers has logged already."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to print the record."""
        fault = record.exc_info[1] if record.exc_info else None
        if fault is None:
            return True
        if record.name == "uvicorn.error" and hasattr(fault, LOGGED_MARK):
            return False
        with suppress(AttributeError):
            setattr(fault, LOGGED_MARK, True)
        return True


def configure_logging(stream: TextIO | None = None) -> logging.Handler:
    """Make the whole process log to ``stream``, by default standard error. Call it once."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(DuplicateFilter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("zhijie").setLevel(logging.INFO)
    for name in SERVERS:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    return handler


def _message_fields(record: logging.LogRecord) -> dict[str, str]:
    """The message of our own loggers; of others the place in the code, as the message may quote data."""
    if not f"{record.name}.".startswith(OURS):
        return {"message": "", "at": f"{_short(record.pathname)}:{record.lineno} {record.funcName}"}
    args = record.args
    if isinstance(args, tuple):
        args = tuple(_type_name(arg) if isinstance(arg, BaseException) else arg for arg in args)
    message = str(record.msg) if not isinstance(record.msg, BaseException) else _type_name(record.msg)
    return {"message": (message % args if args else message).strip()}


def _chain(fault: BaseException) -> Iterator[BaseException]:
    """An error, its causes, and the members of exception groups; each once, at most ``MAX_ERRORS``."""
    waiting, seen = [fault], set[int]()
    while waiting and len(seen) < MAX_ERRORS:
        fault = waiting.pop(0)
        if id(fault) in seen:
            continue
        seen.add(id(fault))
        yield fault
        origin = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
        waiting += [origin] if origin is not None else []
        waiting += fault.exceptions if isinstance(fault, BaseExceptionGroup) else []


def _error_fields(fault: BaseException) -> dict[str, Any]:
    """The type of an error, its library's error code, and where it was raised, innermost frame last."""
    frames = list(traceback.walk_tb(fault.__traceback__))[-MAX_FRAMES:]
    places = [f"{_short(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}" for frame, line in frames]
    fields: dict[str, Any] = {"type": _type_name(fault)}
    code = getattr(fault, "pgcode", None) or getattr(fault, "errno", None)
    # A SQLSTATE has five characters; anything longer could be text.
    if isinstance(code, int) or (isinstance(code, str) and len(code) == 5):
        fields["code"] = code
    return fields | {"stack": places}


def _short(path: str) -> str:
    """A file's path from the project's or the library's folder."""
    for prefix in PREFIXES:
        _, found, rest = path.rpartition(prefix)
        if found:
            return rest
    return path


def _type_name(value: object) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
