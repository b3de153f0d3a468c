"""Limits requests: by account, by address without one, and attempts to sign in by address as well.

Each process counts for itself: with ``ZHIJIE_WORKERS`` processes, that many times the rate may pass.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Address
from typing import Final

from fastapi import Request, Response
from limits import RateLimitItem, parse_many
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from api.errors import lang_of, problem
from core.errors import BadInput
from core.i18n import N_, say
from core.settings import Settings

MAX_WINDOWS: Final = 50_000  # of one limit; about 15 MB
SIGN_INS: Final = frozenset({"/login", "/api/session"})
LONGEST_ADDRESS: Final = 64
Clock = Callable[[], float]


class Windows(Storage):
    """Counters of fixed windows of one length; the oldest are dropped when there are too many.

    The library's own storage in memory starts a thread every few milliseconds that walks over all counters,
    and keeps as many as a flood of addresses makes. Here each hit drops expired ones. For one event loop.
    """

    STORAGE_SCHEME = None

    def __init__(self, clock: Clock = time.monotonic, most: int = MAX_WINDOWS) -> None:
        super().__init__()
        self._clock = clock
        self._most = most
        self._counters: OrderedDict[str, tuple[int, float]] = OrderedDict()  # (count, end), first end first

    def __len__(self) -> int:
        return len(self._counters)

    @property
    def base_exceptions(self) -> type[Exception]:
        """Required by the base class; nothing is raised here."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count in the window of a key, or open a new one; returns the count."""
        now = self._clock()
        count, end = self._counters.get(key, (0, 0.0))
        if end <= now:
            self._counters.pop(key, None)
            self._drop(now)
            count, end = 0, now + expiry
        self._counters[key] = (count + amount, end)
        return count + amount

    def _drop(self, now: float) -> None:
        """Make room for one counter: two expired ones, so that they become fewer, or the oldest one."""
        for _ in range(2):
            if not self._counters:
                return
            _, end = next(iter(self._counters.values()))
            if end > now and len(self._counters) < self._most:
                return
            self._counters.popitem(last=False)

    def get(self, key: str) -> int:
        """The count in a key's window."""
        count, end = self._counters.get(key, (0, 0.0))
        return count if end > self._clock() else 0

    def get_expiry(self, key: str) -> float:
        """When a key's window ends, by this storage's clock, seconds."""
        return self._counters.get(key, (0, self._clock()))[1]

    def check(self) -> bool:
        """True: a storage in memory is always reachable."""
        return True

    def reset(self) -> int:
        """Drop all counters; returns how many there were."""
        count = len(self._counters)
        self._counters.clear()
        return count

    def clear(self, key: str) -> None:
        """Drop the counter of a key."""
        self._counters.pop(key, None)


class Limit:
    """One setting such as "600/second" or "20/minute;100/hour"."""

    def __init__(self, text: str, field: str, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._parts = [(item, Windows(clock)) for item in _parse(text, field)]
        self._strategies = [FixedWindowRateLimiter(windows) for _, windows in self._parts]

    def wait(self, key: str) -> float | None:
        """Count a request; returns the seconds to wait if it exceeds the limit, else None."""
        longest = None
        for (item, windows), strategy in zip(self._parts, self._strategies, strict=True):
            if not strategy.hit(item, key):
                left = windows.get_expiry(item.key_for(key)) - self._clock()
                longest = max(left, longest or 0.0)
        return longest


def _parse(text: str, field: str) -> list[RateLimitItem]:
    try:
        items = parse_many(text)
    except ValueError:
        items = []
    if items and all(item.amount > 0 for item in items):
        return items
    raise BadInput(
        N_("“{text}” is not a rate."),
        field=field,
        hint=N_("Give a number and a period, such as 600/second or 20/minute."),
        text=text,
    )


class Rates:
    """All limits of an installation. Raises :class:`BadInput` for a malformed setting. For one event loop."""

    def __init__(self, settings: Settings, clock: Clock = time.monotonic) -> None:
        self._accounts = Limit(settings.check_rate, "ZHIJIE_CHECK_RATE", clock)
        self._lookups = Limit(settings.check_rate, "ZHIJIE_CHECK_RATE", clock)
        self._anonymous = Limit(settings.anonymous_rate, "ZHIJIE_ANONYMOUS_RATE", clock)
        self._sign_ins = Limit(settings.sign_in_rate, "ZHIJIE_SIGN_IN_RATE", clock)

    def lookup(self, address: str) -> float | None:
        """Count a lookup of an unknown credential; returns None, or the seconds to wait."""
        return self._lookups.wait(_rate_key(address))

    def count(self, account_id: int | None, address: str, path: str, method: str) -> float | None:
        """Count a request; returns None, or the seconds to wait.

        ``account_id``: the account's id, if any; ``address``: the client's. Attempts to sign in
        are also counted by address.
        """
        # By address even with an account: a password is guessed for another account than one's own.
        if method == "POST" and path in SIGN_INS:
            wait = self._sign_ins.wait(_rate_key(address))
            if wait is not None:
                return wait
        if account_id is not None:
            return self._accounts.wait(f"account/{account_id}")
        return self._anonymous.wait(_rate_key(address))


def too_many(request: Request, wait: float) -> Response:
    """The response to a request over the limit."""
    lang, seconds = lang_of(request), max(1, math.ceil(wait))
    detail = say(lang, N_("Too many requests in a short time."))
    hint = say(lang, N_("Try again in {seconds} seconds."), seconds=seconds)
    return problem(429, detail, hint=hint, headers={"Retry-After": str(seconds)})


def _rate_key(address: str) -> str:
    """What an address is counted by: an IPv4 address, or the /64 that an IPv6 line is given."""
    return f"address/{address[:LONGEST_ADDRESS] if ':' not in address else _ipv6_prefix(address)}"


@lru_cache(4096)
def _ipv6_prefix(address: str) -> str:
    try:
        parsed = IPv6Address(address.partition("%")[0])
    except ValueError:
        return address[:LONGEST_ADDRESS]
    inner = parsed.ipv4_mapped  # an IPv4 client on a dual-stack socket
    return f"{parsed.packed[:8].hex()}/64" if inner is None else str(inner)
