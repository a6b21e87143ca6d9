"""The command line: parse, call, print, exit code. No arithmetic, no wording of findings; heavy imports wait until a command needs them."""

from __future__ import annotations

import codecs
import gc
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import rich_click as click

from reconcile import __version__
from reconcile.errors import NothingToReadError, ReconcileError, SchemeError, cause
from reconcile.model.characters import as_json, shown

if TYPE_CHECKING:
    from reconcile.engine import Engine
    from reconcile.run import Work

DONE, FOUND, WRONG_USE, NOTHING_READ, INTERRUPTED = 0, 1, 2, 3, 130
_TIERS = ("error", "query", "note")
_SELDOM = (50_000, 20, 20)  # what a run makes lives until its end: looking for garbage at every 700th object costs a tenth of its time


_CONFIG = click.RichHelpConfiguration(
    options_panel_title="选项",
    commands_panel_title="命令",
    arguments_panel_title="参数",
    max_width=100,
)


def main() -> None:
    """Run the command line: every failure becomes one Chinese sentence on stderr and an exit code."""
    _survive_any_console()
    gc.set_threshold(*_SELDOM)
    try:
        sys.exit(app.main(prog_name="reconcile", standalone_mode=False))
    except click.UsageError as error:
        _fail(f"{_in_chinese(error)}用法见 {error.ctx.command_path if error.ctx else 'reconcile'} --help。", WRONG_USE)
    except NothingToReadError as error:
        _fail(str(error), NOTHING_READ)
    except ReconcileError as error:
        _fail(str(error), WRONG_USE)
    except UnicodeEncodeError as error:
        if error.encoding == "utf-8" or error.encoding != sys.getfilesystemencoding():
            raise
        beyond = "文件名里有系统的文字编码写不出的字，没有写出新的结果。请先运行 export LC_ALL=C.UTF-8，再重新运行。"
        _fail(f"系统的文字编码是 {error.encoding}：{beyond}", WRONG_USE)
    except click.Abort:
        _fail("已中断，没有写出新的结果。", INTERRUPTED)
    except OSError as error:  # what is written and read has its own sentences; what remains is what we print
        _mute()
        _fail(f"无法输出文字（{cause(error)}）。请检查输出去向的磁盘空间和权限，再重新运行。", WRONG_USE)
    except MemoryError:
        _fail("内存不足，请分批处理，或关闭其他程序后再试。", WRONG_USE)


def _mute() -> None:
    """What could not be printed is not tried again when the program ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _in_chinese(error: click.UsageError) -> str:
    """What was wrong with the call."""
    if isinstance(error, click.NoSuchOption):
        return f"没有选项“{error.option_name}”。"
    if isinstance(error, click.BadParameter):
        return _about_parameter(error)
    if error.message.startswith("No such command"):
        return f"没有这个命令：{error.message.removeprefix('No such command').strip(' .')}。"
    if error.message.startswith("Missing command"):
        return "请写明要做什么。"
    return "命令写法不对。"


def _about_parameter(error: click.BadParameter) -> str:
    """Which argument or option is missing or wrong, and what it may be."""
    param = error.param
    if param is None:
        return "命令写法不对。"
    named = "/".join(param.opts) if param.param_type_name == "option" else param.human_readable_name
    if isinstance(error, click.MissingParameter):
        return f"缺少选项 {named}。" if param.param_type_name == "option" else f"缺少参数“{named}”。"
    choices = getattr(param.type, "choices", None)
    return f"“{named}”的取值不对，可用：{'、'.join(map(str, choices))}。" if choices else f"“{named}”的取值不对。"


def _fail(sentence: str, code: int) -> None:
    _say(sentence, err=True)
    sys.exit(code)


def _say(text: str, *, err: bool = False) -> None:
    """Print, without a character that a terminal would obey: every text for people goes through here."""
    click.echo(shown(text), err=err)


def _hand_over(data: bytes) -> None:
    """Print data for programs, in UTF-8. Sent to a file it goes there as it is, whatever the console speaks: with the mark that Excel needs
    where it is CSV, and with every character. A terminal gets text.
    """
    if _watched(sys.stdout):
        click.echo(data.decode("utf-8-sig"), nl=False)
    else:
        click.echo(data, nl=False)


def _watched(stream: TextIO | None) -> bool:
    """Whether somebody reads along; a stream that was closed before we began is None."""
    return stream is not None and stream.isatty()


def _survive_any_console() -> None:
    """A GBK console cannot show every character: print what it can, and a mark for the rest. One that claims ASCII is misconfigured, and
    shows UTF-8 in all likelihood."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            ascii_only = codecs.lookup(stream.encoding or "utf-8").name == "ascii"
            stream.reconfigure(encoding="utf-8" if ascii_only else None, errors="replace")


_help_option = click.help_option("-h", "--help", help="显示这份说明。")


def _options(command: Any) -> Any:
    """The options that `run` and `check` share."""
    for option in reversed(
        (
            click.argument("returns", nargs=-1, required=True, type=click.Path(path_type=Path)),
            click.option("-p", "--period", metavar="报告期", help="如 2023H1；不写则取报表封面上的。"),
            click.option(
                "-s", "--scheme", type=click.Path(path_type=Path), metavar="路径", help="报表制度：文件夹或工作簿；不写则用自带的。"
            ),
            click.option(
                "-u", "--units", type=click.Path(path_type=Path), metavar="文件", help="单位名录；不写则找报表旁的 units.csv 或 名录.xlsx。"
            ),
            click.option(
                "--past",
                multiple=True,
                type=click.Path(path_type=Path),
                metavar="路径",
                help="往期汇总或报表，可重复；不写则找报表旁的 past.xlsx。",
            ),
            click.option("--root", metavar="单位", help="报告写哪个单位（代码或全称）；不写则取全部填报单位的共同上级。"),
            click.option(
                "--engine",
                type=click.Choice(["serial", "processes", "dask"]),
                metavar="方式",
                help="怎样读取：serial 逐份，processes 多进程，dask 集群；不写则按份数定。",
            ),
            click.option("--scheduler", metavar="地址", help="Dask 调度器地址，如 tcp://主机:8786。"),
        )
    ):
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": []})
@click.rich_config(help_config=_CONFIG)
@_help_option
@click.version_option(__version__, "--version", message="reconcile %(version)s", help="显示版本号。")
def app() -> None:
    """工会报表审核汇总：读收上来的报表，逐格指出对不上的数，逐级汇总，写出汇总表和文字报告。

    只提出疑问和建议，不改动任何上报数。
    """


@app.command("run")
@_help_option
@_options
@click.option("-o", "--out", default="out", show_default=True, type=click.Path(path_type=Path), metavar="文件夹", help="结果写到哪里。")
@click.option("--no-cache", is_flag=True, help="全部重新读取，不用上次运行留下的读数。")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), metavar="日期", help="文字报告落款日期；不写则为报告期最后一天。")
@click.option("--fail-on", type=click.Choice(_TIERS), metavar="级别", help="有这一级（或更重）的问题时退出码为 1：error、query、note。")
def run_command(
    returns: tuple[Path, ...],
    period: str | None,
    scheme: Path | None,
    units: Path | None,
    past: tuple[Path, ...],
    root: str | None,
    engine: str | None,
    scheduler: str | None,
    out: Path,
    no_cache: bool,
    day: datetime | None,
    fail_on: str | None,
) -> None:
    """审核、汇总并写出全部结果（汇总表、文字报告、问题清单、查询单、催报）。

    RETURNS 是报表文件、文件夹或 zip 压缩包，可以写多个。
    """
    from reconcile.report.console import closing
    from reconcile.run import Request, deliver, judge

    request = Request(returns, period=period, scheme=scheme, units=units, past=past, root=root, out=out)
    outcome, loaded = judge(request, work=_work(engine, scheduler, kept=None if no_cache else out))
    if not outcome.round.counted:
        _say(closing(outcome, written=()), err=True)
        sys.exit(NOTHING_READ)
    delivered = deliver(outcome, loaded, request=request, folder=out, day=_day(day))
    _say(closing(outcome, written=delivered.written, left=delivered.left, data=delivered.data))
    sys.exit(_exit_code(outcome.findings, fail_on))


@app.command("check")
@_help_option
@_options
@click.option(
    "--format",
    "layout",
    type=click.Choice(["full", "concise", "json", "csv"]),
    default="full",
    show_default=True,
    metavar="格式",
    help="full 详细，concise 每行一条，json 或 csv 供程序读取。",
)
@click.option(
    "--fail-on",
    type=click.Choice(_TIERS),
    default="error",
    show_default=True,
    metavar="级别",
    help="有这一级（或更重）的问题时退出码为 1。",
)
def check_command(
    returns: tuple[Path, ...],
    period: str | None,
    scheme: Path | None,
    units: Path | None,
    past: tuple[Path, ...],
    root: str | None,
    engine: str | None,
    scheduler: str | None,
    layout: str,
    fail_on: str,
) -> None:
    """只审核，把问题列在屏幕上，不写文件。"""
    from reconcile.report.console import findings_text
    from reconcile.report.listing import findings_csv, findings_json
    from reconcile.run import Request, judge

    request = Request(returns, period=period, scheme=scheme, units=units, past=past, root=root)
    outcome, loaded = judge(request, work=_work(engine, scheduler))
    if layout == "json":
        _hand_over(f"{as_json(findings_json(outcome, __version__, loaded))}\n".encode())
    elif layout == "csv":
        _hand_over(findings_csv(outcome, loaded))
    else:
        _say(findings_text(outcome, loaded, concise=layout == "concise"))
    if not outcome.round.counted:
        sys.exit(NOTHING_READ)
    sys.exit(_exit_code(outcome.findings, fail_on))


@app.command("diff")
@_help_option
@click.argument("old", metavar="旧版", type=click.Path(path_type=Path))
@click.argument("new", metavar="新版", type=click.Path(path_type=Path))
@click.option("-s", "--scheme", type=click.Path(path_type=Path), metavar="路径", help="报表制度；不写则用自带的。")
@click.option("-u", "--units", type=click.Path(path_type=Path), metavar="文件", help="单位名录；不写则找旁边的 units.csv 或 名录.xlsx。")
@click.option("--root", metavar="单位", help="只比较这个单位和它的下级（代码或全称）。")
@click.option(
    "--format",
    "layout",
    type=click.Choice(["full", "csv"]),
    default="full",
    show_default=True,
    metavar="格式",
    help="full 详细，csv 供程序读取。",
)
def diff_command(old: Path, new: Path, scheme: Path | None, units: Path | None, root: str | None, layout: str) -> None:
    """列出前后两个版本改了什么：两份报表、两份汇总表或两个文件夹。

    逐项写明单元格、旧值、新值和差额。有没有差别，退出码都是 0。
    """
    from reconcile.report.changes import changes_csv, changes_text
    from reconcile.run import compare_versions

    found, (before, after) = compare_versions(old, new, scheme=scheme, units=units, root=root, work=_work(None, None))
    if layout == "csv":
        _hand_over(changes_csv(found))
    else:
        _say(changes_text(found, before=before.returns, after=after.returns))


@app.command("blank")
@_help_option
@click.option("-u", "--units", required=True, type=click.Path(path_type=Path), metavar="文件", help="单位名录。")
@click.option("-p", "--period", required=True, metavar="报告期", help="如 2023H1。")
@click.option("-o", "--out", default="blank", show_default=True, type=click.Path(path_type=Path), metavar="文件夹", help="空白表写到哪里。")
@click.option("-s", "--scheme", type=click.Path(path_type=Path), metavar="路径", help="报表制度；不写则用自带的。")
@click.option("--past", multiple=True, type=click.Path(path_type=Path), metavar="路径", help="往期汇总，用来预填上年同期数；可重复。")
@click.option("--group", is_flag=True, help="所有单位共用一份，单位在封面下拉框中选（发工作群用）。")
def blank_command(units: Path, period: str, out: Path, scheme: Path | None, past: tuple[Path, ...], group: bool) -> None:
    """生成空白报表：每个单位一份，预填代码、名称和上年同期数。"""
    from reconcile.report.console import handed_out
    from reconcile.run import hand_out

    written, prefilled = hand_out(units, period=period, scheme=scheme, past=past, folder=out, group=group)
    _say(handed_out(written, units=units, scheme=scheme, prefilled=prefilled if past else None))


@app.command("rules")
@_help_option
@click.argument("rule", required=False, metavar="[编号]")
@click.option("-s", "--scheme", type=click.Path(path_type=Path), metavar="路径", help="报表制度；不写则用自带的。")
def rules_command(rule: str | None, scheme: Path | None) -> None:
    """列出全部审核关系；给出编号时解释这一条。"""
    from reconcile.files.scheme_files import read_scheme
    from reconcile.report.rule_book import rule_book, rule_page

    loaded = read_scheme(scheme)
    _say(rule_page(loaded, rule) if rule else rule_book(loaded))


@app.group("scheme")
@_help_option
def scheme_group() -> None:
    """报表制度：导出成工作簿修改，或检查一套自己的制度。"""


@scheme_group.command("export")
@_help_option
@click.argument("file", type=click.Path(path_type=Path), metavar="文件.xlsx")
@click.option("-s", "--scheme", type=click.Path(path_type=Path), metavar="路径", help="报表制度；不写则导出自带的。")
def scheme_export(file: Path, scheme: Path | None) -> None:
    """把报表制度导出成一个工作簿，可在 Excel 或 WPS 里修改后用 -s 使用。"""
    from reconcile.files.scheme_files import read_scheme, write_scheme

    written = write_scheme(read_scheme(scheme), file)
    _say(f"已导出到“{written}”。改好后运行：reconcile scheme check {written}")


@scheme_group.command("check")
@_help_option
@click.argument("path", type=click.Path(path_type=Path), metavar="路径")
def scheme_check(path: Path) -> None:
    """检查一套报表制度（文件夹或工作簿），一次列出全部错误。

    先查各张表，再查审核关系有没有互相矛盾、永远不能满足或可以省去的。
    """
    from reconcile.files.scheme_files import read_scheme
    from reconcile.report.rule_book import scheme_report, unasked
    from reconcile.scheme.consistency import consistency

    loaded = read_scheme(path)
    found = consistency(loaded)
    if found.faults:
        for line in unasked(found):
            _say(line, err=True)
        raise SchemeError(found.faults, about=f"报表制度“{path.name}”")
    _say(scheme_report(loaded, found))


class _Shown:
    """An engine with a bar on stderr, where someone watches."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def map(self, function: Any, parts: Sequence[Sequence[Any]]) -> Iterator[Any]:
        """See Engine."""
        with click.progressbar(length=sum(map(len, parts)), label="读取报表", file=sys.stderr) as bar:
            for done in self._engine.map(function, parts):
                bar.update(done.count)
                yield done


def _work(engine: str | None, scheduler: str | None, *, kept: Path | None = None) -> Work:
    from reconcile.run import Work

    watched = _Shown if _watched(sys.stderr) else lambda plain: plain
    return Work(engine, scheduler, kept=kept, watched=watched)


def _day(chosen: datetime | None) -> date | None:
    return chosen.date() if chosen else None


def _exit_code(findings: Iterable[Any], fail_on: str | None) -> int:
    if fail_on is None:
        return DONE
    grave = _TIERS[: _TIERS.index(fail_on) + 1]
    return FOUND if any(finding.tier in grave for finding in findings) else DONE
