"""``results.json``: a row a figure, kept from run to run."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.harness import Timing

RESULTS: Final = Path(__file__).with_name("results.json")
FULL: Final = "full"
GB: Final = 2**30


@dataclass(frozen=True)
class Row:
    """One figure: ours, and a peer's where there is one. Times are medians, with the smallest and largest.

    ``at_least`` bounds the ratio (how many times faster than the peer we are), or ``ours`` itself where there
    is no ratio; ``at_most`` bounds ``ours``. ``holds`` is None where nothing is promised.
    """

    name: str
    group: str
    unit: str
    ours: float
    size: str
    ours_range: tuple[float, float] | None = None
    peer: str | None = None
    peer_version: str | None = None
    theirs: float | None = None
    theirs_range: tuple[float, float] | None = None
    ratio: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    holds: bool | None = None
    rounds: int = 1
    peer_rounds: int | None = None
    note: str = ""
    cores: int = 0
    memory_gb: int = 0


def figure(name: str, group: str, unit: str, ours: float, size: str, **more: object) -> Row:
    """A row, with ``holds`` and the machine filled in and numbers cut to what was measured.

    Speed is promised of the full size only: at a smaller one the bounds of times and ratios are left out.
    """
    row = Row(name, group, unit, ours, size, **more)  # type: ignore[arg-type]
    if size != FULL and unit != "%":
        row = dataclasses.replace(row, at_least=None, at_most=None)
    row = dataclasses.replace(row, holds=_holds(row), cores=os.cpu_count() or 1, memory_gb=_memory_gb())
    return dataclasses.replace(row, **{k: _cut(v) for k, v in dataclasses.asdict(row).items()})


def compared(group: str, size: str, ours: Timing, peers: Iterable[tuple[Timing, float | None]]) -> list[Row]:
    """A row a peer: times in seconds, and how many times faster we must be (or None)."""
    return [
        figure(
            f"{group} / {peer.contender.name}",
            group,
            "s",
            ours.median,
            size,
            ours_range=(min(ours.seconds), max(ours.seconds)),
            peer=peer.contender.name,
            peer_version=peer.contender.version,
            theirs=peer.median,
            theirs_range=(min(peer.seconds), max(peer.seconds)),
            ratio=peer.median / ours.median,
            at_least=at_least,
            rounds=len(ours.seconds),
            peer_rounds=len(peer.seconds),
        )
        for peer, at_least in peers
    ]


def _holds(row: Row) -> bool | None:
    measured = row.ours if row.ratio is None else row.ratio
    kept = [measured >= row.at_least] if row.at_least is not None else []
    kept += [row.ours <= row.at_most] if row.at_most is not None else []
    return all(kept) if kept else None


def _cut(value: object) -> object:
    """Floats to five digits; more would only be noise."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    return tuple(map(_cut, value)) if isinstance(value, tuple) else value


def _memory_gb() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GB)


def read(path: Path = RESULTS) -> list[Row]:
    """The rows of a file, none where there is none."""
    if not path.exists():
        return []
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [Row(**{k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}) for row in rows]


def merged(old: Iterable[Row], new: Iterable[Row]) -> list[Row]:
    """Old rows, those of the same name replaced in their place, the rest appended."""
    fresh = {row.name: row for row in new}
    return [fresh.pop(row.name, row) for row in old] + list(fresh.values())


def write(rows: Iterable[Row], path: Path = RESULTS) -> None:
    """Write the rows, one a line."""
    lines = [json.dumps(dataclasses.asdict(row), ensure_ascii=False) for row in rows]
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
