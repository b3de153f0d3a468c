"""Asks the database whose tokens are, at this moment, for all requests that wait at once in one query.

For what is answered from memory and must end with its credential: a map asks for dozens of tiles at a time,
and a query for each would cost more than the tiles.
"""

from __future__ import annotations

import asyncio

from anyio import CapacityLimiter, to_thread
from sqlalchemy import Engine

from core.errors import ZhijieError
from store import Identity, identify, open_session

Waiting = list[tuple[str, asyncio.Future[Identity | None]]]


class FreshIdentities:
    """Identities as the database knows them after the question. For one event loop."""

    def __init__(self) -> None:
        self._waiting: Waiting = []
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, engine: Engine, gate: CapacityLimiter, token: str) -> Identity | None:
        """Return the identity of a token; None if it is not valid any more. Raises what the store raises."""
        answer: asyncio.Future[Identity | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((token, answer))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._answer_all(engine, gate))
        return await answer

    async def _answer_all(self, engine: Engine, gate: CapacityLimiter) -> None:
        # Whoever comes while a query runs is answered by the next one: the running one may have read before.
        while self._waiting:
            batch, self._waiting = self._waiting, []
            tokens = sorted({token for token, _ in batch})
            try:
                async with gate:
                    found = await to_thread.run_sync(_identify, engine, tokens)
            except ZhijieError as fault:
                _settle(batch, fault)
            except BaseException:
                for _, answer in batch:
                    answer.cancel()
                raise
            else:
                _settle(batch, found)


def _settle(batch: Waiting, found: dict[str, Identity] | ZhijieError) -> None:
    for token, answer in batch:
        if answer.done():  # its client has gone
            continue
        if isinstance(found, ZhijieError):
            answer.set_exception(found)
        else:
            answer.set_result(found.get(token))


def _identify(engine: Engine, tokens: list[str]) -> dict[str, Identity]:
    with open_session(engine) as session:
        return identify(session, tokens)
