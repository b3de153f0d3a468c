"""Law and competence for the points of one screening, looked up once per zone kind and grade.

A screening has many points but few kinds of zones, so that the law book is asked a few dozen times, not once
a point. Sets of zone kinds are bit masks (:data:`Mask`), which compiled loops can combine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facts import SourceRef
from law import LawBook
from screening.schema import SEPARATOR, citation, join_values
from verdict import STRICTEST_FIRST, Case, LawQuery, find_law

NO_EFFECT: Final = len(STRICTEST_FIRST)
NOTICE: Final = STRICTEST_FIRST.index("notice")
Mask = int


@dataclass(frozen=True, slots=True)
class ZoneLaw:
    """The binding law for zones of one kind and grade.

    ``effect``: position in ``STRICTEST_FIRST``, or ``NO_EFFECT``. ``known``: whether the law book covers the
    matter. ``articles``: citations in Chinese.
    """

    kind: str
    grade: str | None
    effect: int
    known: bool
    articles: tuple[str, ...]


class LawTable:
    """Law, competence and unmapped kinds of zones for one case, addressed by numbers.

    Attributes:
        kinds: codes of all zone kinds, sorted; the position of a kind is its bit in a mask.
        laws: one :class:`ZoneLaw` for each kind and grade that occurs.
        law_of_zone: (zones,), position in ``laws``.
        kind_of_zone: (zones,), position in ``kinds``.
        bits_of_zone: (zones,), mask of the zone's kind.
        relevant: mask of the kinds that matter for the case.
    """

    def __init__(
        self,
        book: LawBook,
        case: Case,
        sources: Iterable[SourceRef],
        zones: Sequence[tuple[str, str | None]],
    ) -> None:
        """Look up the law for all kinds and grades in ``zones``, the (kind, grade) of each zone."""
        self.book = book
        self.case = case
        self.kinds = sorted(book.zone_kinds)
        self.bit = {kind: 1 << n for n, kind in enumerate(self.kinds)}
        matters = sorted(set(zones), key=lambda zone: (zone[0], zone[1] or ""))
        number = {matter: n for n, matter in enumerate(matters)}
        self.laws = [self._zone_law(kind, grade) for kind, grade in matters]
        self.law_of_zone = np.asarray([number[zone] for zone in zones], dtype=np.int64)
        order = {kind: n for n, kind in enumerate(self.kinds)}
        self.kind_of_zone = np.asarray([order[kind] for kind, _ in zones], dtype=np.int64)
        self.bits_of_zone = np.asarray([self.bit[kind] for kind, _ in zones], dtype=np.int64)
        self.relevant = self._mask(book.relevant_kinds(case.category, case.as_of))
        self._sources = [source for source in sources if source.role == "zones"]
        self._prefixes = sorted({unit for entry in book.entries for unit in entry.units})
        self._competences: dict[tuple[Mask, tuple[str, ...]], tuple[str, str]] = {}

    def _zone_law(self, kind: str, grade: str | None) -> ZoneLaw:
        case = self.case
        law = find_law(self.book, LawQuery(kind, grade, case.category, case.as_of, case.asked_on))
        effect = law.binding_law.effect
        number = NO_EFFECT if effect is None else STRICTEST_FIRST.index(effect)
        articles = dict.fromkeys(citation(basis.law, basis.label) for basis in law.binding_law.basis)
        return ZoneLaw(kind, grade, number, law.known, tuple(articles))

    def _mask(self, kinds: Iterable[str]) -> Mask:
        return sum(self.bit[kind] for kind in kinds)

    def mapped_kinds(self, codes: Sequence[str | None]) -> NDArray[np.int64]:
        """Masks, (n,), of the zone kinds for which a dataset covers each unit; 0 for None.

        A relevant kind outside its mask is reported as missing: no dataset, so nothing is known about it.
        """
        by_sources: dict[tuple[bool, ...], Mask] = {}
        masks = np.zeros(len(codes), dtype=np.int64)
        in_force = [s for s in self._sources if s.begins is None or s.begins <= self.case.as_of]
        for n, code in enumerate(codes):
            covers = tuple(code is not None and code.startswith(s.reach) for s in in_force)
            if covers not in by_sources:
                kinds = {k for s, here in zip(in_force, covers, strict=True) if here for k in s.kinds}
                by_sources[covers] = self._mask(kinds & set(self.bit))
            masks[n] = by_sources[covers]
        return masks

    def competence_groups(
        self, codes: Sequence[str | None]
    ) -> tuple[NDArray[np.int64], list[tuple[str, ...]]]:
        """Group units to which the same entries of the competence list apply.

        Returns:
            The number of each unit's group, (n,), and of each group the code prefixes that its units match,
            as :meth:`competence` takes them.
        """
        numbers: dict[tuple[str, ...], int] = {}
        group = np.empty(len(codes), dtype=np.int64)
        for n, code in enumerate(codes):
            matching = tuple(p for p in self._prefixes if (code or "").startswith(p))
            group[n] = numbers.setdefault(matching, len(numbers))
        return group, list(numbers)

    def competence(self, sure: Mask, prefixes: tuple[str, ...]) -> tuple[str, str]:
        """Name of the competent authority in Chinese, and the mode of its competence.

        Args:
            sure: mask of the zone kinds with a certain conflict.
            prefixes: of the group of the unit, see :meth:`competence_groups`.
        """
        if (sure, prefixes) not in self._competences:
            # Prefixes of one code are sorted by length, so the last one matches whatever the others match.
            code = prefixes[-1] if prefixes else ""
            kinds = self.kinds_in(sure)
            entry = self.book.competence_for(self.case.category, kinds, code, self.case.asked_on)
            self._competences[sure, prefixes] = (entry.authority.zh, entry.mode)
        return self._competences[sure, prefixes]

    def kinds_in(self, mask: Mask) -> list[str]:
        """The zone kinds in a mask, sorted."""
        return [kind for kind in self.kinds if mask & self.bit[kind]]

    def kinds_text(self, mask: Mask) -> str | None:
        """The zone kinds in a mask as the text of a cell."""
        return join_values(self.kinds_in(mask))

    def basis_text(self, laws: Mask) -> str | None:
        """The citations of some laws, each once, as the text of a cell. ``laws``: bits by position."""
        chosen = [law for n, law in enumerate(self.laws) if laws >> n & 1]
        return SEPARATOR.join(dict.fromkeys(a for law in chosen for a in law.articles)) or None
