"""The first sheet of a scheme exported to Excel: what each table and column is for, and which words may stand in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconcile.files.safe import put
from reconcile.model.unit import KINDS
from reconcile.scheme.words import CODES, COLUMNS, table_title

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

GUIDE_SHEET = "说明"
_KINDS = f"{'、'.join(KINDS.values())}，几种之间用分号隔开；全部单位写“全部”"
_PURPOSES = {
    "scheme": "制度的名称和几项设置，一行一项。",
    "measures": "指标用到的计量单位，一行一个；填报时写成同义词的也认得。",
    "indicators": "要填报的指标，一行一个。增加指标就是增加一行。",
    "rules": "审核关系，一行一条。增加审核关系就是增加一行。",
    "lists": "名册的列，一行一列；同一名册的各列排在一起。",
    "form": "各部分、名册放在哪张工作表。一般不用改；套用已有表样时，写明每个指标在哪一格。",
}
_COLUMNS = {
    ("scheme", "value"): "左边这一项的内容。报送期限从报告期最后一天算起；摘要口令由本级自定并保密，用来比对身份证号而不留下号码。",
    ("measures", "factor"): "一个本单位等于多少个基本单位，如万元为10000。",
    ("measures", "base"): "可以互相换算的单位写同一个基本单位，如元、万元都写元。",
    ("measures", "whole"): "是：只能填整数；否：可以有小数。",
    ("measures", "tolerance"): "0：必须相等；舍入：填报时四舍五入过，允许末位相差一点。",
    ("measures", "synonyms"): "填报人可能写的其他叫法，用分号隔开。",
    ("indicators", "code"): "字母开头，只含字母和数字，如 A001；定下后不再改动。",
    ("indicators", "name"): "指标名称，不得重复；审核关系中就用这个名称。",
    ("indicators", "section"): "所在的部分，如 组织建设。",
    ("indicators", "measure"): "计量单位表中的一个单位。",
    ("indicators", "kind"): "累计：1月1日起累计；期末：最后一天的数；率：由公式计算，不相加；标准：不相加，如人均标准；是否：填是或否。",
    ("indicators", "decimals"): "保留几位小数，空着为0。",
    ("indicators", "required"): "是：必须填写；否或空着：可以不填。",
    ("indicators", "reported_by"): f"哪些单位填报：{_KINDS}。",
    ("indicators", "formula"): "率和派生指标的算式，如 会员人数 / 职工人数 * 100。",
    ("indicators", "definition"): "填报时显示的解释，写清从何时起算、含什么、不含什么。",
    ("indicators", "aliases"): "其他叫法，用分号隔开，不得与别的指标重复。",
    ("rules", "id"): "编号，不得重复，如 A-01。",
    (
        "rules",
        "check",
    ): "应当成立的关系，如 女会员人数 <= 会员人数，也可写 女会员人数 不大于 会员人数；以 @ 开头的是程序自带的检查，不要改。",
    ("rules", "when"): "只在这个条件成立时审核，如 职工人数 > 0；空着为始终审核。",
    ("rules", "tier"): "强制：必须更正；核实：问清原因；提示：看一眼即可。",
    ("rules", "tolerance"): "允许相差多少；空着按计量单位表。",
    ("rules", "missing"): "有数没填时：缺一不判（空着即是）有一个没填就不审核，全缺不判都没填才不审核，按零当作0，不通过就算错。",
    ("rules", "applies_to"): f"对哪些单位审核：{_KINDS}。",
    ("rules", "message"): "发现问题时怎么说；{会员人数} 换成填报的数，{差} 换成相差的数。",
    ("rules", "advice"): "请填报人怎么做。",
    ("lists", "list"): "名册的名称。",
    ("lists", "column"): "这一列的代码，审核关系中写作 合计(名册.列代码)。",
    ("lists", "name"): "表头上印的列名。",
    ("lists", "type"): "这一列填什么，信用代码、身份证号会检查校验位。",
    ("lists", "measure"): "数字列的计量单位。",
    ("lists", "key"): "是：靠这一列认出同一行；空着：不是。",
    ("lists", "feeds"): "与哪个指标对应，如 A023:行数、C006:合计；几个之间用分号隔开。",
    ("lists", "choices"): "供填报人挑选的内容，用分号隔开；也可以填别的。",
    ("form", "sheet"): "工作表的名称。",
    ("form", "holds"): "这张工作表放什么。",
    ("form", "what"): "哪个部分、名册或指标。",
    ("form", "cell"): "单元格地址，如 C7。",
    ("form", "row"): "没有地址时：所在行的标签。",
    ("form", "column"): "没有地址时：所在列的标题，几层之间用 / 隔开。",
}
_HEADINGS = ("工作表", "列", "怎么填", "可用的词")
_WIDTHS = (14, 16, 70, 44)


def write_guide(sheet: Worksheet) -> None:
    """Write a line a table and a line a column. The sheet is passed over when the scheme is read back."""
    from openpyxl.styles import Alignment, Font, PatternFill

    for row, line in enumerate(_lines(), start=1):
        for column, text in enumerate(line, start=1):
            cell = put(sheet, row, column, text)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if row == 1 or not line[1]:
                cell.font = Font(bold=True)
            if row == 1:
                cell.fill = PatternFill("solid", fgColor="DDE7F0")
    for letter, width in zip("ABCD", _WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"


def _lines() -> Iterator[tuple[str, str, str, str]]:
    yield _HEADINGS
    for table, columns in COLUMNS.items():
        yield table_title(table), "", _PURPOSES[table], ""
        for column, heading in columns.items():
            words = "、".join(CODES.get((table, column), {}).values())
            explained = _COLUMNS.get((table, column), "")
            if explained or words:
                yield table_title(table), heading, explained, words
