"""Competence: category × place × day → the deciding authority, in whose name, and what the township may do.

No entry means no power. Zone-specific entries take precedence over general ones, then entries of a list over
the statutory powers that every place has ("authorities"), then longer unit prefixes over shorter ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from pydantic import Field

from core.i18n import N_
from law.articles import Article, citation_issues, cite
from law.errors import DataIssue, LawDataError, data_issue, raise_issues
from law.kinds import Category, ZoneKind
from law.parsing import DatedRow, Row, TextRow, build_texts, parse_rows, period_issues, section_rows
from law.values import Mode, Period, Text

DOCUMENT: Final = "competence"
AUTHORITIES: Final = "authorities"
DELEGATION: Final = "apl/20"
EMPOWERMENT: Final = "apl/24"

KnownCodes = tuple[Mapping[str, ZoneKind], Mapping[str, Category]]


@dataclass(frozen=True, slots=True)
class CompetenceEntry:
    """An entry of a competence list.

    Attributes:
        zone_kinds: where the entry applies; empty: wherever no zone-specific entry does.
        units: unit code prefixes.
        in_the_name_of: the body in whose name decisions are made.
        granted_by: the delegating body, or the provincial decision that empowers.
        by_township: the township itself decides.
        enforcement: who may demolish.
        township_may: measures open to the township.
        whistle: further authorities to be called in (吹哨).
        documents: documents handed over with the case.
        sample: shipped as an example, not issued by an authority.
        listed: from a competence list; otherwise a statutory power.
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
    listed: bool

    @property
    def period(self) -> Period:
        """When the entry is in force."""
        return Period(self.valid_from, self.valid_to)

    def reach(self, unit_code: str) -> int:
        """Length of the longest prefix in ``units`` that covers the unit; -1 where none does."""
        return max((len(u) for u in self.units if unit_code.startswith(u)), default=-1)


@dataclass(frozen=True, slots=True)
class OwnPower:
    """A power of the township beside the deciding authority, by the law of another of the zones."""

    authority: Text
    township_may: tuple[Text, ...]
    enforcement: Text
    documents: tuple[Text, ...]
    basis: tuple[Article, ...]


@dataclass(frozen=True, slots=True)
class Competence:
    """Who decides about a matter, with what the entry grants; fields as in :class:`CompetenceEntry`.

    Attributes:
        mode: "none" where no entry applies; the township may then only stop, record and hand over.
        rivals: authorities of further entries of the same rank: an overlap that must be settled by people.
        entries: ids of the entries of the highest rank.
        verified: the entry was compared with the law's text; True where there is no entry.
        own_powers: what the township may do in its own name beside the deciding authority.
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
    verified: bool = True
    own_powers: tuple[OwnPower, ...] = ()


@dataclass(frozen=True, slots=True)
class Matter:
    """A category in a unit, inside zones of some kinds, on a day."""

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
    """The one row of ``default``: what applies where no entry does, on any day.

    ``township``: how rules name the township's government, which is not called in by itself.
    """

    authority: TextRow
    enforcement: TextRow
    township_may: tuple[TextRow, ...] = Field(min_length=1)
    documents: tuple[TextRow, ...] = Field(min_length=1)
    basis: tuple[str, ...] = ()
    township: TextRow | None = None


def parse_authority_rows(documents: Mapping[str, object]) -> list[EntryRow]:
    """Parse the statutory powers; empty for a law book that has them among the entries of its list.

    Raises:
        LawDataError: a row does not fit the schema, an id repeats, or a row is no statutory power.
    """
    rows = parse_rows(EntryRow, AUTHORITIES, section_rows(documents, AUTHORITIES, AUTHORITIES))
    raise_issues(
        data_issue(AUTHORITIES, row.id, "mode", N_("a statutory power: other powers belong in a list"))
        for row in rows
        if row.mode != "statutory" or row.sample
    )
    return rows


def parse_entry_rows(documents: Mapping[str, object]) -> tuple[list[EntryRow], DefaultRow]:
    """Parse the entries of the list and the default.

    Raises:
        LawDataError: a row does not fit the schema, an id repeats, or there is not exactly one default.
    """
    rows = parse_rows(EntryRow, DOCUMENT, section_rows(documents, DOCUMENT, "entries"))
    defaults = parse_rows(DefaultRow, DOCUMENT, section_rows(documents, DOCUMENT, "default"))
    if len(defaults) != 1:
        raise LawDataError(data_issue(DOCUMENT, "", "default", N_("must have exactly one row")))
    return rows, defaults[0]


def entry_issues(row: EntryRow, names: KnownCodes, articles: Mapping[str, Article]) -> Iterable[DataIssue]:
    """Every issue of one row: unknown codes, articles not in force, and power without its legal basis."""
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
            yield data_issue(DOCUMENT, row.id, "units", N_("a unit code has digits only: {unit}"), unit=unit)
    yield from _mode_issues(row)


def _mode_issues(row: EntryRow) -> Iterable[DataIssue]:
    if row.mode == "none":
        message = N_("an entry grants power; leave the row out where there is none")
        yield data_issue(DOCUMENT, row.id, "mode", message)
    if row.mode in _GRANT_BASIS:
        # A grant of power is void without the article that allows it and the body that grants it.
        article, demand = _GRANT_BASIS[row.mode]
        if article not in row.basis or row.granted_by is None:
            yield data_issue(DOCUMENT, row.id, "basis", demand, article=article)
    name = row.in_the_name_of
    if row.mode == "delegated" and row.granted_by and name not in (None, row.granted_by):
        message = N_("a delegated power is exercised in the name of the delegating body")
        yield data_issue(DOCUMENT, row.id, "in_the_name_of", message)
    if row.mode in ("statutory", "empowered") and name not in (None, row.authority):
        message = N_("this power is exercised in the authority's own name")
        yield data_issue(DOCUMENT, row.id, "in_the_name_of", message)


_GRANT_BASIS: Final[dict[Mode, tuple[str, str]]] = {
    "delegated": (DELEGATION, N_("a delegation must cite {article} and name the delegating body")),
    "empowered": (EMPOWERMENT, N_("an empowerment must cite {article} and name the provincial decision")),
}


def build_entry(row: EntryRow, articles: Mapping[str, Article], *, listed: bool = True) -> CompetenceEntry:
    """The entry of a checked row; ``in_the_name_of`` follows from the mode. ``listed``: as in the entry."""
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
        listed=listed,
    )


def default_issues(row: DefaultRow, articles: Mapping[str, Article]) -> Iterable[DataIssue]:
    """Every issue of the default."""
    for i in row.basis:
        if i not in articles:
            yield data_issue(DOCUMENT, "default", "basis", N_("unknown article: {article}"), article=i)


@dataclass(frozen=True, slots=True)
class DefaultCompetence:
    """What applies where no entry does: nobody has power, the case is handed over."""

    authority: Text
    enforcement: Text
    township_may: tuple[Text, ...]
    documents: tuple[Text, ...]
    basis: tuple[Article, ...]
    township: Text | None


def build_default(row: DefaultRow, articles: Mapping[str, Article]) -> DefaultCompetence:
    """The default of a checked row."""
    return DefaultCompetence(
        row.authority.text(),
        row.enforcement.text(),
        build_texts(row.township_may),
        build_texts(row.documents),
        cite(articles, row.basis),
        row.township.text() if row.township else None,
    )


def rank_entries(
    entries: Iterable[CompetenceEntry], matter: Matter, ranks: Mapping[str, int]
) -> list[list[CompetenceEntry]]:
    """Entries that apply to a matter, in groups of equal rank, most specific first.

    Entries for one of the matter's zones precede general ones; then the zone kind's rank decides, then
    whether a list has the entry, then the length of the unit prefix.

    Args:
        entries: statutory powers and the competence list.
        matter: what is to be decided.
        ranks: rank of each zone kind, 0 first.
    """
    groups: dict[tuple[int, int, int], list[CompetenceEntry]] = {}
    for entry in sorted(entries, key=lambda e: e.id):
        rank = _rank(entry, matter, ranks)
        if rank is not None:
            groups.setdefault(rank, []).append(entry)
    return [groups[rank] for rank in sorted(groups)]


def _rank(entry: CompetenceEntry, matter: Matter, ranks: Mapping[str, int]) -> tuple[int, int, int] | None:
    """Sort key of an entry; None where it does not apply to the matter."""
    reach = entry.reach(matter.unit_code)
    if reach < 0 or matter.category not in entry.categories or not entry.period.covers(matter.on):
        return None
    if not entry.zone_kinds:
        return len(ranks), not entry.listed, -reach
    shared = entry.zone_kinds & matter.zone_kinds
    return (min(ranks[kind] for kind in shared), not entry.listed, -reach) if shared else None


def resolve_competence(
    groups: list[list[CompetenceEntry]], default: DefaultCompetence, zone_authorities: tuple[Text, ...]
) -> Competence:
    """The competence of the highest-ranked entry; the authorities of the other zones are called in.

    Args:
        groups: as from :func:`rank_entries`.
        default: what applies where there is no group.
        zone_authorities: authorities named by the rules of the matter's zones.
    """
    if not groups:
        return _default_answer(default, zone_authorities)
    lead, *rivals = groups[0]
    lower = [e for group in groups[1:] for e in group if e.zone_kinds]
    others = tuple(e.authority for e in lower if not e.by_township)
    return Competence(
        authority=lead.authority,
        mode=lead.mode,
        in_the_name_of=lead.in_the_name_of,
        township_may=_unless_township(lead, lead.township_may, default.township_may),
        whistle=_whistle(lead, (*others, *zone_authorities)),
        documents=_unless_township(lead, lead.documents, default.documents),
        basis=lead.basis,
        sample=lead.sample,
        by_township=lead.by_township,
        enforcement=lead.enforcement,
        rivals=tuple(e.authority for e in rivals),
        entries=tuple(e.id for e in groups[0]),
        verified=lead.verified or lead.listed,
        own_powers=() if lead.by_township else tuple(_own_power(e) for e in lower if e.by_township),
    )


def _unless_township(
    lead: CompetenceEntry, stated: tuple[Text, ...], default: tuple[Text, ...]
) -> tuple[Text, ...]:
    """What an entry states; where it states nothing and a department decides, the default."""
    return stated if stated or lead.by_township else default


def _own_power(entry: CompetenceEntry) -> OwnPower:
    return OwnPower(entry.authority, entry.township_may, entry.enforcement, entry.documents, entry.basis)


def _whistle(lead: CompetenceEntry, others: tuple[Text, ...]) -> tuple[Text, ...]:
    """Authorities to call in, each once, the deciding one first; a deciding township is left out."""
    called = dict.fromkeys((lead.authority, *lead.whistle, *others))
    if lead.by_township:
        called.pop(lead.authority, None)
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
