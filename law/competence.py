"""Who has power: matter × place × mode × dates → who decides, in whose name, and what the township may do.

No entry means no power. Zone-specific entries go before general ones, longer unit prefixes before shorter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from pydantic import Field

from core.i18n import N_
from law.articles import Article, citation_issues, cite
from law.errors import DataIssue, LawDataError, data_issue
from law.kinds import Category, ZoneKind
from law.parsing import DatedRow, Row, TextRow, build_texts, parse_rows, period_issues, section_rows
from law.values import Mode, Period, Text

DOCUMENT: Final = "competence"
DELEGATION: Final = "apl/20"
EMPOWERMENT: Final = "apl/24"

KnownCodes = tuple[Mapping[str, ZoneKind], Mapping[str, Category]]


@dataclass(frozen=True, slots=True)
class CompetenceEntry:
    """An entry of a competence list.

    No ``zone_kinds`` means: wherever no zone-specific entry speaks. ``units`` are unit code prefixes.
    ``granted_by`` is the delegating body, or the provincial decision that empowers.
    """

    id: str
    categories: frozenset[str]
    zone_kinds: frozenset[str]
    units: tuple[str, ...]
    mode: Mode
    authority: Text
    in_the_name_of: Text
    granted_by: Text | None
    by_township: bool
    enforcement: Text
    township_may: tuple[Text, ...]
    whistle: tuple[Text, ...]
    documents: tuple[Text, ...]
    basis: tuple[Article, ...]
    valid_from: date | None
    valid_to: date | None
    sample: bool
    verified: bool
    note: Text | None

    @property
    def period(self) -> Period:
        """When the entry is in force."""
        return Period(self.valid_from, self.valid_to)

    def reach(self, unit_code: str) -> int:
        """Length of the longest prefix that covers the unit, -1 where none does."""
        return max((len(u) for u in self.units if unit_code.startswith(u)), default=-1)


@dataclass(frozen=True, slots=True)
class Competence:
    """The answer. Mode "none": no list names the matter here; the township only stops, records, hands over.

    ``by_township`` says that the township itself decides. ``enforcement`` says who may demolish.
    ``rivals`` are authorities of equally ranked entries: an overlap in the lists that somebody must settle.
    """

    authority: Text
    mode: Mode
    in_the_name_of: Text
    township_may: tuple[Text, ...]
    whistle: tuple[Text, ...]
    documents: tuple[Text, ...]
    basis: tuple[Article, ...]
    sample: bool
    by_township: bool
    enforcement: Text
    rivals: tuple[Text, ...]
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matter:
    """What competence is asked for."""

    category: str
    zone_kinds: frozenset[str]
    unit_code: str
    on: date


class EntryRow(DatedRow):
    """Row of ``entries``."""

    id: str = Field(min_length=1)
    categories: tuple[str, ...] = Field(min_length=1)
    zone_kinds: tuple[str, ...] = ()
    units: tuple[str, ...] = Field(min_length=1)
    mode: Mode
    authority: TextRow
    in_the_name_of: TextRow | None = None
    granted_by: TextRow | None = None
    by_township: bool
    enforcement: TextRow
    township_may: tuple[TextRow, ...] = ()
    whistle: tuple[TextRow, ...] = ()
    documents: tuple[TextRow, ...] = ()
    basis: tuple[str, ...] = Field(min_length=1)
    sample: bool = False
    verified: bool = False
    note: TextRow | None = None


class DefaultRow(Row):
    """What holds where no entry speaks, on any day."""

    authority: TextRow
    enforcement: TextRow
    township_may: tuple[TextRow, ...] = Field(min_length=1)
    documents: tuple[TextRow, ...] = Field(min_length=1)
    basis: tuple[str, ...] = ()


def parse_entry_rows(documents: Mapping[str, object]) -> tuple[list[EntryRow], DefaultRow]:
    """The rows of the document and its default.

    Raises:
        LawDataError: a row does not fit, an id repeats, or there is not exactly one default.
    """
    rows = parse_rows(EntryRow, DOCUMENT, section_rows(documents, DOCUMENT, "entries"))
    defaults = parse_rows(DefaultRow, DOCUMENT, section_rows(documents, DOCUMENT, "default"))
    if len(defaults) != 1:
        raise LawDataError(data_issue(DOCUMENT, "", "default", N_("must have exactly one row")))
    return rows, defaults[0]


def entry_issues(row: EntryRow, names: KnownCodes, articles: Mapping[str, Article]) -> Iterable[DataIssue]:
    """Every fault of one row."""
    kinds, categories = names
    yield from period_issues(DOCUMENT, row.id, row.period)
    yield from citation_issues(articles, DOCUMENT, row.id, (row.basis, row.period))
    for code in row.categories:
        if code not in categories:
            yield data_issue(
                DOCUMENT, row.id, "categories", N_("unknown category: {category}"), category=code
            )
    for kind in row.zone_kinds:
        if kind not in kinds:
            yield data_issue(DOCUMENT, row.id, "zone_kinds", N_("unknown zone kind: {kind}"), kind=kind)
    for unit in row.units:
        if not (unit.isascii() and unit.isdecimal()):
            yield data_issue(DOCUMENT, row.id, "units", N_("a unit code is digits only: {unit}"), unit=unit)
    yield from _mode_issues(row)


def _mode_issues(row: EntryRow) -> Iterable[DataIssue]:
    if row.mode == "none":
        message = N_("an entry grants power; leave the row out where there is none")
        yield data_issue(DOCUMENT, row.id, "mode", message)
    if row.mode in _GRANT_BASIS:
        article, demand = _GRANT_BASIS[row.mode]
        if article not in row.basis or row.granted_by is None:
            yield data_issue(DOCUMENT, row.id, "basis", demand, article=article)
    name = row.in_the_name_of
    if row.mode == "delegated" and row.granted_by and name not in (None, row.granted_by):
        message = N_("a delegated power is used in the name of the body that delegates")
        yield data_issue(DOCUMENT, row.id, "in_the_name_of", message)
    if row.mode in ("statutory", "empowered") and name not in (None, row.authority):
        message = N_("this power is used in the authority's own name")
        yield data_issue(DOCUMENT, row.id, "in_the_name_of", message)


_GRANT_BASIS: Final[dict[Mode, tuple[str, str]]] = {
    "delegated": (DELEGATION, N_("a delegation cites {article} and names the body that delegates")),
    "empowered": (EMPOWERMENT, N_("an empowerment cites {article} and names the provincial decision")),
}


def build_entry(row: EntryRow, articles: Mapping[str, Article]) -> CompetenceEntry:
    """A checked row as a value; the name in which it is used follows from the mode."""
    authority = row.authority.text()
    granted_by = row.granted_by.text() if row.granted_by else None
    return CompetenceEntry(
        id=row.id,
        categories=frozenset(row.categories),
        zone_kinds=frozenset(row.zone_kinds),
        units=row.units,
        mode=row.mode,
        authority=authority,
        in_the_name_of=granted_by if row.mode == "delegated" and granted_by else authority,
        granted_by=granted_by,
        by_township=row.by_township,
        enforcement=row.enforcement.text(),
        township_may=build_texts(row.township_may),
        whistle=build_texts(row.whistle),
        documents=build_texts(row.documents),
        basis=cite(articles, row.basis),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        sample=row.sample,
        verified=row.verified,
        note=row.note.text() if row.note else None,
    )


def default_issues(row: DefaultRow, articles: Mapping[str, Article]) -> Iterable[DataIssue]:
    """Every fault of the default."""
    for i in row.basis:
        if i not in articles:
            yield data_issue(DOCUMENT, "default", "basis", N_("unknown article: {article}"), article=i)


@dataclass(frozen=True, slots=True)
class DefaultCompetence:
    """What holds where no entry speaks: no power."""

    authority: Text
    enforcement: Text
    township_may: tuple[Text, ...]
    documents: tuple[Text, ...]
    basis: tuple[Article, ...]


def build_default(row: DefaultRow, articles: Mapping[str, Article]) -> DefaultCompetence:
    """A checked default as a value."""
    return DefaultCompetence(
        row.authority.text(),
        row.enforcement.text(),
        build_texts(row.township_may),
        build_texts(row.documents),
        cite(articles, row.basis),
    )


def rank_entries(
    entries: Iterable[CompetenceEntry], matter: Matter, ranks: Mapping[str, int]
) -> list[list[CompetenceEntry]]:
    """The entries that speak about a matter, best first; equally good ones share a group.

    ``ranks`` orders the zone kinds (0 first). An entry that names one of the matter's zones goes before
    a general one, then the zone's rank decides, then the length of the unit prefix.
    """
    groups: dict[tuple[int, int], list[CompetenceEntry]] = {}
    for entry in sorted(entries, key=lambda e: e.id):
        place = _rank(entry, matter, ranks)
        if place is not None:
            groups.setdefault(place, []).append(entry)
    return [groups[place] for place in sorted(groups)]


def _rank(entry: CompetenceEntry, matter: Matter, ranks: Mapping[str, int]) -> tuple[int, int] | None:
    reach = entry.reach(matter.unit_code)
    if reach < 0 or matter.category not in entry.categories or not entry.period.covers(matter.on):
        return None
    if not entry.zone_kinds:
        return len(ranks), -reach
    met = entry.zone_kinds & matter.zone_kinds
    return (min(ranks[kind] for kind in met), -reach) if met else None


def resolve_competence(
    groups: list[list[CompetenceEntry]], default: DefaultCompetence, zone_authorities: tuple[Text, ...]
) -> Competence:
    """The best entry decides; the authorities of the other zones' entries and rules are whistled for."""
    if not groups:
        return _default_answer(default, zone_authorities)
    lead, *rivals = groups[0]
    others = tuple(e.authority for group in groups[1:] for e in group if e.zone_kinds)
    return Competence(
        authority=lead.authority,
        mode=lead.mode,
        in_the_name_of=lead.in_the_name_of,
        township_may=lead.township_may,
        whistle=_whistle(lead, (*others, *zone_authorities)),
        documents=lead.documents,
        basis=lead.basis,
        sample=lead.sample,
        by_township=lead.by_township,
        enforcement=lead.enforcement,
        rivals=tuple(e.authority for e in rivals),
        entries=tuple(e.id for e in groups[0]),
    )


def _whistle(lead: CompetenceEntry, others: tuple[Text, ...]) -> tuple[Text, ...]:
    """Each authority once, the deciding one first; a township that decides does not whistle for itself."""
    called = dict.fromkeys((lead.authority, *lead.whistle, *others))
    if lead.by_township:
        del called[lead.authority]
    return tuple(called)


def _default_answer(default: DefaultCompetence, zone_authorities: tuple[Text, ...]) -> Competence:
    return Competence(
        authority=default.authority,
        mode="none",
        in_the_name_of=default.authority,
        township_may=default.township_may,
        whistle=tuple(dict.fromkeys(zone_authorities)),
        documents=default.documents,
        basis=default.basis,
        sample=False,
        by_township=False,
        enforcement=default.enforcement,
        rivals=(),
        entries=(),
    )
