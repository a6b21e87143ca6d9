"""As a newcomer would: a blank return is handed out, filled in, saved by LibreOffice, and read back without a finding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl

from reconcile.files.scheme_files import read_scheme
from reconcile.files.workbook import Workbook
from reconcile.run import Request, hand_out, judge

Recalculated = Callable[[Mapping[str, bytes]], dict[str, Workbook]]
UNITS = "单位代码,单位名称,单位类型,上级代码\n990101,测试镇总工会,乡镇（街道）,\n990101201,大王庄工会,村,990101\n"
SAID = {
    "基层工会数": 1,
    "涵盖单位数": 1,
    "职工人数": 60,
    "女职工人数": 25,
    "新增会员": 4,
    "期初会员数": 50,
    "减少会员": 2,
    "会员人数": 52,
    "集体合同份数": 0,
    "新建工会数": 0,
    "帮扶困难职工": 0,
}


def fill(path: Path, said: Mapping[str, object]) -> None:
    """Type as a clerk does: find the row by the indicator's name, write into the column 本期数; what is required and not listed is 无."""
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        headings = {str(cell.value): cell.column for row in sheet.iter_rows(max_row=6) for cell in row if cell.value}
        if "指标代码" not in headings or "本期数" not in headings:
            continue
        for row in sheet.iter_rows(min_row=2):
            name = str(sheet.cell(row=row[0].row, column=headings["指标名称"]).value or "").lstrip("*＊ ").strip()
            target = sheet.cell(row=row[0].row, column=headings["本期数"])
            if name in said and not str(target.value or "").startswith("="):
                target.value = said[name]
    cover = book.worksheets[0]
    for row in cover.iter_rows():
        for cell in row:
            if str(cell.value).strip("：: ") == "填报日期":
                cover.cell(row=cell.row, column=cell.column + 1).value = "2023年7月3日"
    book.save(path)


def test_a_blank_return_filled_and_saved_elsewhere_has_no_finding(tmp_path: Path, recalculated: Recalculated) -> None:
    units = tmp_path / "units.csv"
    units.write_text(UNITS, encoding="utf-8")
    written, _ = hand_out(units, period="2023H1", scheme=None, past=(), folder=tmp_path / "空白表", group=False)
    village = next(path for path in written if "大王庄" in path.name)
    required = [one.name for one in read_scheme(None).asked_of("village") if one.required]
    fill(village, dict.fromkeys(required, "无") | SAID)
    recalculated({village.name: village.read_bytes()})
    outcome, scheme = judge(Request((tmp_path / "back" / village.name,), units=units))
    assert outcome.root == "990101201"
    assert [(finding.rule, finding.message) for finding in outcome.findings] == []
    total = outcome.totals.set_index("indicator")["value"]
    assert {name: total[scheme.codes[name]] for name in SAID} == SAID
