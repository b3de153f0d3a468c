"""Steps of a stream that work at the same time: each runs in threads of its own, a few batches ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")
END: Final = object()


def prefetch(items: Generator[Item], depth: int = 2) -> Generator[Item]:
    """The items, made in a thread, at most ``depth`` before they are asked for; closed in that thread."""
    with ThreadPoolExecutor(1) as pool:
        waiting: deque[Future[object]] = deque(pool.submit(next, items, END) for _ in range(depth))
        try:
            while (item := waiting.popleft().result()) is not END:
                waiting.append(pool.submit(next, items, END))
                yield item  # type: ignore[misc]
        finally:
            pool.submit(items.close).result()


def map_in_order(make: Callable[[Item], Made], items: Iterable[Item], workers: int) -> Iterator[Made]:
    """``make`` of every item in their order, ``workers`` at once."""
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Made]] = deque()
        for item in items:
            waiting.append(pool.submit(make, item))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
