"""The law and the powers of a screening as tables: asked once for each kind and grade, not for each place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facts.model import SourceRef
from law.book import LawBook
from screening.schema import SEPARATOR, cited, joined
from verdict.applicable_law import STRICTEST_FIRST, LawQuery, find_law
from verdict.judge import Case

NO_EFFECT: Final = len(STRICTEST_FIRST)
NOTICE: Final = STRICTEST_FIRST.index("notice")
Mask = int


@dataclass(frozen=True, slots=True)
class Said:
    """What the law says of one kind and grade: index of its effect, is anything known, its articles."""

    kind: str
    grade: str | None
    effect: int
    known: bool
    articles: tuple[str, ...]


class LawTable:
    """Law, powers and gaps of one case, by numbers: kinds of zones are bits, ``said`` is by position."""

    def __init__(
        self,
        book: LawBook,
        case: Case,
        sources: Iterable[SourceRef],
        zones: Sequence[tuple[str, str | None]],
    ) -> None:
        """``zones``: kind and grade of each zone."""
        self.book = book
        self.case = case
        self.kinds = sorted(book.zone_kinds)
        self.bit = {kind: 1 << n for n, kind in enumerate(self.kinds)}
        matters = sorted(set(zones), key=lambda zone: (zone[0], zone[1] or ""))
        number = {matter: n for n, matter in enumerate(matters)}
        self.said = [self._say(kind, grade) for kind, grade in matters]
        self.said_of_zone = np.asarray([number[zone] for zone in zones], dtype=np.int64)
        self.bits_of_zone = np.asarray([self.bit[kind] for kind, _ in zones], dtype=np.int64)
        self.relevant = self._mask(book.relevant_kinds(case.category, case.as_of))
        self._sources = [s for s in sources if s.role == "zones"]
        self._prefixes = sorted({unit for entry in book.entries for unit in entry.units})
        self._powers: dict[tuple[Mask, tuple[str, ...]], tuple[str, str]] = {}

    def _say(self, kind: str, grade: str | None) -> Said:
        case = self.case
        matter = LawQuery(kind, grade, case.category, case.as_of, case.asked_on)
        law = find_law(self.book, matter)
        effect = law.binding_law.effect
        articles = tuple(dict.fromkeys(cited(b.law, b.label) for b in law.binding_law.basis))
        return Said(
            kind, grade, NO_EFFECT if effect is None else STRICTEST_FIRST.index(effect), law.known, articles
        )

    def _mask(self, kinds: Iterable[str]) -> Mask:
        return sum(self.bit[kind] for kind in kinds)

    def known_at(self, codes: Sequence[str | None]) -> NDArray[np.int64]:
        """The kinds of zones of which something is known at each unit, as bits; none where there is none."""
        found: dict[tuple[bool, ...], Mask] = {}
        masks = np.zeros(len(codes), dtype=np.int64)
        begun = [s for s in self._sources if s.begins is None or s.begins <= self.case.as_of]
        for n, code in enumerate(codes):
            reached = tuple(code is not None and code.startswith(s.reach) for s in begun)
            if reached not in found:
                kinds = {k for s, here in zip(begun, reached, strict=True) if here for k in s.kinds}
                found[reached] = self._mask(kinds & set(self.bit))
            masks[n] = found[reached]
        return masks

    def groups(self, codes: Sequence[str | None]) -> tuple[NDArray[np.int64], list[tuple[str, ...]]]:
        """Units for which the same entries of the competence list speak: number of each's group; prefixes."""
        numbers: dict[tuple[str, ...], int] = {}
        group = np.empty(len(codes), dtype=np.int64)
        for n, code in enumerate(codes):
            spoken = tuple(p for p in self._prefixes if (code or "").startswith(p))
            group[n] = numbers.setdefault(spoken, len(numbers))
        return group, list(numbers)

    def power(self, sure: Mask, prefixes: tuple[str, ...]) -> tuple[str, str]:
        """Authority (Chinese) and mode, for the kinds of zones that surely count and a unit's prefixes."""
        if (sure, prefixes) not in self._powers:
            code = prefixes[-1] if prefixes else ""  # the longest covers all that the others cover
            kinds = self.names(sure)
            found = self.book.competence_for(self.case.category, kinds, code, self.case.asked_on)
            self._powers[sure, prefixes] = (found.authority.zh, found.mode)
        return self._powers[sure, prefixes]

    def names(self, mask: Mask) -> list[str]:
        """The kinds of a mask, in order."""
        return [kind for kind in self.kinds if mask & self.bit[kind]]

    def missing(self, mask: Mask) -> str | None:
        """The kinds of a mask as one text."""
        return joined(self.names(mask))

    def basis(self, mask: Mask) -> str | None:
        """The articles of the laws in a mask of ``said``, each once."""
        said = [s for n, s in enumerate(self.said) if mask >> n & 1]
        return SEPARATOR.join(dict.fromkeys(a for s in said for a in s.articles)) or None
