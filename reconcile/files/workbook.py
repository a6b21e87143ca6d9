"""Read any workbook, told by its content and never by its ending. The one door for what clerks send in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconcile.files.media import Medium, opened
from reconcile.files.raw import (
    Address,
    Cause,
    CellDate,
    CellError,
    Percent,
    Range,
    Raw,
    Sheet,
    Uncomputed,
    UnreadableWorkbook,
    Workbook,
    column_letters,
    column_number,
)
from reconcile.files.xls import XlsWorker
from reconcile.files.xlsx import read_xlsx

if TYPE_CHECKING:
    from reconcile.files.familiar import Familiar

__all__ = [
    "Address",
    "Cause",
    "CellDate",
    "CellError",
    "Percent",
    "Range",
    "Raw",
    "Sheet",
    "Uncomputed",
    "UnreadableWorkbook",
    "Workbook",
    "XlsWorker",
    "column_letters",
    "column_number",
    "read_workbook",
]

_AGAIN = "请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后再报。"


def read_workbook(
    data: bytes, *, name: str, worker: XlsWorker | None = None, familiar: Familiar | None = None, whole: bool = True
) -> Workbook:
    """Read a workbook from its bytes. `name` is only for messages.

    `worker` reads .xls and .et; who reads many files keeps one open (`with XlsWorker() as worker`), else each such file starts its own.
    `familiar` is what the reader of many files met before; it changes nothing but time. Unless it is to be read `whole`, of one of our own
    summaries only the sheets come that it is read back from.
    Raises UnreadableWorkbook, and nothing else, for whatever the bytes may be.
    """
    kind, directory = opened(data)
    if kind is Medium.XLSX:
        return read_xlsx(data, directory=directory, familiar=familiar, whole=whole)
    if kind is Medium.XLS:
        if worker is not None:
            return worker.read(data)
        with XlsWorker() as own:
            return own.read(data)
    raise _refusal(kind, name)


def _refusal(kind: Medium, name: str) -> UnreadableWorkbook:
    """Why a file that is no workbook is not read, and what to do."""
    reasons: dict[Medium, tuple[Cause, str]] = {
        Medium.EMPTY: ("empty", "文件是空的（没有内容）。请重新发送。"),
        Medium.ENCRYPTED: ("encrypted", "文件设了打开密码，无法读取。请在 Excel 或 WPS 中取消密码后再报。"),
        Medium.BROKEN_ZIP: ("damaged", f"文件不完整或已损坏。请重新发送；如仍不行，{_AGAIN}"),
        Medium.HTML: ("html", f"这是{kind}，不是工作簿（与文件名的后缀无关）。{_AGAIN}"),
        Medium.TEXT: ("text", f"这是{kind}，不是工作簿（与文件名的后缀无关）。{_AGAIN}"),
        Medium.XLSB: ("other_format", f"这是{kind}，此格式不能读取。{_AGAIN}"),
        Medium.ODS: ("other_format", f"这是{kind}，此格式不能读取。{_AGAIN}"),
        Medium.XML_2003: ("other_format", f"这是{kind}，此格式不能读取。{_AGAIN}"),
        Medium.ZIP: ("not_workbook", "这是 zip 压缩包，不是工作簿。请解压后再报。"),
    }
    code, message = reasons.get(kind, ("not_workbook", f"这是{kind}，不是工作簿。如“{name}”应为报表，请改用工作簿填报。"))
    return UnreadableWorkbook(code, message)
