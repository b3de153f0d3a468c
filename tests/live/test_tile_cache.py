"""Cached tiles: only while listening, never older than a reported change, never too many."""

from __future__ import annotations

import random

import pytest

from live import tile_cache as tilecache
from live.tile_cache import OVERHEAD, Address, TileCache
from store.queries.tiles import tile_number

KEY = "somebody"


@pytest.fixture
def cache() -> TileCache:
    cache = TileCache()
    cache.reset(listening=True)
    return cache


def _kept(cache: TileCache, at: Address, tile: bytes = b"tile") -> None:
    cache.put(KEY, at, tile, cache.now())


def test_nothing_is_kept_while_nobody_listens() -> None:
    cache = TileCache()
    _kept(cache, (3, 6, 3))
    assert cache.get(KEY, (3, 6, 3)) is None
    cache.reset(listening=True)
    _kept(cache, (3, 6, 3))
    assert cache.get(KEY, (3, 6, 3)) == b"tile"
    cache.reset(listening=False)
    assert cache.get(KEY, (3, 6, 3)) is None


def test_a_change_drops_what_holds_it_and_nothing_else(cache: TileCache) -> None:
    draw = random.Random(1)
    changed = (12, 3333, 1607)
    tiles: list[Address] = [
        (z, draw.randrange(2**z), draw.randrange(2**z)) for z in range(19) for _ in range(20)
    ]
    tiles += [(z, 3333 >> (12 - z), 1607 >> (12 - z)) for z in range(13)]
    tiles += [
        (z, (3333 << (z - 12)) + draw.randrange(2 ** (z - 12)), 1607 << (z - 12)) for z in range(13, 19)
    ]
    for at in tiles:
        _kept(cache, at)
    cache.invalidate(tile_number(*changed[1:]))
    for z, x, y in tiles:
        up = max(0, z - 12)
        held = (x >> up, y >> up) == (3333 >> max(0, 12 - z), 1607 >> max(0, 12 - z))
        assert (cache.get(KEY, (z, x, y)) is None) == held, (z, x, y)


def test_what_was_asked_for_before_a_change_is_not_kept_after_it(cache: TileCache) -> None:
    asked = cache.now()
    cache.invalidate(tile_number(3333, 1607))
    cache.put(KEY, (12, 3333, 1607), b"old", asked)
    assert cache.get(KEY, (12, 3333, 1607)) is None
    cache.put(KEY, (12, 0, 0), b"elsewhere", asked)
    assert cache.get(KEY, (12, 0, 0)) == b"elsewhere"
    cache.reset(listening=True)  # after a time in which nobody listened
    cache.put(KEY, (12, 0, 0), b"old", asked)
    assert cache.get(KEY, (12, 0, 0)) is None


def test_each_key_has_its_own(cache: TileCache) -> None:
    _kept(cache, (3, 6, 3))
    assert cache.get("somebody else", (3, 6, 3)) is None


def test_it_grows_no_further_than_it_may_and_drops_what_was_used_longest_ago() -> None:
    cache = TileCache(max_bytes=10 * (OVERHEAD + 100))
    cache.reset(listening=True)
    for x in range(20):
        _kept(cache, (10, x, 0), bytes(100))
        assert cache.get(KEY, (10, 0, 0)) is not None
    assert [x for x in range(20) if cache.get(KEY, (10, x, 0))] == [0, *range(11, 20)]


def test_a_tile_grows_old(cache: TileCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tilecache, "TTL_S", -1.0)
    _kept(cache, (3, 6, 3))
    assert cache.get(KEY, (3, 6, 3)) is None


def test_a_cache_of_no_bytes_keeps_nothing() -> None:
    cache = TileCache(0)
    cache.reset(listening=True)
    _kept(cache, (3, 6, 3))
    assert cache.get(KEY, (3, 6, 3)) is None
