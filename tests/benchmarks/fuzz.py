"""Returns mutated byte by byte and cell by cell, read in processes with limits, for as long as one likes: nothing may break, hang or die.

    python tests/benchmarks/fuzz.py --minutes 20 [--seed 1] [--keep FOLDER]

Each round of a few hundred files comes from one seed, which is printed; `--seed N --rounds 1` makes the same files again. A file that takes
its process with it, or breaks it, is named by its seed and number, and kept in the folder.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import re
import resource
import signal
import sys
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE.parent / "files"), str(_HERE.parents[1])]

from hostile import figure_rows, sheet, small_parts, text_cell  # noqa: E402 -- found only after the line above
from hostile_archives import old_workbook  # noqa: E402 -- the same

SECONDS, MEMORY = 10, 3 << 30
"""Wall seconds and bytes of address space of one file. Address space is not memory: numpy and lxml reserve more than they use."""
ROUND = 250  # files of one seed

_NASTY_TEXTS = (
    *(
        "",
        " ",
        "-",
        "—",
        "/",
        "无",
        "约30",
        "3-5",
        "二十",
        "贰拾万",
        "1e308",
        "-1e308",
        "1e-320",
        "NaN",
        "inf",
        "0x1F",
        "1,234",
        "１２３",
        "12.5%",
        "9" * 400,
    ),
    *(
        "=1+1",
        "+1",
        "@A1",
        "#REF!",
        "#N/A",
        "#文字",
        "\t1",
        "1\n2",
        "_x000D_",
        "_x0000_",
        "_xD800_",
        "&#0;",
        "&#xFFFE;",
        "&amp;lt;",
        "]]&gt;",
        "{{7*7}}",
    ),
    *(
        "A008",
        "A999",
        "a008",
        "Ａ００８",
        "代码",
        "本期数",
        "职工人数",
        "计量单位",
        "填报单位：",
        "合计",
        "330102001",
        "2023H1",
        "2023年13月",
        "9999-12-31",
        "0000-00-00",
    ),
    *(
        "\u202e倒",
        "\ufeff",
        "\U0001f600",
        "e\u0301" * 50,
        "长" * 5000,
        "1" * 18,
        "11010519491231002X",
        "13800138000",
        "true",
        "是",
        "否",
        "万元",
        "人次",
    ),
)
_NASTY_ADDRESSES = ("A1", "A0", "XFD1048576", "XFE1", "ZZZ9999999", "a1", "$B$2", "A1:B2", "", "D2", "D3", "-1", "R1C1", "甲1", "A00000001")
_NASTY_TYPES = ("s", "str", "inlineStr", "b", "e", "n", "d", "z", "", "S")
_NASTY_NUMBERS = ("-1", "0", "1", "2", "99999999", "4294967296", "x", "1.5", "", "1e9")
_ATTRIBUTE = re.compile(r'( [A-Za-z:]+=)"([^"]*)"')
_CELL = re.compile(r"<c .*?(?:/>|</c>)", re.DOTALL)
_TEXT = re.compile(r">([^<>]+)<")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")

Parts = dict[str, bytes]


def seeds(folder: Path) -> list[Parts]:
    """What is mutated: the small return in three dresses, and two forms as the product hands them out, filled."""
    from hostile_asking import good_round

    shared = "<si><t>A008</t></si><si><t>职工人数</t></si><si><r><t>代</t></r><r><t>码</t></r></si>"
    styled = '<numFmts><numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m&quot;月&quot;"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="10"/></cellXfs>'
    rows = f'<row r="4">{text_cell("A4", "A014")}{text_cell("B4", "会员人数")}<c r="D4" s="2"><f t="shared" ref="D4:D5" si="0">D2-5</f><v>30</v></c></row>'
    rows += '<row r="5" hidden="1"><c r="A5" t="s"><v>0</v></c><c r="D5"><f t="shared" si="0"/></c><c r="E5" s="1"><v>45107</v></c><c r="F5" t="e"><v>#REF!</v></c></row>'
    after = '<mergeCells count="1"><mergeCell ref="F1:G2"/></mergeCells>'
    dressed = small_parts(sheet(figure_rows(rows), after=after), styles=styled)
    dressed["xl/sharedStrings.xml"] = str(dressed["xl/sharedStrings.xml"]).replace("<si><t>甲</t></si>", shared)
    listed = small_parts(
        more={
            "帮扶职工名册": sheet(
                f'<row r="1">{text_cell("A1", "姓名")}{text_cell("B1", "身份证号")}{text_cell("F1", "帮扶金额")}</row><row r="2">{text_cell("A2", "王某")}<c r="F2"><v>500</v></c></row>'
            )
        }
    )
    plain: list[dict[str, Any]] = [small_parts(), dressed, listed]
    found = [{name: content.encode() if isinstance(content, str) else content for name, content in parts.items()} for parts in plain]
    for path in sorted((good_round(folder) / "returns").iterdir()):
        with zipfile.ZipFile(path) as archive:
            found.append({name: archive.read(name) for name in archive.namelist()})
    return found


def packed(parts: Parts) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def of_bytes(data: bytes, chance: random.Random, *, times: tuple[int, ...] = (1, 1, 2, 5, 20, 100)) -> bytes:
    """A few bytes changed, left out, doubled or moved, or the end cut off."""
    made = bytearray(data)
    for _ in range(chance.choice(times)):
        if not made:
            break
        at, size = chance.randrange(len(made)), chance.choice((1, 1, 2, 4, 30, 300))
        match chance.randrange(8):
            case 0 | 1 | 2:
                made[at] = chance.choice(b'0123456789AZaz<>=/" ') if chance.random() < 0.7 else chance.randrange(256)
            case 3:
                made[at] ^= 1 << chance.randrange(8)
            case 4:
                del made[at : at + size]
            case 5:
                made[at:at] = made[at : at + size]
            case 6:
                made[at : at + size] = bytes((chance.choice((0, 255, 60, 34)),)) * size
            case _:
                made[at:at] = chance.choice(
                    (b"<", b"&", b"]]>", b"\x00", b"\xff\xfe", b"PK\x01\x02", b"<c/>", b"</row>", b'"', b"<!--", b"<![CDATA[")
                )
    return bytes(made[: chance.randrange(len(made))] if made and chance.random() < 0.03 else made)


def in_zip(parts: Parts, chance: random.Random) -> bytes:
    """Bytes of the archive as a whole."""
    return of_bytes(packed(parts), chance)


def in_part(parts: Parts, chance: random.Random) -> bytes:
    """Bytes of a part, in an archive whose checksums are right."""
    made = dict(parts)
    for _ in range(chance.choice((1, 1, 1, 2))):
        name = chance.choice(_read(made))
        made[name] = of_bytes(made[name], chance, times=(1, 1, 1, 1, 3))
    return packed(made)


def in_cells(parts: Parts, chance: random.Random) -> bytes:
    """Values, addresses, types, styles, attributes, tags and texts of parts that stay well-formed, mostly."""
    made = dict(parts)
    for _ in range(chance.choice((1, 1, 2, 4))):
        name = chance.choice(_read(made))
        text = made[name].decode("utf-8", "replace")
        for _ in range(chance.choice((1, 2, 5, 20))):
            text = chance.choice(_CHANGES)(text, chance)
        made[name] = text.encode("utf-8", "surrogatepass")
    if chance.random() < 0.05:
        made.pop(chance.choice(list(made)))
    return packed(made)


def _read(parts: Parts) -> list[str]:
    """Parts that a reader looks at, sheets more often."""
    names = [name for name in parts if name.endswith((".xml", ".rels")) and "theme" not in name and "docProps" not in name]
    return names + 3 * [name for name in names if "worksheets/sheet" in name]


def _picked(pattern: re.Pattern[str], text: str, chance: random.Random) -> re.Match[str] | None:
    """One of the places where a pattern matches, from a random place on."""
    return pattern.search(text, chance.randrange(len(text)) if text else 0) or pattern.search(text)


def _replaced(text: str, found: re.Match[str] | None, group: int, new: str) -> str:
    return text if found is None else text[: found.start(group)] + new + text[found.end(group) :]


def _attribute(text: str, chance: random.Random) -> str:
    found = _picked(_ATTRIBUTE, text, chance)
    if found is None:
        return text
    name = found[1].strip(" =")
    nasty = {"r": _NASTY_ADDRESSES, "t": _NASTY_TYPES}.get(name, (*_NASTY_NUMBERS, *_NASTY_ADDRESSES[:4], found[2] * 2))
    return _replaced(text, found, 2, chance.choice(nasty)) if chance.random() < 0.8 else _replaced(text, found, 0, "")


def _content(text: str, chance: random.Random) -> str:
    nasty = chance.choice(_NASTY_TEXTS)
    return _replaced(text, _picked(_TEXT, text, chance), 1, nasty if "&" in nasty else nasty.replace("<", "&lt;"))


def _cell(text: str, chance: random.Random) -> str:
    """A cell left out, doubled, exchanged with another one, or made anew."""
    one, other = _picked(_CELL, text, chance), _picked(_CELL, text, chance)
    if one is None or other is None:
        return text
    address = chance.choice(_NASTY_ADDRESSES)
    nasty = chance.choice(_NASTY_TEXTS)
    made = (
        *("", one[0] * 2, other[0], one[0].replace(" r=", " x=", 1), f'<c r="{address}"/>', f'<c r="{address}"><f>A1+{address}</f></c>'),
        *(
            f'<c r="{address}" t="inlineStr"><is><t>{nasty}</t></is></c>',
            f'<c r="{address}" s="1"><v>{nasty}</v></c>',
            f'<c r="{address}" t="e"><v>{nasty}</v></c>',
        ),
        *(
            f'<c r="{address}"><f t="shared" si="0"/></c>',
            f'<c r="{address}" t="d"><v>{nasty}</v></c>',
            f'<c r="{address}" t="b"><v>{nasty}</v></c>',
        ),
    )
    return _replaced(text, one, 0, chance.choice(made))


def _tag(text: str, chance: random.Random) -> str:
    found = _picked(_TAG, text, chance)
    return _replaced(text, found, 0, chance.choice(("", found[0] * 2, found[0].lower(), "<x>", "<!-- -->"))) if found else text


_CHANGES: tuple[Callable[[str, random.Random], str], ...] = (
    *[_attribute] * 6,
    *[_content] * 8,
    *[_cell] * 6,
    _tag,
)  # a broken tag ends it all


def in_old(_: Parts, chance: random.Random) -> bytes:
    """Bytes of an .xls."""
    return of_bytes(_OLD, chance)


_OLD = old_workbook()
WAYS: dict[str, Callable[[Parts, random.Random], bytes]] = {"zip": in_zip, "part": in_part, "cell": in_cells, "xls": in_old}
_SHARES = ("part", "cell", "cell", "zip", "part", "cell", "part", "cell", "zip", "part", "cell", "part", "cell", "part", "cell", "xls")


def made(seed: int, number: int, found: list[Parts]) -> tuple[str, bytes]:
    """File `number` of a seed, and how it was made."""
    chance = random.Random(f"{seed}/{number}")  # noqa: S311 -- the same file every time, nothing secret
    way = _SHARES[number % len(_SHARES)]
    return way, WAYS[way](chance.choice(found), chance)


def child(seed: int, start: int, found: list[Parts], writing: int) -> None:
    """Read the files of a seed from `start` on, one after the other, and say of each what became of it; never comes back."""
    from hostile_judging import Judging

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    pipe = os.fdopen(writing, "w", encoding="utf-8")
    judging = Judging()
    for number in range(start, ROUND):
        way, data = made(seed, number, found)
        pipe.write(json.dumps({"number": number, "way": way}) + "\n")
        pipe.flush()
        signal.setitimer(signal.ITIMER_REAL, SECONDS)  # its default ends the process, wherever it is
        try:
            became = judging(data)
        except BaseException:  # noqa: BLE001 -- whatever it is, it is what one looks for here
            became = "TRACEBACK " + traceback.format_exc()[-3000:]
        signal.setitimer(signal.ITIMER_REAL, 0)
        pipe.write(json.dumps({"number": number, "way": way, "became": became}) + "\n")
    pipe.flush()
    judging.close()
    os._exit(0)


def round_of(seed: int, found: list[Parts], counts: Counter[tuple[str, str]], keep: Path) -> list[str]:
    """Read all files of one seed, a new process wherever one ended; what went wrong comes back."""
    start, wrong = 0, []
    while start < ROUND:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            child(seed, start, found, writing)
        os.close(writing)
        last: dict[str, Any] = {}
        with os.fdopen(reading, encoding="utf-8") as pipe:
            for line in pipe:
                last = json.loads(line)
                if "became" in last:
                    became = last["became"]
                    counts[last["way"], became.split()[0]] += 1
                    start = last["number"] + 1
                    if became.startswith("TRACEBACK"):
                        wrong.append(_kept(seed, last, became, found, keep))
        _, status = os.waitpid(pid, 0)
        if status != 0 or not last:
            killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
            what = "HANG" if killed == signal.SIGALRM else f"DEATH by signal {killed}, status {status}"
            counts[last.get("way", "?"), what.split(maxsplit=1)[0]] += 1
            wrong.append(_kept(seed, last or {"number": start}, what, found, keep))
            start = int(last.get("number", start)) + 1
    return wrong


def _kept(seed: int, last: dict[str, Any], what: str, found: list[Parts], keep: Path) -> str:
    keep.mkdir(parents=True, exist_ok=True)
    path = keep / f"{seed}-{last['number']}.bin"
    path.write_bytes(made(seed, int(last["number"]), found)[1])
    return f"seed {seed} file {last['number']} ({path}): {what}"


def main() -> None:
    """Fuzz, and print what became of how many files."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--minutes", type=float, default=1.0)
    asked.add_argument("--rounds", type=int, default=1_000_000)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--keep", type=Path, default=Path("fuzz-found"))
    said = asked.parse_args()
    import tempfile

    import hostile_judging  # noqa: F401 -- so that no child has to import it again

    start, counts, wrong, seed = time.monotonic(), Counter[tuple[str, str]](), list[str](), said.seed
    with tempfile.TemporaryDirectory() as folder:
        found = seeds(Path(folder))
    while time.monotonic() - start < 60 * said.minutes and seed < said.seed + said.rounds:
        fresh = round_of(seed, found, counts, said.keep)
        wrong += fresh
        print(f"seed {seed}: {sum(counts.values())} files, {len(wrong)} wrong, {time.monotonic() - start:.0f} s", flush=True)
        for line in fresh:
            print(line, flush=True)
        seed += 1
    for (way, became), count in sorted(counts.items()):
        print(f"{way:6}{became:16}{count:8}")
    print(f"{sum(counts.values())} files, seeds {said.seed} to {seed - 1}: {len(wrong)} wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
