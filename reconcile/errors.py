"""What goes wrong outside the data. Data has findings; only programs, schemes and commands have errors."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from dataclasses import dataclass

_MOST_TOLD = 100  # faults: a few screens
_CAUSES = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EACCES: "没有权限，或正被其他程序占用",
    errno.EPERM: "系统不允许",
    errno.EBUSY: "正被其他程序占用",
    errno.EIO: "磁盘或网络读写出错",
    errno.ESTALE: "网络文件夹已断开",
    errno.ETIMEDOUT: "网络文件夹没有回应",
    errno.ELOOP: "链接绕成了圈",
    errno.EISDIR: "这是文件夹",
    errno.ENOTDIR: "路径中有一段是文件而不是文件夹",
    errno.ENAMETOOLONG: "路径太长",
    errno.EMFILE: "同时打开的文件太多",
    errno.ENFILE: "同时打开的文件太多",
    errno.ENOMEM: "内存不足",
    errno.EAGAIN: "系统资源暂时不足",
    errno.EPIPE: "接收的一方已经关闭",
    errno.ENOSPC: "磁盘空间不足",
    errno.EDQUOT: "磁盘配额已用完",
    errno.EFBIG: "文件超过这块磁盘允许的大小",
    errno.EROFS: "所在磁盘是只读的",
}


def cause(error: OSError) -> str:
    """Why the system refused, as part of a Chinese sentence; the number of what is not known here, for whoever is asked."""
    number = error.errno or 0
    return _CAUSES.get(number) or f"系统报告{errno.errorcode.get(number, type(error).__name__)}错误"


class ReconcileError(Exception):
    """One clear Chinese sentence for the user: where, what, and what to do. The command line prints it without a traceback."""


class NothingToReadError(ReconcileError):
    """There is no file at all to read; the command line ends with a code of its own."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a scheme: the table it stands in, its row (1-based, the header is row 1; 0 for the whole table), its column, and why."""

    table: str
    row: int
    column: str
    message: str

    def __str__(self) -> str:
        place = self.table
        if self.row:
            place += f" 第{self.row}行"
        if self.column:
            place += f"“{self.column}”列"
        return f"{place}：{self.message}"


class SchemeError(ReconcileError):
    """All faults of a scheme (or of a table of units) at once, so that one edit mends them all. `about`: what they are faults of.

    The sentence names the first of them where they are very many: then one slip is behind them, and a terminal holds no more.
    """

    def __init__(self, faults: Iterable[Fault], *, about: str = "报表制度") -> None:
        self.faults = tuple(faults)
        lines = [f"  {fault}" for fault in self.faults[:_MOST_TOLD]]
        if len(self.faults) > _MOST_TOLD:
            lines.append(f"  ……其余{len(self.faults) - _MOST_TOLD}处从略，改正后再运行会继续列出")
        super().__init__("\n".join([f"{about}有{len(self.faults)}处错误，请改正后再运行：", *lines]))
