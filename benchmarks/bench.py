"""What the figures share: the world, our indexes, and peers that have the areas loaded already."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from rich.console import Console

from benchmarks.peers import Shapes
from benchmarks.peers.duckdb_peer import DuckDB
from benchmarks.peers.geopandas_peer import Sjoin
from benchmarks.peers.postgis_peer import PostGIS, throwaway
from benchmarks.peers.sedona_peer import SedonaDB
from benchmarks.peers.shapely_peer import Tree, Tuned
from benchmarks.store import open_store
from benchmarks.world import Size, World, load
from core.settings import Settings
from geo.index import cell_index as cells

Peer = Sjoin | Tuned | Tree | DuckDB | SedonaDB | PostGIS


@dataclass
class Bench:
    """One run. Everything is made when it is first wanted, and kept; ``until`` closes it."""

    size: Size
    rounds: int
    console: Console
    until: ExitStack
    _peers: dict[tuple[str, str], Peer] = field(default_factory=dict)

    @cached_property
    def world(self) -> World:
        """The data."""
        return load(self.size, self.console)

    def areas(self, kind: str) -> Shapes:
        """Geometries of ``townships``, ``jincheng`` or ``zones``."""
        return np.asarray(getattr(self.world, kind).geometry.to_numpy())

    @cached_property
    def townships(self) -> cells.CoverageIndex:
        """Our index of the townships."""
        return cells.build_coverage(self.areas("townships"))

    @cached_property
    def jincheng(self) -> cells.CoverageIndex:
        """Our index of Jincheng's townships."""
        return cells.build_coverage(self.areas("jincheng"))

    @cached_property
    def zones(self) -> cells.OverlapIndex:
        """Our index of the zones."""
        return cells.build_overlaps(self.areas("zones"))

    @cached_property
    def server(self) -> str:
        """Address of a PostGIS that is thrown away at the end."""
        return self.until.enter_context(throwaway())

    @cached_property
    def store(self) -> Settings:
        """Settings of a store of ours that holds the world; its PostGIS is stopped at the end."""
        self.say("loading the store: some minutes, where it is not kept from an earlier run")
        return self.until.enter_context(open_store(self.world))

    def peers(self, kind: str) -> list[Peer]:
        """Everyone with the areas of a kind loaded, the likeliest pick first."""
        makers: dict[str, Callable[[], Peer]] = {
            "geopandas": lambda: Sjoin("within"),
            "shapely, tuned": Tuned,
            "shapely": Tree,
            "SedonaDB": SedonaDB,
            "DuckDB": DuckDB,
        }
        return [*(self._loaded(name, kind, make) for name, make in makers.items()), self.postgis(kind)]

    def postgis(self, kind: str) -> PostGIS:
        """PostGIS with the areas of a kind in a table of that name."""
        return self._loaded("PostGIS", kind, lambda: self._connected(kind))

    def _connected(self, kind: str) -> PostGIS:
        peer = PostGIS(self.server, kind)
        self.until.callback(peer.close)
        return peer

    def _loaded(self, name: str, kind: str, make: Callable[[], Peer]) -> Peer:
        if (name, kind) not in self._peers:
            self.say(f"{kind}: loading {name}")
            peer = self._peers[name, kind] = make()
            peer.load(self.areas(kind))
        return self._peers[name, kind]

    def say(self, text: str) -> None:
        """Tell on stderr what is being done."""
        self.console.print(text, style="dim")
