"""Stated shares against what came true: counts, tables in Markdown, and the reliability plot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

TENTHS: Final = 10
# σ from the nearest border. At 6.41 a straight line leaves 99.5 % inside if 5 % err five times as much
RINGS: Final = (0.0, 1.0, 2.0, 3.0, 5.0, 6.41, 7.0, 9.0)
MANY: Final = 10_000  # reports
CERTAINTIES: Final = ("certain", "probable", "disputed", "outside")


@dataclass(frozen=True)
class Call:
    """What the engine said of one report: the word, the leading township, and every township's share."""

    certainty: str
    lead: str | None
    shares: Mapping[str, float]


@dataclass(frozen=True)
class Tenth:
    """All stated values of one tenth: how many, their mean, and the mean of what came true.

    ``error``: standard error of that mean, had the cases been drawn independently.
    """

    count: int
    stated: float
    observed: float
    error: float

    @property
    def off(self) -> float:
        """Observed minus stated."""
        return self.observed - self.stated


@dataclass(frozen=True)
class Reliability:
    """``wrong``: certain calls that name another township than the true one. ``rings``: words by distance."""

    count: int
    words: Mapping[str, int]
    wrong: int
    leads_right: int
    tenths: tuple[Tenth, ...]
    rings: tuple[Mapping[str, int], ...]

    @property
    def certain(self) -> float:
        """Part of the reports that are called certain."""
        return self.words["certain"] / self.count

    @property
    def wrong_share(self) -> float:
        """Part of the certain calls that are wrong."""
        return self.wrong / max(1, self.words["certain"])

    @property
    def worst(self) -> float:
        """Largest difference between stated and observed over the tenths."""
        return max(abs(tenth.off) for tenth in self.tenths)


def measure(calls: Sequence[Call], truth: Sequence[str], sigmas: NDArray[np.float64]) -> Reliability:
    """Compare calls with the true townships; ``sigmas``: distance from the nearest border, in σ."""
    words = Counter(call.certainty for call in calls)
    right = [call.lead == code for call, code in zip(calls, truth, strict=True)]
    wrong = sum(call.certainty == "certain" and not hit for call, hit in zip(calls, right, strict=True))
    ring = np.digitize(sigmas, RINGS[1:-1])
    rings = [
        Counter(c.certainty for c, r in zip(calls, ring, strict=True) if r == n)
        for n in range(len(RINGS) - 1)
    ]
    return Reliability(len(calls), words, wrong, sum(right), _tenths(calls, truth), tuple(rings))


def _tenths(calls: Sequence[Call], truth: Sequence[str]) -> tuple[Tenth, ...]:
    pairs = [
        (share, unit == code)
        for call, code in zip(calls, truth, strict=True)
        for unit, share in call.shares.items()
    ]
    return tenths_of(*(np.array(values, dtype=float) for values in zip(*pairs, strict=True)))


def tenths_of(stated: NDArray[np.float64], came: NDArray[np.float64]) -> tuple[Tenth, ...]:
    """Stated values, [0, 1], against what came true: 0 or 1, or a true share."""
    tenth = np.minimum((stated * TENTHS).astype(int), TENTHS - 1)
    return tuple(_tenth(stated[tenth == n], came[tenth == n]) for n in range(TENTHS))


def _tenth(stated: NDArray[np.float64], came: NDArray[np.float64]) -> Tenth:
    if len(stated) == 0:
        return Tenth(0, 0.0, 0.0, 0.0)
    error = float(came.std()) / len(came) ** 0.5
    return Tenth(len(stated), float(stated.mean()), float(came.mean()), error)


def tenths_table(tenths: Sequence[Tenth], stated: str = "stated share", came: str = "observed") -> str:
    """Markdown: a row a tenth that has any case."""
    rows = [
        f"| {n / TENTHS:.1f}–{(n + 1) / TENTHS:.1f} | {t.count:,} | {t.stated:.2%} | {t.observed:.2%} "
        f"| {100 * t.off:+.2f} | {100 * t.error:.2f} |"
        for n, t in enumerate(tenths)
        if t.count
    ]
    head = (
        f"| {stated} | cases | mean of stated | {came} | difference, points | standard error, points |\n"
        "|---|---:|---:|---:|---:|---:|"
    )
    return "\n".join([head, *rows])


def rings_table(found: Reliability) -> str:
    """Markdown: how the words fall by distance from the border."""
    rows = []
    for low, high, ring in zip(RINGS, RINGS[1:], found.rings, strict=False):
        total = max(1, sum(ring.values()))
        parts = " | ".join(f"{ring[word] / total:.1%}" for word in CERTAINTIES[:3])
        span = f"over {low:g} σ" if high == RINGS[-1] else f"{low:g}–{high:g} σ"
        rows.append(f"| {span} | {total:,} | {parts} |")
    head = "| reported distance from the nearest border | reports | certain | probable | disputed |"
    return "\n".join([head, "|---|---:|---:|---:|---:|", *rows])


def runs_table(runs: Iterable[tuple[str, Reliability]]) -> str:
    """Markdown: a row a run, or a part of one."""
    rows = [
        f"| {name} | {r.count:,} | {r.certain:.1%} | {wrong_of(r.wrong, r.words['certain'])} "
        f"| {r.leads_right / r.count:.1%} | {_worst(r)} |"
        for name, r in runs
    ]
    head = (
        "| reports | number | called certain | certain and wrong | lead correct | worst tenth, points |\n"
        "|---|---:|---:|---:|---:|---:|"
    )
    return "\n".join([head, *rows])


def wrong_of(wrong: int, certain: int) -> str:
    """In words: how many of the certain calls are wrong."""
    return f"{wrong} of {certain:,} ({wrong / certain:.2%})" if certain else "none is certain"


def _worst(found: Reliability) -> str:
    """The worst tenth in points, given only for large runs: in a few thousand reports it is mostly chance."""
    return f"{100 * found.worst:.2f}" if found.count >= MANY else "–"


SIDE: Final = 520  # pixels of the square
LEFT, TOP, BELOW, RIGHT = 76, 58, 118, 26
BAND: Final = 0.02
INK, FAINT, BLUE, AMBER = (31, 41, 55), (226, 230, 236), (29, 78, 137), (250, 229, 196)
SCALE: Final = 2  # drawn twice as large


def draw(found: Reliability, path: Path, title: str) -> None:
    """The reliability plot: stated share across, observed frequency up, two points round the diagonal."""
    size = (SCALE * (LEFT + SIDE + RIGHT), SCALE * (TOP + SIDE + BELOW))
    picture = Image.new("RGB", size, (255, 255, 255))
    pen = ImageDraw.Draw(picture)
    _draw_bound(pen)
    _draw_axes(pen)
    _draw_counts(pen, found)
    for tenth in found.tenths:
        x, y = _at(tenth.stated, tenth.observed)
        r = 5 * SCALE
        pen.ellipse((x - r, y - r, x + r, y + r), fill=BLUE, outline=(255, 255, 255), width=SCALE)
    _write(pen, (LEFT + SIDE / 2, 18), title, 17)
    note = "shaded: within 2 points; grey: number of shares in each tenth"
    _write(pen, (LEFT + SIDE / 2, 40), note, 13)
    picture.save(path, optimize=True)


def _at(x: float, y: float) -> tuple[float, float]:
    return SCALE * (LEFT + x * SIDE), SCALE * (TOP + (1 - y) * SIDE)


def _draw_bound(pen: ImageDraw.ImageDraw) -> None:
    corners = [(0, 0), (0, BAND), (1 - BAND, 1), (1, 1), (1, 1 - BAND), (BAND, 0)]
    pen.polygon([_at(*xy) for xy in corners], fill=AMBER)
    pen.line([_at(0, 0), _at(1, 1)], fill=INK, width=SCALE)


def _draw_axes(pen: ImageDraw.ImageDraw) -> None:
    for n in range(TENTHS + 1):
        part = n / TENTHS
        pen.line([_at(part, 0), _at(part, 1)], fill=FAINT, width=1)
        pen.line([_at(0, part), _at(1, part)], fill=FAINT, width=1)
        _write(pen, (LEFT + part * SIDE, TOP + SIDE + 14), f"{part:.0%}", 13)
        _write(pen, (LEFT - 10, TOP + (1 - part) * SIDE), f"{part:.0%}", 13, "rm")
    pen.rectangle((*_at(0, 1), *_at(1, 0)), outline=INK, width=SCALE)
    _write(pen, (LEFT + SIDE / 2, TOP + SIDE + 36), "stated share of a township (mean of each tenth)", 15)
    _write(pen, (LEFT + 4, TOP - 12), "came true", 13, "lm")


def _draw_counts(pen: ImageDraw.ImageDraw, found: Reliability) -> None:
    """A bar a tenth under the axis, by the root of its count."""
    most = max(tenth.count for tenth in found.tenths)
    floor = TOP + SIDE + BELOW - 18
    for n, tenth in enumerate(found.tenths):
        left, right = (LEFT + (n + edge) / TENTHS * SIDE for edge in (0.12, 0.88))
        height = 36 * (tenth.count / most) ** 0.5
        pen.rectangle([SCALE * v for v in (left, floor - height, right, floor)], fill=(170, 178, 189))
        _write(pen, ((left + right) / 2, floor + 9), f"{tenth.count:,}", 11)


def _write(
    pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int, anchor: str = "mm"
) -> None:
    font = ImageFont.load_default(size * SCALE)
    pen.text((SCALE * at[0], SCALE * at[1]), text, fill=INK, font=font, anchor=anchor)
