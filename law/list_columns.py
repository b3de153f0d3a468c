"""The columns of competence lists: this project's own names, and those that published lists use."""

from __future__ import annotations

import re
from typing import Final

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "id": ("id", "code", "事项编码", "编号", "职权编码", "权力编码"),
    "categories": (
        *("categories", "category", "matter", "事项", "违法类型", "事项名称", "职权名称", "权力名称"),
        *("行政职权名称", "权责事项", "执法事项", "赋权事项", "委托事项", "承接事项", "行政执法事项"),
    ),
    "zone_kinds": ("zone_kinds", "zones", "区域类型", "保护区域"),
    "units": (
        *("units", "unit", "行政区划代码", "适用区域", "乡镇代码", "适用乡镇", "承接乡镇"),
        *("乡镇", "乡镇（街道）", "承接乡镇（街道）", "行政区代码"),
    ),
    "mode": ("mode", "行使方式", "承接方式", "赋权方式", "下放方式", "行权方式"),
    "power": ("权力类型", "职权类型", "职权类别", "权力类别", "事项类型", "事项类别"),
    "authority": (
        *("authority", "实施主体", "行使主体", "承接主体", "承接单位", "执法主体", "责任主体"),
        *("行权主体", "承接机构"),
    ),
    "authority_en": ("authority_en", "实施主体（英文）"),
    "granted_by": (
        *("granted_by", "委托机关", "赋权决定", "委托机关或赋权决定", "委托单位", "委托主体", "委托部门"),
        *("赋权依据", "赋权文件"),
    ),
    "granted_by_en": ("granted_by_en", "委托机关或赋权决定（英文）"),
    "former": (
        *("原实施主体", "原实施机关", "原实施部门", "原行使主体", "原执法主体", "县级主管部门"),
        *("县级行政主管部门", "县级业务主管部门", "主管部门", "行业主管部门"),
    ),
    "by_township": ("by_township", "是否由乡镇行使"),
    "enforcement": ("enforcement", "强制执行"),
    "township_may": ("township_may", "乡镇可采取措施", "可采取措施"),
    "whistle": ("whistle", "吹哨部门", "配合部门"),
    "documents": ("documents", "移交文书", "文书"),
    "basis": (
        *("basis", "依据", "法律依据", "设定依据", "实施依据", "执法依据", "处罚依据", "职权依据"),
        *("法律法规依据", "设定和实施依据"),
    ),
    "valid_from": ("valid_from", "生效日期", "起始日期"),
    "valid_to": ("valid_to", "失效日期", "终止日期"),
}
"""Field of an entry → headers of its column. ``power``: what kind of act, or the mode. ``former``: the body
that had the power before, which delegates where the list names no other."""
IGNORED: Final = frozenset({"", "no", "note", "序号", "备注"})
REQUIRED: Final = ("categories", "basis")
MODES: Final = {"法定": "statutory", "委托": "delegated", "赋权": "empowered"}
YES_NO: Final = {"是": True, "yes": True, "true": True, "否": False, "no": False, "false": False}

_WORDS: Final = {
    "委托": "delegated",
    "赋权": "empowered",
    "下放": "empowered",
    "法定": "statutory",
    "固有": "statutory",
    "本级": "statutory",
}
_FIELDS: Final = {header: name for name, headers in COLUMNS.items() for header in headers}
_REMARK: Final = re.compile(r"[（(][^（）()]*[)）]$")
_HEADING: Final = re.compile(
    r"[（(]?[一二三四五六七八九十]+[)）、.．]|第[一二三四五六七八九十]+部分|注[:：]|说明|备注|合计|共"
)


def field_of(header: str) -> str:
    """The field that a column holds, by its header; "" for one that is not known."""
    name = re.sub(r"\s+", "", header).lower()
    return _FIELDS.get(name) or _FIELDS.get(_REMARK.sub("", name), "")


def mode_of(text: str) -> str | None:
    """The mode that a cell, a heading or a title names; None for none, or for several."""
    found = {mode for word, mode in _WORDS.items() if word in text}
    return found.pop() if len(found) == 1 else None


def is_heading(cells: tuple[str, ...]) -> bool:
    """Whether a row is a heading or a remark between the rows of a list, such as 一、行政处罚（90项）."""
    texts = {cell for cell in cells if cell}
    return len(texts) == 1 and _HEADING.match(texts.pop()) is not None
