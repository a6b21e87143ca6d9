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


_HOLLOW_WORDS = (
    "核实 核对 核查 核准 核 复核 审核 检查 查证 查对 查过 查 确认 校对 审查 对过 看过 "
    "无误 没有误 无错误 没有错误 无差错 没有差错 没有错 没错 无错 无问题 没有问题 没问题 问题 "
    "无异常 没有异常 异常 正确 准确 属实 真实 正常 符合 相符 一致 合理 对的 对 准 有效 "
    "情况 实际情况 实际 事实 实情 确实 的确 确系 确为 确 如此 就是 这样 这么多 是的 是 的 了 "
    "数据 数字 数额 数值 数 填报 填写 填 报表 报 上报 所填 所报 据实 如实 按实 为准 以 按 "
    "本单位 我单位 本村 我村 本社区 本公司 我公司 我司 我们 我会 本会 工会 单位 本 我 该 此 这 "
    "已经 已 经 均 都 全部 再次 再 重新 多次 反复 认真 仔细 请 予以 给予 审定 认可 同意 "
    "同上 同前 如上 见上 上同 同左 以上 上述 上 同 前述 前 项 条 栏 处 各 与 和 后 "
    "无 没有 暂无 不详 不清楚 不知道 不适用 不涉及 略 空 说明 原因 备注 理由 变化 变动 修改 "
    "待 正在 将 中 知道 收到 已阅 阅 好的 好 可以 行 嗯 也 就 为 有 在 "
    "ok yes no none na right true correct"
)
SAYS_NOTHING = frozenset(_HOLLOW_WORDS.split())
"""Words of which an answer may consist that gives no reason (核实无误, 情况属实, 同上): an answer with nothing beside them says nothing."""


SLIPS: Mapping[str, str] = {
    "unit_up": "像是把{小单位}当作{大单位}填报",
    "unit_down": "像是把{大单位}当作{小单位}填报",
    "zeros_up": "像是多写了{位数}个0",
    "zeros_down": "像是少写了{位数}个0",
    "point": "像是小数点错了{位数}位",
    "swapped_digits": "像是把两位数字写颠倒了",
    "wrong_digit": "像是写错了一位数字",
    "lost_digit": "像是漏写了一位数字",
    "extra_digit": "像是多写了一位数字",
    "sign": "像是写错了正负号",
    "exchanged": "像是与“{另一项}”填颠倒了",
    "next_row": "像是与相邻的“{另一项}”填串了行",
    "total_in_part": "像是把“{另一项}”的数填进了分项",
    "carried_over": "与{时期}的数相同，像是照抄",
    "rounded": "与其他各项只差尾数，像是四舍五入所致",
    "implied": "按其他各项推算",
    "list_row": "名册（工作表第{行}行）{缘由}",
    "row_forgotten": "像是名册漏登了",
    "row_twice": "像是名册重复登记了",
    "scale": "像是写错了数量级",
    "form": "整张表的金额都{缘由}",
    "several": "有{项数}项金额{缘由}",
}
"""Why a value is suggested, by kind of slip, in a few words; {…} are filled in where the suggestion is made."""

PERIOD_WORDS: Mapping[str, str] = {"previous": "上年同期", "last": "本年上期", "closing": "上年末"}
"""Earlier periods as a clerk calls them."""

SUSPICIONS: Mapping[str, str] = {
    "one_of": "下列单元格互相矛盾：{可改}，改其一即可。",
    "only": "{可改}与{其他}互相矛盾，只改前者就都能成立。",
    "alone": "{可改}与审核要求不符，请核对这一格。",
    "several": "下列单元格互相矛盾：{矛盾}，至少要改其中{处数}处。",
    "nothing": "下列各数互相矛盾：{矛盾}，只改本表不能成立，请核对往期数和下级报表。",
    "left_out": "下列单元格之间的关系不能自动推算，请逐格核对：{可改}。",
    "too_many": "该表错误过多，建议退回重填。",
    "compared": "下列单元格请对照台账逐格核对：{可改}。",
}
"""What is said of cells that are suspected, by how many must change; {…} are filled in by the localiser."""

LIST_FIGURES: Mapping[str, str] = {"list": "{名册}的行数", "column": "{名册}的{列}合计"}
"""How a figure that is counted or added up from a list is named."""
