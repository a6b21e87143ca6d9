"""Nothing that we write can hurt others: a table of attacks and outputs.

Each attack is written wherever a unit can put a text (names, cover, figures, reasons, lists, codes, files, folders, archives, the table of
units, adjustments); one real run is made of them all, and every output is read back.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator

import pytest
from docx import Document
from hostile_round import ATTACKS, ORDINARY, PLAIN, TOWN, Place, Results, make_round, parts_of, places, run_everything
from lxml import etree
from markdown_it import MarkdownIt

from reconcile.model.characters import on_one_line
from reconcile.run import Request, judge

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
LINKED = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"

UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff"
    "\U000e01f0-\U000e0fff"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
    + "]|(?<![\u180b-\u18aa])\u180e"
)
"""What must reach nobody: controls, marks of direction, zero-width blanks, fillers, tags, what is no character."""

BOOKS = ("summary", "query")
LINES = ("check full", "check concise", "diff full", "run", "blank", "reminders")
TABLES = ("findings", "check csv", "diff csv")
TAG = re.compile(r"q\d\dq")
SHORT = 1_000  # characters of a very long text that stand wherever it was written
LONG = 20_000  # characters: of a longer text a report has the beginning, and not the tag at its end
OUTPUTS = (*BOOKS, *LINES, *TABLES, "check json", "narrative.md", "narrative.docx", "file names")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return run_everything(tmp_path_factory.mktemp("hostile"), ATTACKS)


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return run_everything(tmp_path_factory.mktemp("ordinary"), ORDINARY)


@pytest.mark.slow
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_does_no_harm(attack: str, output: str, hostile: Results) -> None:
    place = hostile.places[attack]
    if output in BOOKS:
        _books(hostile, output, place)
    elif output in LINES:
        _lines(_printed(hostile, output), place)
    elif output in TABLES:
        _table(_printed(hostile, output), place)
    elif output == "check json":
        _json(hostile.printed[output], place)
    elif output == "narrative.md":
        _markdown(hostile.narrative(place.unit)[0], place)
    elif output == "narrative.docx":
        _word(hostile.narrative(place.unit)[1], place)
    else:
        _names(hostile, place)


@pytest.mark.slow
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_text_passes_unharmed(name: str, output: str, ordinary: Results) -> None:
    place = ordinary.places[name]
    said = on_one_line(place.written)
    assert said == place.written
    if output in BOOKS:
        assert any(said in text for _, text in _cells(ordinary, output)[place.tag])
    elif output == "blank":
        (form,) = (path for path in (ordinary.out.parent / "blank").iterdir() if path.name.startswith(place.unit))
        assert any(said in text for _, text in _read_books(iter(parts_of(form.read_bytes()).items()))[place.tag])
    elif output in LINES:
        assert said in re.sub(r"\n {2,}", "", _printed(ordinary, output))
    elif output in TABLES:
        assert any(said in cell for row in csv.reader(io.StringIO(_printed(ordinary, output))) for cell in row)
    elif output == "check json":
        assert any(said in text for text in _strings(json.loads(ordinary.printed[output])))
    elif output == "narrative.md":
        assert said.lstrip("# ") in _read_markdown(ordinary.narrative(place.unit)[0])[1]
    elif output == "narrative.docx":
        assert said in "\n".join(one.text for one in Document(io.BytesIO(ordinary.narrative(place.unit)[1])).paragraphs)
    else:
        wanted = re.sub(r'[\\/:*?"<>|]', "_", f"{place.unit} {said}.xlsx")
        assert (ordinary.out / "queries" / wanted).is_file()


@pytest.mark.slow
def test_what_strangers_write_changes_nobody_elses_figures(hostile: Results, tmp_path_factory: pytest.TempPathFactory) -> None:
    found = places({name: f"平常{number}" for number, name in enumerate(ATTACKS)})
    peaceful, _ = judge(Request((make_round(tmp_path_factory.mktemp("peaceful"), found, hostile.scheme),)))
    tables = (hostile.outcome.totals, peaceful.totals)
    totals = [table[table["unit"].isin([TOWN, PLAIN])].reset_index(drop=True) for table in tables]
    assert totals[0].equals(totals[1])
    assert len(totals[0]) > 0


@pytest.mark.slow
def test_every_query_is_there_and_inside_the_folder(hostile: Results) -> None:
    names = [path.name for path in (hostile.out / "queries").iterdir()]
    asked = {finding.unit for finding in hostile.outcome.findings if finding.open and finding.unit and finding.return_id}
    assert len({unicodedata.normalize("NFC", name).casefold() for name in names}) == len(names) == len(asked)
    assert {path.name for path in hostile.out.iterdir()} == {
        *("summary.xlsx", "narrative.docx", "narrative.md", "findings.csv", "reminders.txt", "queries", ".reconcile-out"),
    }


def _printed(results: Results, output: str) -> str:
    files = {"findings": "findings.csv", "reminders": "reminders.txt"}
    if output in files:
        return (results.out / files[output]).read_bytes().decode("utf-8-sig")
    return results.printed[output]


# ---- workbooks


Cells = dict[str, list[tuple[bool, str]]]
"""Tag -> the cells, notes and properties in which it stands: whether it is plain text there, and the text as a program reads it."""


def _cells(results: Results, output: str) -> Cells:
    return results.once(output, lambda: _read_books(results.books(summary=output == "summary")))


def _read_books(books: Iterator[tuple[str, bytes]]) -> Cells:
    """All cells with a tag; every part is XML without a document type, and holds no character that nobody sees."""
    found: Cells = {}
    for name, data in books:
        if not name.endswith((".xml", ".rels", ".vml")):
            continue
        root = etree.fromstring(data)  # raises where it is no XML
        assert root.getroottree().docinfo.doctype == ""
        assert not UNSEEN.search(data.decode())
        for cell in root.iter(f"{MAIN}c"):
            text = "".join(cell.itertext(f"{MAIN}t", f"{MAIN}v"))
            plain = cell.get("t") in ("inlineStr", "s") and cell.find(f"{MAIN}f") is None
            for tag in set(TAG.findall(text)):
                found.setdefault(tag, []).append((plain, _unescaped(text)))
        if name.startswith(("xl/comments", "docProps")):
            for text in root.itertext():
                for tag in set(TAG.findall(str(text))):
                    found.setdefault(tag, []).append((True, _unescaped(str(text))))
        for formula in root.iter(f"{MAIN}f"):
            assert not TAG.search(formula.text or "")
        for link in root.iter(LINKED):
            if link.get("TargetMode") == "External" and TAG.search(target := str(link.get("Target"))):
                assert target.startswith("../")
                assert "\\" not in target
                assert target.endswith(".xlsx")
    return found


def _unescaped(text: str) -> str:
    """As Excel and LibreOffice read it (ST_Xstring)."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)


def _books(results: Results, output: str, place: Place) -> None:
    met = _cells(results, output)[place.tag]
    assert len(met) > 5
    for plain, text in met:
        assert plain
        assert not UNSEEN.search(text), ascii(text[:200])


# ---- lines for people, tables, JSON


def _lines(text: str, place: Place) -> None:
    assert not UNSEEN.search(text), ascii(UNSEEN.findall(text)[:5])
    assert "\r" not in text.replace("\r\n", "\n")
    assert not re.search(r"^ {0,2}(\[强制\] (全部单位|假问题)|问题：请把|# 标题|假行)", text, re.MULTILINE)
    if place.text == "{{7*7}}":
        assert "{{7*7}}" in text


def _table(text: str, place: Place) -> None:
    assert not UNSEEN.search(text)
    assert "\n" not in text.replace("\r\n", "")
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if any(place.tag in cell for cell in row)]
    assert {len(row) for row in rows} == {len(next(csv.reader(io.StringIO(text))))}
    met = [cell for row in rows for cell in row if place.tag in cell]
    assert met
    for cell in met:
        assert "\n" not in cell
        assert "\t" not in cell
        assert not re.match(r"\s*[=+\-@＝＋－＠]", cell), cell[:80]


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)


def _json(text: str, place: Place) -> None:
    assert not UNSEEN.search(text)
    read = re.sub("[\ud800-\udfff]", "\ufffd", place.written[-SHORT:])  # the door that reads lets no half of a character in
    assert any(read in one for one in _strings(json.loads(text)))  # nothing else is lost


# ---- the narrative


def _read_markdown(text: str) -> tuple[list[str], str]:
    """The kinds of what a reader of GitHub's Markdown finds, and the words."""
    reader = MarkdownIt("gfm-like").enable(["linkify"], ignoreInvalid=True) if _has_linkify() else MarkdownIt("commonmark").enable("table")
    tokens = reader.parse(text)
    inner = [one for token in tokens for one in (token.children or [])]
    words = "\n".join("".join(one.content for one in token.children or [] if one.type == "text") for token in tokens if token.children)
    return [one.type for one in (*tokens, *inner)], words


def _has_linkify() -> bool:
    try:
        MarkdownIt("gfm-like").parse("x")
    except ModuleNotFoundError:
        return False
    return True


def _markdown(text: str, place: Place) -> None:
    assert not UNSEEN.search(text)
    kinds, words = _read_markdown(text)
    assert place.tag in words or len(place.text) > LONG
    assert set(kinds) <= {"heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline", "text"}
    assert len(re.findall(r"^#+ ", text, re.MULTILINE)) == kinds.count("heading_open")
    assert not re.search(r"(?<!\\)://|(?i:www)(?<!\\)\.", text)
    if place.text.startswith("{{"):
        assert "{{7*7}}" in words


def _word(data: bytes, place: Place) -> None:
    document = Document(io.BytesIO(data))
    words = "\n".join(one.text for one in document.paragraphs)
    assert place.tag in words or len(place.text) > LONG
    assert not UNSEEN.search(words)
    for part in document.part.package.iter_parts():
        if part.partname.endswith(".xml"):
            root = etree.fromstring(part.blob)
            assert root.getroottree().docinfo.doctype == ""
            for instruction in root.iter(f"{WORD}instrText"):
                assert place.tag not in (instruction.text or "")
        assert not [one for one in part.rels.values() if one.is_external]


# ---- names of files


def _names(results: Results, place: Place) -> None:
    met = 0
    for folder in (results.out, results.out.parent / "blank"):
        for path in folder.rglob("*"):
            name = path.name
            assert path.resolve().is_relative_to(folder.resolve())
            assert not UNSEEN.search(name)
            assert not re.search(r'[\\/:*?"<>|]', name)
            assert name == name.rstrip(" .")
            assert not name.startswith(("~$", " "))
            assert not re.fullmatch(r"(?i)(CON|PRN|AUX|NUL|COM\d|LPT\d)", name.split(".")[0].strip())
            assert len(name) <= 90
            assert len(name.encode()) <= 255
            met += name.startswith(place.unit) and name.endswith(".xlsx")
    assert met == 2
