"""Runs the steps of a stream concurrently, in threads, a few batches ahead of the consumer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")
_END: Final = object()


def prefetch(items: Generator[Item], depth: int = 2) -> Generator[Item]:
    """Yield ``items``, computing up to ``depth`` of them ahead in one thread.

    The thread also closes the generator. It is one for all, since a generator must not be resumed by two at
    once, and files may have to be closed by the thread that opened them.
    """
    with ThreadPoolExecutor(1) as pool:
        waiting: deque[Future[object]] = deque(pool.submit(next, items, _END) for _ in range(depth))
        try:
            while (item := waiting.popleft().result()) is not _END:
                waiting.append(pool.submit(next, items, _END))
                yield item  # type: ignore[misc]
        finally:
            pool.submit(items.close).result()


def map_in_order(make: Callable[[Item], Made], items: Iterable[Item], workers: int) -> Iterator[Made]:
    """Yield ``make(item)`` for every item, in order, computing up to ``workers`` at once in threads.

    ``items`` is consumed only as results are taken, so that at most ``workers`` + 1 wait in memory.
    """
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Made]] = deque()
        for item in items:
            waiting.append(pool.submit(make, item))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
