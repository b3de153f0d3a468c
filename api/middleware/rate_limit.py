"""How often one may ask: by account, by address for who has none, and few tries to sign in.

The counts are this process's own: with several of them (``ZHIJIE_WORKERS``) each counts for itself.
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

MOST_KEPT: Final = 50_000  # counts of one limit; about 15 MB
SIGN_INS: Final = frozenset({"/login", "/api/session"})
LONGEST_ADDRESS: Final = 64
Clock = Callable[[], float]


class Windows(Storage):
    """Counts of fixed windows of one length; the oldest are dropped where they become too many.

    The library's own storage in memory starts a thread every few milliseconds, which goes over all its
    counts, and keeps as many as a flood of addresses makes. Here a hit drops what has run out. For one
    event loop.
    """

    STORAGE_SCHEME = None

    def __init__(self, clock: Clock = time.monotonic, most: int = MOST_KEPT) -> None:
        super().__init__()
        self._clock = clock
        self._most = most
        self._kept: OrderedDict[str, tuple[int, float]] = OrderedDict()  # (count, end), first end first

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def base_exceptions(self) -> type[Exception]:
        """None is raised here."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count in the window of a key, or begin a new one; the count."""
        now = self._clock()
        count, end = self._kept.get(key, (0, 0.0))
        if end <= now:
            self._kept.pop(key, None)
            self._drop(now)
            count, end = 0, now + expiry
        self._kept[key] = (count + amount, end)
        return count + amount

    def _drop(self, now: float) -> None:
        """Make room for one: two of those that have run out, so that they become fewer; or the oldest."""
        for _ in range(2):
            if not self._kept:
                return
            _, end = next(iter(self._kept.values()))
            if end > now and len(self._kept) < self._most:
                return
            self._kept.popitem(last=False)

    def get(self, key: str) -> int:
        """The count of a key's window."""
        count, end = self._kept.get(key, (0, 0.0))
        return count if end > self._clock() else 0

    def get_expiry(self, key: str) -> float:
        """When a key's window ends, by this storage's clock."""
        return self._kept.get(key, (0, self._clock()))[1]

    def check(self) -> bool:
        """It always works."""
        return True

    def reset(self) -> int:
        """Forget all; how many there were."""
        count = len(self._kept)
        self._kept.clear()
        return count

    def clear(self, key: str) -> None:
        """Forget a key."""
        self._kept.pop(key, None)


class Limit:
    """One setting such as "600/second" or "20/minute;100/hour"."""

    def __init__(self, text: str, field: str, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._parts = [(item, Windows(clock)) for item in _parse(text, field)]
        self._strategies = [FixedWindowRateLimiter(windows) for _, windows in self._parts]

    def wait(self, key: str) -> float | None:
        """Count a request; the seconds to wait where it is one too many."""
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
        N_("“{text}” is no rate."),
        field=field,
        hint=N_("Write a number and a span of time, such as 600/second or 20/minute."),
        text=text,
    )


class Rates:
    """The limits of an installation. Raises BadInput where a setting is no rate. For one event loop."""

    def __init__(self, settings: Settings, clock: Clock = time.monotonic) -> None:
        self._accounts = Limit(settings.check_rate, "ZHIJIE_CHECK_RATE", clock)
        self._lookups = Limit(settings.check_rate, "ZHIJIE_CHECK_RATE", clock)
        self._strangers = Limit(settings.anonymous_rate, "ZHIJIE_ANONYMOUS_RATE", clock)
        self._sign_ins = Limit(settings.sign_in_rate, "ZHIJIE_SIGN_IN_RATE", clock)

    def lookup(self, address: str) -> float | None:
        """Count a credential that has to be looked up; None, or the seconds to wait."""
        return self._lookups.wait(_origin(address))

    def refused(self, who: int | None, address: str, path: str, method: str) -> float | None:
        """Count a request; None, or the seconds to wait where it comes too often.

        ``who`` is the account, ``address`` the client's; who tries to sign in is counted by address as well.
        """
        if method == "POST" and path in SIGN_INS:
            wait = self._sign_ins.wait(_origin(address))
            if wait is not None:
                return wait
        if who is not None:
            return self._accounts.wait(f"account/{who}")
        return self._strangers.wait(_origin(address))


def too_many(request: Request, wait: float) -> Response:
    """The answer to a request that comes too often."""
    lang, seconds = lang_of(request), max(1, math.ceil(wait))
    detail = say(lang, N_("Too many requests in a short time."))
    hint = say(lang, N_("Try again in {seconds} seconds."), seconds=seconds)
    return problem(429, detail, hint=hint, headers={"Retry-After": str(seconds)})


def _origin(address: str) -> str:
    """Whom an address stands for: one of IPv4, or the /64 of IPv6 that one line is given."""
    return f"address/{address[:LONGEST_ADDRESS] if ':' not in address else _of_ipv6(address)}"


@lru_cache(4096)
def _of_ipv6(address: str) -> str:
    try:
        parsed = IPv6Address(address.partition("%")[0])
    except ValueError:
        return address[:LONGEST_ADDRESS]
    inner = parsed.ipv4_mapped
    return f"{parsed.packed[:8].hex()}/64" if inner is None else str(inner)
