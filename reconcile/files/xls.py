"""Read .xls and WPS .et. xlrd cannot be bounded from inside, so it never runs in this process: a deputy with limits runs it."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reconcile.files.active import DDE_LINKS, EMBEDDED, EXTERNAL_LINKS, MACROS
from reconcile.files.deputy import Deputy, DeputyGone
from reconcile.files.number_format import FormatKind, format_kind
from reconcile.files.raw import Address, CellDate, CellError, Percent, Range, Raw, Sheet, UnreadableWorkbook, Workbook
from reconcile.files.sheet_cells import DAYS_TO_1904, too_many_cells

MAX_BYTES = 64 << 20
MAX_SECONDS = 9.0  # and one more for what is done with the answer
MAX_MEMORY = 320 << 20  # bytes of address space of the worker
MAX_CELLS = 300_000  # of one workbook: its answer is held here as text, as lists and as cells at once

_SCRIPT = Path(__file__).with_name("xls_worker.py")
_AGAIN = "请用 Excel 或 WPS 打开后另存为 .xlsx 再报。"
_STREAMS = (("_VBA_PROJECT", MACROS), ("MBD0", EMBEDDED))  # names in the directory of the compound file
_LINKS = {"external": EXTERNAL_LINKS, "dde": DDE_LINKS}
_TEXT, _NUMBER, _DATE, _BOOLEAN, _ERROR = 1, 2, 3, 4, 5  # xlrd's cell types


class XlsWorker(Deputy):
    """Reads .xls files one by one, each within the given seconds, in a process with so many bytes of memory."""

    def __init__(self, *, seconds: float = MAX_SECONDS, memory: int = MAX_MEMORY) -> None:
        super().__init__(_SCRIPT, str(MAX_CELLS), memory=memory)
        self._seconds, self._memory = seconds, memory

    def read(self, data: bytes) -> Workbook:
        """Read one .xls file. Raises UnreadableWorkbook only."""
        if len(data) > MAX_BYTES:
            raise UnreadableWorkbook("too_large", f"文件超过 {MAX_BYTES >> 20} MB 的上限，未读取。请删去无关内容后另存再报。")
        answer = self._answer(data)
        if "error" in answer:
            raise _refusal(str(answer["error"]), str(answer.get("detail")))
        active = [words for stream, words in _STREAMS if stream.encode("utf-16-le") in data]
        return _workbook(answer, active=(*active, *(_LINKS[link] for link in answer["links"])))

    def _answer(self, data: bytes) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = json.loads(zlib.decompress(self.ask(io.BytesIO(data), seconds=self._seconds)))
        except DeputyGone as gone:
            if gone.late:
                raise UnreadableWorkbook("too_slow", f"读取超过 {self._seconds:g} 秒仍未完成，已停止。{_AGAIN}") from gone
            raise UnreadableWorkbook("too_slow", f"读取时超出内存上限（{self._memory >> 20} MB）或意外中断。{_AGAIN}") from gone
        except OSError as error:
            raise UnreadableWorkbook("too_slow", f"无法启动 .xls 读取进程。{_AGAIN}") from error
        return answer


def _refusal(cause: str, detail: str) -> UnreadableWorkbook:
    if cause == "encrypted":
        return UnreadableWorkbook("encrypted", "文件设了打开密码，无法读取。请在 Excel 或 WPS 中取消密码后再报。")
    if cause == "cells":
        return too_many_cells(MAX_CELLS)
    if cause == "memory":
        return UnreadableWorkbook("too_slow", f"读取时超出内存上限。{_AGAIN}")
    if "can't find workbook" in detail.lower():
        return UnreadableWorkbook("not_workbook", "这是旧版 Office 文件，里面没有工作簿。请改用工作簿填报。")
    return UnreadableWorkbook("damaged", f"文件不完整或已损坏，无法读取。请重新发送，或{_AGAIN[1:]}")


def _workbook(answer: dict[str, Any], *, active: tuple[str, ...]) -> Workbook:
    epoch1904 = bool(answer["epoch1904"])
    formats = [format_kind(int(key), text) for key, text in answer["formats"]]
    strings: dict[str, str] = {}
    return Workbook(
        kind="xls",
        sheets=tuple(_sheet(sheet, formats, strings, epoch1904=epoch1904) for sheet in answer["sheets"]),
        epoch1904=epoch1904,
        active=active,
    )


def _sheet(sheet: dict[str, Any], formats: Sequence[FormatKind], strings: dict[str, str], *, epoch1904: bool) -> Sheet:
    cells: dict[Address, Raw] = {}
    for row, column, kind, value, style in sheet["cells"]:
        raw: Raw
        if kind == _TEXT:
            raw = strings.setdefault(value, value)
        elif kind == _ERROR:
            raw = CellError(value)
        elif kind == _BOOLEAN:
            raw = bool(value)
        else:
            raw = float(value)
            form = formats[style] if 0 <= style < len(formats) else ("date" if kind == _DATE else "plain")
            if form == "date":
                raw = CellDate(raw + DAYS_TO_1904 if epoch1904 else raw)
            elif form == "percent":
                raw = Percent(raw)
        cells[row, column] = raw
    return Sheet(
        name=sheet["name"],
        hidden=bool(sheet["hidden"]),
        cells=cells,
        formulas={},  # xlrd gives results only
        merged=tuple(Range(*corners) for corners in sheet["merged"]),
        hidden_rows=frozenset(sheet["hidden_rows"]),
        hidden_columns=frozenset(sheet["hidden_columns"]),
    )
