"""The words of a scheme's tables: columns and codes as programs know them, with the Chinese that a clerk reads and may write instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from reconcile.model.unit import KINDS
from reconcile.scheme.tables import Table, parts_of

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "scheme": {"key": "项目", "value": "内容"},
    "measures": {"measure": "计量单位", "factor": "倍数", "base": "基本单位", "whole": "整数", "tolerance": "容差", "synonyms": "同义词"},
    "indicators": {
        "code": "指标代码",
        "name": "指标名称",
        "section": "部分",
        "measure": "计量单位",
        "kind": "类型",
        "decimals": "小数位",
        "required": "必填",
        "reported_by": "填报单位类型",
        "formula": "计算公式",
        "definition": "指标解释",
        "aliases": "别名",
    },
    "rules": {
        "id": "编号",
        "check": "审核关系",
        "when": "适用条件",
        "tier": "级别",
        "tolerance": "容差",
        "missing": "缺报处理",
        "applies_to": "适用单位类型",
        "message": "提示语",
        "advice": "处理建议",
    },
    "lists": {
        "list": "名册",
        "column": "列代码",
        "name": "列名",
        "type": "类型",
        "measure": "计量单位",
        "key": "关键列",
        "feeds": "对应指标",
        "choices": "选项",
    },
    "form": {"sheet": "工作表", "holds": "内容类型", "what": "内容", "cell": "单元格", "row": "行标签", "column": "列标题"},
}
"""Columns of each table, in order, with the heading a clerk meets in a scheme exported to Excel; both are read."""

_SHEET_NAMES = {
    "scheme": "报表制度",
    "measures": "计量单位表",
    "indicators": "指标表",
    "rules": "审核关系表",
    "lists": "名册表",
    "form": "表式表",
}

CODES: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("scheme", "key"): {
        "name": "制度名称",
        "version": "版本",
        "frequency": "报送频率",
        "due_days": "报送期限（天）",
        "digest_key": "身份证号摘要口令",
    },
    ("indicators", "kind"): {
        **{"flow": "累计", "stock": "期末", "rate": "率", "norm": "标准", "flag": "是否"},
        **{"date": "日期", "text": "文字"},
    },
    ("rules", "tier"): {"error": "强制", "query": "核实", "note": "提示"},
    ("rules", "missing"): {"skip": "缺一不判", "skip_all": "全缺不判", "zero": "按零", "fail": "不通过"},
    ("lists", "type"): {
        **{"text": "文字", "number": "数字", "date": "日期"},
        **{"credit_code": "信用代码", "citizen_number": "身份证号", "phone": "电话"},
    },
    ("form", "holds"): {"cover": "封面", "section": "部分", "list": "名册", "text": "文字", "cell": "单元格"},
}
"""Codes of the columns that allow only certain words, each with its Chinese face; both are read."""

KIND_WORDS: Mapping[str, str] = {
    **{face: kind for kind, face in KINDS.items()},
    **{"企业工会": "enterprise", "行政村": "village"},
    **dict.fromkeys(("乡镇", "镇", "乡", "街道"), "town"),
    **dict.fromkeys(("县", "区", "市"), "county"),
    **dict.fromkeys(("机关", "事业单位", "学校", "医院"), "institution"),
}
"""Chinese words for a kind of unit -> the kind."""

_KIND_COLUMNS = (("indicators", "reported_by"), ("rules", "applies_to"))
_FEEDS = {"count": "行数", "sum": "合计"}
_FEED = re.compile(r"(.*?)\s*[:：]\s*(.*)")


def table_title(table: str) -> str:
    """The sheet name of a table in a scheme exported to Excel."""
    return _SHEET_NAMES[table]


def column_of(table: str, heading: str) -> str:
    """The column that a heading stands for, be it written in Chinese or as programs know it."""
    plain = heading.strip()
    return next((column for column, face in COLUMNS[table].items() if face == plain), plain)


def in_codes(table: str, lines: Table) -> Table:
    """The same table with codes in place of Chinese words; headings, and cells that hold no such word, stay as they are."""
    return _translated(table, lines, lambda column, cell: _code(table, column, cell))


def in_chinese(table: str, lines: Table) -> Table:
    """The same table with Chinese headings, and Chinese words in place of codes, as a clerk edits it."""
    said = _translated(table, lines, lambda column, cell: _face(table, column, cell))
    headings = COLUMNS[table]
    return [[headings.get(cell, cell) for cell in line] if row == 0 else line for row, line in enumerate(said)]


def in_columns(table: str, lines: Table) -> Table:
    """The same table with its headings as programs know them."""
    return [[column_of(table, str(cell)) for cell in line] if row == 0 else list(line) for row, line in enumerate(lines)]


def _translated(table: str, lines: Table, change: Callable[[str, str], str]) -> Table:
    if not lines:
        return lines
    header = [column_of(table, str(cell)) for cell in lines[0]]
    found: list[list[str]] = [list(lines[0])]
    found.extend([*(change(name, str(cell)) for name, cell in zip(header, line, strict=False)), *line[len(header) :]] for line in lines[1:])
    return found


def _code(table: str, column: str, cell: str) -> str:
    if (table, column) in CODES:
        return next((code for code, face in CODES[table, column].items() if face == cell.strip()), cell)
    if (table, column) in _KIND_COLUMNS:
        return _joined(cell, lambda word: "*" if word == "全部" else KIND_WORDS.get(word, word))
    if (table, column) == ("lists", "feeds"):
        return _joined(cell, lambda word: _feed(word, {face: code for code, face in _FEEDS.items()}))
    return cell


def _face(table: str, column: str, cell: str) -> str:
    if (table, column) in CODES:
        return CODES[table, column].get(cell.strip(), cell)
    if (table, column) in _KIND_COLUMNS:
        return _joined(cell, lambda word: "全部" if word == "*" else KINDS.get(word, word))
    if (table, column) == ("lists", "feeds"):
        return _joined(cell, lambda word: _feed(word, _FEEDS))
    return cell


def _joined(cell: str, change: Callable[[str], str]) -> str:
    """A `;`-joined cell with each of its words changed; the cell itself where none is."""
    words = parts_of(cell)
    changed = [change(word) for word in words]
    return cell if list(words) == changed else ";".join(changed)


def _feed(word: str, faces: Mapping[str, str]) -> str:
    found = _FEED.fullmatch(word)
    return f"{found[1]}:{faces.get(found[2], found[2])}" if found else word
