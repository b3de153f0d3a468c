"""Reads competence lists from .xlsx, .csv or .yaml, as offices publish them or in this project's own columns.

A published list has a title above its header, headings between its rows, columns that this project does not
need, and matters and articles that the law book lacks; these are added to it, unverified
(``law.list_additions``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final, Protocol

from pydantic import ValidationError

from core.i18n import N_
from law.articles import Article
from law.book import LawBook
from law.competence import DELEGATION, EMPOWERMENT, EntryRow, entry_issues
from law.errors import DataIssue, LawDataError, data_issue, raise_issues
from law.list_additions import Additions, with_additions
from law.list_columns import (
    IGNORED,
    MODES,
    REQUIRED,
    YES_NO,
    field_of,
    is_heading,
    mode_of,
)
from law.parsing import read_yaml, schema_issues
from law.spreadsheets import NumberedRow, table_rows
from law.values import Period, Text, number_from_chinese

# The name of the enforcing body is required of an entry, but published lists often leave it out.
_NOT_STATED: Final = {"zh": "清单未载明", "en": "not in the list"}

# A name such as 侵占、损毁 contains 、 itself: see ``_codes``.
_SEPARATORS: Final = re.compile(r"[、；;\n]+")
_STRONG_SEPARATORS: Final = re.compile(r"[；;\n]+")
_DATE: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_NUMBER: Final = r"[\d零一二三四五六七八九十百千]+"
# The whole cell is one citation, with or without 《》; or citations in running text, which always have them.
_CITATION: Final = re.compile(
    rf"《?(?:中华人民共和国)?(?P<law>[^《》第\d]+?)》?\s*第?(?P<number>{_NUMBER})条?"
    r"(?:第?[\d一二三四五六七八九十]+[款项目]|第?[（(][\d一二三四五六七八九十]+[)）]项?)*"
)
_QUOTED_LAW: Final = re.compile(r"《(?:中华人民共和国)?(?P<law>[^《》]+)》")
_ARTICLE: Final = re.compile(rf"第(?P<number>{_NUMBER})条")
_WRAPPING: Final = re.compile(r"^对(?P<what>.+?)(?:行为)?(?:的|进行的?)?(?:行政)?(?:处罚|强制|检查)$")
DEFAULT_AUTHORITY: Final = {
    "zh": "乡镇人民政府（街道办事处）",
    "en": "the township government or subdistrict office",
}

UNSTATED_DECISION: Final = {"zh": "赋权决定（清单未载明）", "en": "a decision not stated in the list"}
HEADER_WITHIN: Final = 12  # rows of a file among which its header is

Cells = Mapping[str, str]


class _BadCell(Exception):
    """A cell that cannot be interpreted."""

    def __init__(self, field: str, message: str, **values: object) -> None:
        super().__init__(field, message)
        self.field, self.message, self.values = field, message, values


@dataclass(frozen=True, slots=True)
class ListDefaults:
    """What holds for rows that do not say it.

    Attributes:
        units: codes of the units that the list is for.
        unit_codes: name of a unit → its code, for lists that name their townships.
    """

    units: tuple[str, ...] = ()
    unit_codes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CompetenceList:
    """A list as read: its rows, what they add to the law book, and the columns that were not used."""

    rows: tuple[EntryRow, ...]
    additions: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    unused: tuple[str, ...] = ()


def read_competence_list(path: Path, book: LawBook, defaults: ListDefaults | None = None) -> CompetenceList:
    """Read a competence list and check it against the articles, categories and zone kinds of ``book``.

    Columns are found by their Chinese or English headers, below any title; several values in a cell are
    separated by 、 ； ; or line breaks. Categories and zone kinds are codes or names; articles are ids
    ("urp/65") or written out (城乡规划法第六十五条), also in running text; dates are 2024-01-31, 2024/1/31 or
    2024年1月31日. A row without dates is in force as long as the articles are that it cites. An entry is for
    the township to decide unless a column says otherwise. A missing English text is replaced by the Chinese.
    Matters and articles that the book lacks become ``additions``, except in YAML, which must be exact.

    Returns:
        Rows as they can be stored, and built into a book (``with_additions``, ``LawBook.with_entries``);
        ``sample`` is False.

    Raises:
        LawDataError: the file or its header cannot be used, or rows are wrong. Issues name a row by its
            number in the file, in YAML by its position.
    """
    table = None
    if path.suffix.lower() in {".yaml", ".yml"}:
        unchecked = list(_yaml_rows(path))
    else:
        table = _Table(path.stem, book, defaults or ListDefaults())
        unchecked = list(table.entries(path))
    if not unchecked:
        raise LawDataError(data_issue(path.name, "", "", N_("has no rows")))
    additions = table.additions.sections() if table else {}
    rows = _check_rows(path.name, unchecked, with_additions(book, additions))
    return CompetenceList(rows, additions, tuple(table.unused) if table else ())


def _check_rows(
    document: str, unchecked: Iterable[tuple[int, object]], book: LawBook
) -> tuple[EntryRow, ...]:
    rows: dict[str, EntryRow] = {}
    issues: list[DataIssue] = []
    for number, raw in unchecked:
        row, row_issues = _check_row(raw, book)
        issues += (replace(issue, document=document, row=str(number)) for issue in row_issues)
        if row is not None and row.id in rows:
            issues.append(data_issue(document, str(number), "id", N_("is used by two rows")))
        elif row is not None:
            rows[row.id] = row
    raise_issues(issues)
    return tuple(rows.values())


def _check_row(raw: object, book: LawBook) -> tuple[EntryRow | None, list[DataIssue]]:
    if isinstance(raw, _BadCell):
        return None, [DataIssue("", "", raw.field, raw.message, raw.values)]
    try:
        row = EntryRow.model_validate(raw)
    except ValidationError as error:
        return None, schema_issues(error, "", "")
    if row.sample:
        return None, [data_issue("", "", "sample", N_("a loaded list must not be a sample"))]
    return row, list(entry_issues(row, (book.zone_kinds, book.categories), book.articles))


def _yaml_rows(path: Path) -> Iterator[tuple[int, object]]:
    document = read_yaml(path)
    rows = document.get("entries") if isinstance(document, Mapping) else document
    if not isinstance(rows, list):
        raise LawDataError(data_issue(path.name, "", "entries", N_("must be a list of rows")))
    yield from enumerate(rows, start=1)


class _Table:
    """A list in a table, read row by row: headings hold for the rows below them."""

    def __init__(self, name: str, book: LawBook, defaults: ListDefaults) -> None:
        self.name = name
        self.book = book
        self.defaults = defaults
        self.additions = Additions()
        self.unused: list[str] = []
        self.mode: str | None = None
        self.units = defaults.units

    def entries(self, path: Path) -> Iterator[tuple[int, object]]:
        rows = list(table_rows(path))
        start = _header_position(rows)
        number, header = rows[start] if rows else (1, ())
        self._read_title(path.stem, *(cell for _, cells in rows[:start] for cell in cells))
        fields = self._fields(path.name, number, header)
        for number, cells in rows[start + 1 :]:
            if is_heading(cells):
                self.mode = mode_of("".join(cells)) or self.mode
                continue
            named = {name: cell for name, cell in zip(fields, cells, strict=False) if name and cell}
            try:
                yield number, self._entry(named, f"{self.name}-{number}")
            except _BadCell as error:
                yield number, error  # passed on, so that the issues of all rows are reported together

    def _read_title(self, *texts: str) -> None:
        """Take from the title what the rows leave out: the mode, and the unit that it names last."""
        title = " ".join(texts)
        self.mode = mode_of(title)
        named = [name for name in self.defaults.unit_codes if len(name) > 1 and name in title]
        if not self.units and named:
            self.units = (self.defaults.unit_codes[max(named, key=lambda name: (title.rfind(name), name))],)

    def _fields(self, document: str, number: int, header: tuple[str, ...]) -> list[str]:
        """The field of each column, "" for a column that is not used."""
        fields = [field_of(title) for title in header]
        self.unused = [
            title
            for title, name in zip(header, fields, strict=True)
            if not name and title.lower() not in IGNORED
        ]
        row = str(number)
        titles = dict(zip(fields, header, strict=True))
        twice = sorted({f for f in fields if f and fields.count(f) > 1})
        needed = [*REQUIRED, *(() if self.units else ("units",))]
        issues = [data_issue(document, row, n, N_("appears in two columns")) for n in twice]
        issues += [data_issue(document, row, n, N_("column is missing")) for n in needed if n not in titles]
        raise_issues(issues)
        return fields

    def _entry(self, cells: Cells, default_id: str) -> dict[str, object]:
        """The fields of ``EntryRow`` from a row of cells; validating the row finds those that are missing."""
        dates = {name: _date(name, cells[name]) for name in ("valid_from", "valid_to") if name in cells}
        period = Period(dates.get("valid_from"), dates.get("valid_to"))
        mode = self._mode(cells)
        basis = self._basis(cells.get("basis", ""), period, mode)
        if not dates and basis:
            dates = _days_of(basis, self.book)
        entry: dict[str, object] = {"id": cells.get("id", default_id), "by_township": True, **dates}
        entry["enforcement"] = _text(cells.get("enforcement"), "") or _NOT_STATED
        entry["authority"] = _text(cells.get("authority"), cells.get("authority_en", "")) or DEFAULT_AUTHORITY
        entry["granted_by"] = _granted_by(cells, mode)
        for name in ("township_may", "whistle", "documents"):
            entry[name] = tuple(_text(part, "") for part in _parts(cells.get(name, "")))
        entry["units"] = self._units(cells.get("units", ""))
        entry["categories"] = self._matters(cells)
        entry["zone_kinds"] = _codes("zone_kinds", cells, _codes_by_name(self.book.zone_kinds))
        entry["basis"] = basis
        entry["mode"] = mode
        if "by_township" in cells:
            entry["by_township"] = YES_NO.get(cells["by_township"].lower(), cells["by_township"])
        if "power" in cells and cells["power"] not in MODES:
            entry["note"] = _text(cells["power"], "")
        return entry

    def _mode(self, cells: Cells) -> str | None:
        """The mode in its own column, or in that of the kinds of acts, or in the heading or title above."""
        if "mode" in cells:
            return mode_of(cells["mode"]) or cells["mode"]
        kind = cells.get("power", "")
        return mode_of(kind) or self.mode or kind or None

    def _units(self, cell: str) -> tuple[str, ...]:
        known = self.defaults.unit_codes
        named = tuple(known.get(part, part) for part in _parts(cell) if not part.startswith(("各", "全")))
        return named or self.units

    def _matters(self, cells: Cells) -> tuple[str, ...]:
        """Codes of the matters in a cell; if the book lacks one of them, the whole cell is one new matter."""
        names = _codes_by_name(self.book.categories)
        codes = _codes("categories", cells, names)
        if all(code in self.book.categories for code in codes):
            return codes
        whole = re.sub(r"\s+", "", cells.get("categories", ""))
        wrapped = _WRAPPING.match(whole)
        known = names.get(wrapped["what"].lower()) if wrapped else None
        return (known or self.additions.matter(whole),)

    def _basis(self, cell: str, period: Period, mode: str | None) -> tuple[str, ...]:
        """Ids of the articles in a cell, and of the one that allows the grant of a power."""
        ids = self._cited(cell, period) if cell else []
        grant = {"delegated": DELEGATION, "empowered": EMPOWERMENT}.get(mode or "")
        granting = [grant] if ids and grant in self.book.articles else []
        return tuple(dict.fromkeys(filter(None, [*ids, *granting])))

    def _cited(self, cell: str, period: Period) -> list[str]:
        """Ids of the articles that are given by id, in 《》, or as a citation each between separators."""
        parts = _parts(cell)
        quoted = self._quoted(cell, period)
        if quoted:  # the cell may be running text, whose parts are no citations by themselves
            return [*(part for part in parts if part in self.book.articles), *quoted]
        return [self._citation(part, period) for part in parts]

    def _citation(self, part: str, period: Period) -> str:
        if part in self.book.articles:
            return part
        match = _CITATION.fullmatch(part)
        if match is None:
            return self.additions.article(part.strip("《》"), "")
        return self._article(match["law"].strip(), match["number"], period)

    def _quoted(self, text: str, period: Period) -> list[str]:
        """Articles in running text: the numbers that follow each title in 《》, up to the next title."""
        titles = list(_QUOTED_LAW.finditer(text))
        ends = [*(title.start() for title in titles), len(text)][1:]
        found = []
        for title, end in zip(titles, ends, strict=True):
            # Of a text that is copied out, only the number before its colon is the citation.
            said = re.split(r"[:：]", text[title.end() : end])[0]
            numbers = [m["number"] for m in _ARTICLE.finditer(said)]
            found += [self._article(title["law"], number, period) for number in numbers]
        return found

    def _article(self, law: str, number: str, period: Period) -> str:
        """Id of an article; of several versions, the one in force in ``period``."""
        versions = _versions(law, number, self.book.articles.values())
        if not versions:
            return self.additions.article(law, str(number_from_chinese(number)))
        in_force = [article for article in versions if article.period.contains(period)]
        # With none in force the last version is as good as any: the row's check refuses it with its dates.
        return (in_force or versions)[-1].id


def _header_position(rows: list[NumberedRow]) -> int:
    """Index of the row with the headers: of the first rows, the one with the most known columns."""
    known = [len({field_of(cell) for cell in cells} - {""}) for _, cells in rows[:HEADER_WITHIN]]
    return known.index(max(known)) if known else 0


def _granted_by(cells: Cells, mode: str | None) -> dict[str, str] | None:
    """The body or decision that grants a power: a delegating body is often given as the one that had it."""
    stated = _text(cells.get("granted_by"), cells.get("granted_by_en", ""))
    if stated is None and mode == "delegated":
        return _text(cells.get("former"), "")
    return UNSTATED_DECISION if stated is None and mode == "empowered" else stated


def _days_of(basis: tuple[str, ...], book: LawBook) -> dict[str, date]:
    """The days on which all articles of a basis are in force, for a row that states none."""
    articles = [book.articles[i] for i in basis if i in book.articles]
    begins = [article.valid_from for article in articles if article.valid_from]
    ends = [article.valid_to for article in articles if article.valid_to]
    found = {"valid_from": max(begins, default=None), "valid_to": min(ends, default=None)}
    return {name: day for name, day in found.items() if day is not None}


def _parts(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in _SEPARATORS.split(cell) if part.strip())


def _text(zh: str | None, en: str) -> dict[str, str] | None:
    return {"zh": zh, "en": en or zh} if zh else None


class _Named(Protocol):
    @property
    def name(self) -> Text: ...


def _codes_by_name(items: Mapping[str, _Named]) -> dict[str, str]:
    """Lower-case code, Chinese name and English name → code."""
    return {name.lower(): code for code, item in items.items() for name in (code, item.name.zh, item.name.en)}


def _codes(field: str, cells: Cells, names: Mapping[str, str]) -> tuple[str, ...]:
    """Codes of the names in a cell; an unknown name is returned as it is, for the row's check to refuse.

    A name may contain 、 itself, so a part is split at 、 only if it is not a name as a whole.
    """
    outer = [part.strip() for part in _STRONG_SEPARATORS.split(cells.get(field, ""))]
    parts = [name for part in outer for name in ((part,) if part.lower() in names else _parts(part))]
    return tuple(names.get(part.lower(), part) for part in parts)


def _date(field: str, cell: str) -> date:
    match = _DATE.fullmatch(cell)
    try:
        return date(*map(int, match.groups())) if match else date.fromisoformat(cell)
    except ValueError as error:
        raise _BadCell(field, N_("is not a date: {value}"), value=cell) from error


def _versions(law: str, number: str, articles: Iterable[Article]) -> list[Article]:
    """Every version of an article, by the law's short or full title."""
    digits = str(number_from_chinese(number))
    named = [a for a in articles if law in (a.short.zh, a.law.zh.removeprefix("中华人民共和国"))]
    return [article for article in named if article.article == digits]
