"""Competence lists from files: headers in two languages, three formats, bad rows by their number."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

import pytest
import yaml
from openpyxl import Workbook

from core.settings import ROOT
from law.book import LawBook
from law.competence import CompetenceEntry, EntryRow, build_entry
from law.competence_list import ListDefaults, read_competence_list
from law.errors import LawDataError
from law.list_additions import with_additions
from law.spreadsheets import table_rows
from law.values import Text

LAW = ROOT / "data" / "law"
COLUMNS = "序号,事项,区域类型,行政区划代码,权力类型,实施主体,委托机关或赋权决定,依据,生效日期,失效日期"
HEADER = tuple(COLUMNS.split(","))
TOWN = "寺头乡人民政府"
BOTH = "村民违法建住宅、农村违法建设（非住宅）"
PLANNING = "《中华人民共和国城乡规划法》第六十五条"
DECISION = "山西省人民政府决定"
DAY = datetime(2024, 1, 31)
Cells = tuple[object, ...]
GOOD: tuple[Cells, ...] = (
    (1, BOTH, "乡、村庄规划区", 140522201, "法定", TOWN, "", PLANNING, "2024年1月31日", ""),
    (2, "dumping", "", "140522201；140522100", "委托", TOWN, "阳城县水务局")
    + ("行政处罚法第20条；防洪法55", "2024/1/31", "2026-01-31"),
    (3, "违规建设畜禽养殖场", "nature_reserve", "140522201", "赋权", TOWN, DECISION, "apl/24", DAY, ""),
)


def competence_rows(path: Path, book: LawBook) -> tuple[EntryRow, ...]:
    return read_competence_list(path, book).rows


def read_entries(path: Path, book: LawBook) -> tuple[CompetenceEntry, ...]:
    read = read_competence_list(path, book)
    articles = with_additions(book, read.additions).articles
    return tuple(build_entry(row, articles) for row in read.rows)


@pytest.fixture(scope="module")
def book() -> LawBook:
    return LawBook.from_folder(LAW)


def write_csv(path: Path, rows: Iterable[Iterable[object]], encoding: str = "utf-8") -> Path:
    text = io.StringIO()
    csv.writer(text).writerows([[c.date() if isinstance(c, datetime) else c for c in row] for row in rows])
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def write_xlsx(path: Path, rows: Iterable[Iterable[object]]) -> Path:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    workbook.save(path)
    return path


def check_good(entries: tuple[CompetenceEntry, ...]) -> None:
    statutory, delegated, empowered = entries
    assert statutory.categories == {"rural_dwelling", "rural_building"}
    assert statutory.zone_kinds == {"village_planning"}
    assert [a.id for a in statutory.basis] == ["urp/65"]
    assert statutory.by_township and statutory.in_the_name_of.zh == "寺头乡人民政府"
    assert delegated.units == ("140522201", "140522100")
    assert delegated.in_the_name_of.zh == "阳城县水务局"
    assert [a.id for a in delegated.basis] == ["apl/20", "fcl/55"]
    assert (delegated.valid_from, delegated.valid_to) == (date(2024, 1, 31), date(2026, 1, 31))
    assert (empowered.mode, empowered.granted_by) == ("empowered", Text(DECISION, DECISION))
    assert (empowered.valid_from, empowered.valid_to) == (date(2024, 1, 31), None)
    assert not any(entry.sample for entry in entries)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_a_csv_in_each_encoding(tmp_path: Path, book: LawBook, encoding: str) -> None:
    check_good(read_entries(write_csv(tmp_path / "list.csv", [HEADER, *GOOD], encoding), book))


def test_a_workbook(tmp_path: Path, book: LawBook) -> None:
    check_good(read_entries(write_xlsx(tmp_path / "list.xlsx", [HEADER, *GOOD]), book))


def test_rows_are_numbered_as_the_spreadsheet_numbers_them(tmp_path: Path, book: LawBook) -> None:
    rows = [HEADER, *GOOD[:1], [None] * 10, *GOOD[1:]]
    for path in (write_xlsx(tmp_path / "a.xlsx", rows), write_csv(tmp_path / "a.csv", rows)):
        assert [number for number, _ in table_rows(path)] == [1, 2, 4, 5]
        assert [row.id for row in competence_rows(path, book)] == ["a-2", "a-4", "a-5"]


def test_yaml_in_the_shape_of_the_shipped_list(tmp_path: Path, book: LawBook) -> None:
    rows = competence_rows(write_csv(tmp_path / "list.csv", [HEADER, *GOOD]), book)
    path = tmp_path / "list.yaml"
    dumped = [row.model_dump(mode="json", exclude_none=True) for row in rows]
    path.write_text(yaml.safe_dump({"entries": dumped}, allow_unicode=True), encoding="utf-8")
    check_good(read_entries(path, book))
    assert competence_rows(path, book) == rows
    path.write_text(yaml.safe_dump(dumped, allow_unicode=True), encoding="utf-8")
    check_good(read_entries(path, book))


def test_a_loaded_list_decides_what_it_names_and_leaves_the_statutes(tmp_path: Path, book: LawBook) -> None:
    rows = competence_rows(write_csv(tmp_path / "list.csv", [HEADER, *GOOD]), book)
    real = book.with_entries(rows)
    found = real.competence_for("dumping", (), "140522201", date(2024, 6, 1))
    assert (found.mode, found.in_the_name_of.zh, found.sample) == ("delegated", "阳城县水务局", False)
    urban = real.competence_for("urban_building", (), "140522201", date(2024, 6, 1))
    assert (urban.mode, urban.authority.zh) == ("statutory", "城乡规划主管部门")


def test_every_bad_row_is_listed_by_its_number(tmp_path: Path, book: LawBook) -> None:
    bad: list[Cells] = [
        (1, "tomb", "", "140522", "", "乡", "", "城乡规划法65", "2024-01-01", ""),
        GOOD[0],
        (3, "tomb", "月球", "140522", "法定", "乡", "", "城乡规划法65", "2024-01-01", ""),
        (4, "tomb", "", "寺头乡", "法定", "乡", "", "城乡规划法65", "2024-01-01", ""),
        (5, "tomb", "", "140522", "随便", "乡", "", "城乡规划法65", "2024-01-01", ""),
        (6, "tomb", "", "140522", "委托", "乡", "", "城乡规划法65", "2024-01-01", ""),
        (7, "tomb", "", "140522", "法定", "乡", "", "", "2024-01-01", ""),
        (8, "tomb", "", "140522", "法定", "乡", "", "自然保护区条例第27条", "2018-01-01", ""),
        (9, "tomb", "", "140522", "法定", "乡", "", "城乡规划法65", "2024-13-01", ""),
        (10, "tomb", "", "140522", "法定", "乡", "", "城乡规划法65", "2024-01-01", "2023-01-01"),
        (11, "tomb", "", "", "法定", "乡", "", "城乡规划法65", "2024-01-01", ""),
    ]
    with pytest.raises(LawDataError) as caught:
        read_entries(write_csv(tmp_path / "list.csv", [HEADER, *bad]), book)
    faults = {(f.row, f.field): f.line("en") for f in caught.value.issues}
    assert {row for row, _ in faults} == {"2", "4", "5", "6", "7", "8", "9", "10", "11", "12"}
    assert ("2", "mode") in faults
    assert "unknown zone kind: 月球" in faults["4", "zone_kinds"]
    assert "digits only: 寺头乡" in faults["5", "units"]
    assert ("6", "mode") in faults and ("8", "basis") in faults and ("12", "units") in faults
    assert "a delegation must cite apl/20" in faults["7", "basis"]
    assert "is in force" in faults["9", "articles"]
    assert "is not a date: 2024-13-01" in faults["10", "valid_from"]
    assert "ends before it starts" in faults["11", "valid_to"]
    assert all(line.startswith("list.csv, ") for line in faults.values())


def test_an_article_is_taken_in_the_version_in_force_for_the_row(tmp_path: Path, book: LawBook) -> None:
    law, old, new = "自然保护区条例第27条", ("2018-01-01", "2026-03-15"), ("2026-03-15", "")
    rows = [(1, "tomb", "", "1405", "法定", "乡", "", law, *dates) for dates in (old, new)]
    first, second = read_entries(write_csv(tmp_path / "list.csv", [HEADER, *rows]), book)
    assert (first.basis[0].id, second.basis[0].id) == ("nrr2017/27", "nrr2026/27")
    across = [(1, "tomb", "", "1405", "法定", "乡", "", law, "2018-01-01", "")]
    with pytest.raises(LawDataError, match="is in force"):
        read_entries(write_csv(tmp_path / "list.csv", [HEADER, *across]), book)


@pytest.mark.parametrize(
    ("header", "field", "words"),
    [
        (HEADER[:-3], "basis", "column is missing"),
        ((*HEADER, "违法类型"), "categories", "appears in two columns"),
    ],
)
def test_a_header_that_cannot_be_used(
    tmp_path: Path, book: LawBook, header: tuple[str, ...], field: str, words: str
) -> None:
    with pytest.raises(LawDataError) as caught:
        read_entries(write_csv(tmp_path / "list.csv", [header, *GOOD]), book)
    assert any(f.row == "1" and f.field == field and words in f.line("en") for f in caught.value.issues)


def test_files_that_cannot_be_used(tmp_path: Path, book: LawBook, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(name: str, content: bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(LawDataError) as caught:
            read_entries(path, book)
        return str(caught.value)

    assert "must be an .xlsx" in refused("list.docx", b"x")
    assert "cannot be read" in refused("list.xlsx", b"no zip")
    assert "neither UTF-8 nor GBK" in refused("list.csv", b"\xff\xff\xff")
    assert "column is missing" in refused("empty.csv", b"")
    assert "has no rows" in refused("header.csv", ",".join(HEADER).encode())
    assert "list of rows" in refused("list.yaml", b"entries: 3")
    assert "does not fit" in refused("list.yaml", b"- {id: a}")
    assert "must not be a sample" in refused("list.yaml", _sample())
    monkeypatch.setattr("law.spreadsheets.MAX_BYTES", 40)
    assert "larger than 40 bytes" in refused("large.csv", b"x" * 41)
    bomb = write_xlsx(tmp_path / "bomb.xlsx", [["x"] * 50] * 200)
    monkeypatch.setattr("law.spreadsheets.MAX_BYTES", bomb.stat().st_size + 1)
    assert "larger than" in refused("bomb.xlsx", bomb.read_bytes())


def _sample() -> bytes:
    shipped = yaml.safe_load((LAW / "authorities.yaml").read_text(encoding="utf-8"))["authorities"][:1]
    return yaml.safe_dump([{**row, "sample": True} for row in shipped], allow_unicode=True).encode()


def test_the_same_id_twice_is_refused(tmp_path: Path, book: LawBook) -> None:
    header = ("编号", *HEADER[1:])
    rows = [("甲", *GOOD[0][1:]), ("甲", *GOOD[1][1:])]
    with pytest.raises(LawDataError, match="list.csv, 3, id: is used by two rows"):
        read_entries(write_csv(tmp_path / "list.csv", [header, *rows]), book)


def test_a_column_may_say_that_the_township_does_not_decide(tmp_path: Path, book: LawBook) -> None:
    header = (*HEADER, "是否由乡镇行使", "吹哨部门")
    path = write_csv(tmp_path / "list.csv", [header, (*GOOD[0], "否", "自然资源所、派出所")])
    (entry,) = read_entries(path, book)
    assert not entry.by_township
    assert [text.zh for text in entry.whistle] == ["自然资源所", "派出所"]
    with pytest.raises(LawDataError, match="by_township"):
        read_entries(write_csv(path, [header, (*GOOD[0], "也许", "")]), book)


PUBLISHED = (
    ("阳城县乡镇（街道）行政执法事项清单",),
    ("（2024年版）", "", ""),
    (
        "序号",
        "职权编码",
        "职权\n类型",
        "事项名称",
        "设定依据",
        "承接方式",
        "原实施主体",
        "承接乡镇（街道）",
        "监督方式",
    ),
    ("一、行政处罚（4项）",),
    (
        1,
        "CF001",
        "行政处罚",
        "对违规建设畜禽养殖场行为的处罚",
        "《畜禽规模养殖污染防治条例》第三十七条：违反本条例规定，"
        "在禁止养殖区域内建设畜禽养殖场、养殖小区的，依照第十一条……",
        "赋权",
        "县生态环境局",
        "各乡镇",
    ),
    (
        2,
        "CF002",
        "行政处罚",
        "对擅自占用、挖掘公共绿地的处罚",
        "1.《城市绿化条例》第二十六条第一款第（三）项；2.《山西省城市绿化实施办法》第三十一条、第三十二条",
        "委托",
        "县住建局",
        "寺头乡、西河乡",
    ),
    (3, "CF003", "行政处罚", "对露天焚烧秸秆的处罚", "《山西省大气污染防治条例》", "法定", "", "寺头乡"),
    ("二、行政强制（1项）",),
    (
        4,
        "QZ001",
        "行政强制",
        "农村违法建设（非住宅）",
        "《中华人民共和国城乡规划法》第六十五条",
        "法定",
        "",
        "",
    ),
    ("注：本清单自印发之日起施行。",),
)
TOWNS = {"阳城县": "140522", "寺头乡": "140522201", "西河乡": "140522202"}


def test_a_list_as_it_is_published(tmp_path: Path, book: LawBook) -> None:
    path = write_xlsx(tmp_path / "清单.xlsx", PUBLISHED)
    read = read_competence_list(path, book, ListDefaults(unit_codes=TOWNS))
    rows = {row.id: row for row in read.rows}
    assert list(rows) == ["CF001", "CF002", "CF003", "QZ001"]
    assert [row.mode for row in read.rows] == ["empowered", "delegated", "statutory", "statutory"]
    assert [row.units for row in read.rows] == [
        ("140522",),
        ("140522201", "140522202"),
        ("140522201",),
        ("140522",),
    ]
    assert rows["CF001"].categories == ("livestock_farm",)
    assert rows["QZ001"].categories == ("rural_building",)
    assert rows["CF001"].note is not None and rows["CF001"].note.zh == "行政处罚"
    assert rows["CF002"].granted_by is not None and rows["CF002"].granted_by.zh == "县住建局"
    assert not any(row.verified for row in read.rows)
    assert read.unused == ("监督方式",)
    real = with_additions(book, read.additions)
    cited = {i: [real.articles[a] for a in row.basis] for i, row in rows.items()}
    assert cited["QZ001"][0].id == "urp/65"
    assert rows["QZ001"].valid_from == cited["QZ001"][0].valid_from
    assert [a.label.zh for a in cited["CF001"]][0] == "第三十七条"
    assert [(a.law.zh, a.label.zh) for a in cited["CF002"][:3]] == [
        ("城市绿化条例", "第二十六条"),
        ("山西省城市绿化实施办法", "第三十一条"),
        ("山西省城市绿化实施办法", "第三十二条"),
    ]
    assert not any(a.verified for a in cited["CF002"][:3])
    (matter,) = rows["CF003"].categories
    assert matter not in book.categories
    assert real.categories[matter].name.zh == "对露天焚烧秸秆的处罚"
    found = real.with_entries(read.rows).competence_for(matter, (), "140522201", date(2026, 6, 1))
    assert (found.mode, found.authority.zh) == ("statutory", "乡镇人民政府（街道办事处）")


def test_new_matters_have_one_code_in_every_list(tmp_path: Path, book: LawBook) -> None:
    header = HEADER
    rows = [(1, "养龙", "", "140522", "法定", "乡", "", "龙法第一条", "2024-01-01", ""), GOOD[0]]
    first = read_competence_list(write_csv(tmp_path / "a.csv", [header, *rows]), book)
    second = read_competence_list(write_csv(tmp_path / "b.csv", [header, *rows[::-1]]), book)
    assert first.additions == second.additions
    assert [row["name"]["zh"] for row in first.additions["categories"]] == ["养龙"]
    assert [law["title"]["zh"] for law in first.additions["laws"]] == ["龙法"]


def test_a_list_that_names_no_unit_needs_one(tmp_path: Path, book: LawBook) -> None:
    path = write_csv(tmp_path / "清单.csv", [row[:7] for row in PUBLISHED[2:]])
    with pytest.raises(LawDataError, match="units: column is missing"):
        read_competence_list(path, book)
    read = read_competence_list(path, book, ListDefaults(units=("140522",)))
    assert {row.units for row in read.rows} == {("140522",)}


def test_a_heading_may_say_the_mode(tmp_path: Path, book: LawBook) -> None:
    rows = [
        ("寺头乡权责清单",),
        ("序号", "事项", "依据"),
        ("一、法定职权",),
        (1, "tomb", "urp/65"),
        ("二、赋权事项",),
        (2, "dumping", "urp/65"),
    ]
    path = write_xlsx(tmp_path / "a.xlsx", rows)
    read = read_competence_list(path, book, ListDefaults(unit_codes=TOWNS))
    assert [row.mode for row in read.rows] == ["statutory", "empowered"]
    assert {row.units for row in read.rows} == {("140522201",)}
