"""Reads competence lists from .xlsx, .csv or .yaml, with Chinese or English headers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final, Protocol

from pydantic import ValidationError

from core.i18n import N_
from law.articles import Article
from law.book import LawBook
from law.competence import EntryRow, entry_issues
from law.errors import DataIssue, LawDataError, data_issue, raise_issues
from law.parsing import read_yaml, schema_issues
from law.spreadsheets import table_rows
from law.values import Period, Text, number_from_chinese

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "id": ("id", "code", "事项编码", "编号"),
    "categories": ("categories", "category", "matter", "事项", "违法类型", "事项名称"),
    "zone_kinds": ("zone_kinds", "zones", "区域类型", "保护区域"),
    "units": ("units", "unit", "行政区划代码", "适用区域", "乡镇代码"),
    "mode": ("mode", "权力类型", "行使方式"),
    "authority": ("authority", "实施主体", "行使主体"),
    "authority_en": ("authority_en", "实施主体（英文）"),
    "granted_by": ("granted_by", "委托机关", "赋权决定", "委托机关或赋权决定"),
    "granted_by_en": ("granted_by_en", "委托机关或赋权决定（英文）"),
    "by_township": ("by_township", "是否由乡镇行使"),
    "enforcement": ("enforcement", "强制执行"),
    "township_may": ("township_may", "乡镇可采取措施", "可采取措施"),
    "whistle": ("whistle", "吹哨部门", "配合部门"),
    "documents": ("documents", "移交文书", "文书"),
    "basis": ("basis", "依据", "法律依据"),
    "valid_from": ("valid_from", "生效日期", "起始日期"),
    "valid_to": ("valid_to", "失效日期", "终止日期"),
}
IGNORED: Final = frozenset({"", "no", "note", "序号", "备注"})
REQUIRED: Final = ("categories", "units", "mode", "authority", "basis")
MODES: Final = {"法定": "statutory", "委托": "delegated", "赋权": "empowered"}
# The name of the enforcing body is required of an entry, but published lists often leave it out.
_NOT_STATED: Final = {"zh": "清单未载明", "en": "not in the list"}
YES_NO: Final = {"是": True, "yes": True, "true": True, "否": False, "no": False, "false": False}

_FIELDS: Final = {header: name for name, headers in COLUMNS.items() for header in headers}
# A name such as 侵占、损毁 contains 、 itself: see ``_codes``.
_SEPARATORS: Final = re.compile(r"[、；;\n]+")
_STRONG_SEPARATORS: Final = re.compile(r"[；;\n]+")
_DATE: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_CITATION: Final = re.compile(
    r"《?(?:中华人民共和国)?(?P<law>[^《》第\d]+?)》?\s*第?(?P<number>[\d零一二三四五六七八九十百千]+)条?"
)

Cells = Mapping[str, str]


class _BadCell(Exception):
    """A cell that cannot be interpreted."""

    def __init__(self, field: str, message: str, **values: object) -> None:
        super().__init__(field, message)
        self.field, self.message, self.values = field, message, values


def competence_rows(path: Path, book: LawBook) -> tuple[EntryRow, ...]:
    """Read a competence list and check it against the articles, categories and zone kinds of ``book``.

    Columns are found by their Chinese or English headers; several values in a cell are separated by 、 ； ;
    or line breaks. Categories and zone kinds are codes or names; articles are ids ("urp/65") or written out
    (城乡规划法第六十五条); dates are 2024-01-31, 2024/1/31 or 2024年1月31日. An entry is for the township to
    decide unless a column says otherwise. A missing English text is replaced by the Chinese.

    Returns:
        Rows as they can be stored, and built into a book with ``LawBook.with_entries``; ``sample`` is False.

    Raises:
        LawDataError: the file or its header cannot be used, or rows are wrong. Issues name a row by its
            number in the file, in YAML by its position.
    """
    yaml = path.suffix.lower() in {".yaml", ".yml"}
    unchecked = list(_yaml_rows(path) if yaml else _table_entries(path, book))
    if not unchecked:
        raise LawDataError(data_issue(path.name, "", "", N_("has no rows")))
    rows: list[EntryRow] = []
    issues: list[DataIssue] = []
    for number, raw in unchecked:
        row, row_issues = _check_row(raw, book)
        issues += (replace(issue, document=path.name, row=str(number)) for issue in row_issues)
        if row is not None and row.id in {known.id for known in rows}:
            issues.append(data_issue(path.name, str(number), "id", N_("is used by two rows")))
        elif row is not None:
            rows.append(row)
    raise_issues(issues)
    return tuple(rows)


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


def _table_entries(path: Path, book: LawBook) -> Iterator[tuple[int, object]]:
    rows = table_rows(path)
    header = next(rows, (1, ()))
    fields = _fields(path.name, header[1])
    for number, cells in rows:
        named = {name: cell for name, cell in zip(fields, cells, strict=False) if name and cell}
        try:
            yield number, _entry(named, f"{path.stem}-{number}", book)
        except _BadCell as error:
            yield number, error  # passed on, so that the issues of all rows are reported together


def _fields(document: str, header: tuple[str, ...]) -> list[str]:
    """The field of each column, "" for a column that is ignored. A column that is not known is refused."""
    names = [title.strip().lower() for title in header]
    unknown = [name for name in names if name not in _FIELDS and name not in IGNORED]
    fields = [_FIELDS.get(name, "") for name in names]
    twice = sorted({f for f in fields if f and fields.count(f) > 1})
    issues = [data_issue(document, "1", name, N_("is not a column of a competence list")) for name in unknown]
    issues += [data_issue(document, "1", name, N_("appears in two columns")) for name in twice]
    issues += [
        data_issue(document, "1", name, N_("column is missing")) for name in REQUIRED if name not in fields
    ]
    raise_issues(issues)
    return fields


def _entry(cells: Cells, default_id: str, book: LawBook) -> dict[str, object]:
    """The fields of ``EntryRow`` from a row of cells; validating the row finds those that are missing."""
    dates = {name: _date(name, cells[name]) for name in ("valid_from", "valid_to") if name in cells}
    period = Period(dates.get("valid_from"), dates.get("valid_to"))
    entry: dict[str, object] = {"id": cells.get("id", default_id), "by_township": True, **dates}
    entry["enforcement"] = _text(cells.get("enforcement"), "") or _NOT_STATED
    for name in ("authority", "granted_by"):
        if name in cells:
            entry[name] = _text(cells[name], cells.get(f"{name}_en", ""))
    for name in ("township_may", "whistle", "documents"):
        entry[name] = tuple(_text(part, "") for part in _parts(cells.get(name, "")))
    entry["units"] = _parts(cells.get("units", ""))
    entry["categories"] = _codes("categories", cells, _codes_by_name(book.categories))
    entry["zone_kinds"] = _codes("zone_kinds", cells, _codes_by_name(book.zone_kinds))
    entry["basis"] = tuple(_article(part, period, book) for part in _parts(cells.get("basis", "")))
    entry["mode"] = MODES.get(cells.get("mode", ""), cells.get("mode"))
    if "by_township" in cells:
        entry["by_township"] = YES_NO.get(cells["by_township"].lower(), cells["by_township"])
    return entry


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


def _article(part: str, period: Period, book: LawBook) -> str:
    """Id of an article given by id or written out; of several versions, the one in force in ``period``."""
    if part in book.articles:
        return part
    match = _CITATION.fullmatch(part)
    versions = _versions(match["law"].strip(), match["number"], book.articles.values()) if match else []
    if not versions:
        raise _BadCell("basis", N_("is not an article in the law book: {value}"), value=part)
    in_force = [article for article in versions if article.period.contains(period)]
    # With none in force the last version is as good as any: the row's check refuses it with its dates.
    return (in_force or versions)[-1].id


def _versions(law: str, number: str, articles: Iterable[Article]) -> list[Article]:
    """Every version of an article, by the law's short or full title."""
    digits = str(number_from_chinese(number))
    named = [a for a in articles if law in (a.short.zh, a.law.zh.removeprefix("中华人民共和国"))]
    return [article for article in named if article.article == digits]
