"""Characters that nobody sees and that change what is read."""

from __future__ import annotations

import json
import re

import pytest

from reconcile.model.characters import ALTERED, as_json, on_one_line, shown


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("甲村\n乙村\t3", "甲村\n乙村\t3"),
        ("甲\r\n乙\r丙\u2028丁\u2029戊\x85己\x0b庚\x0c辛", "甲\n乙\n丙\n丁\n戊\n己\n庚\n辛"),
        ("\x1b[31m红\x9b0m\x00\x7f", "\ufffd[31m红\ufffd0m\ufffd\ufffd"),
        ("x\ud800y\udfff\ufffe\uffff\ufdd0", "x\ufffdy\ufffd\ufffd\ufffd\ufffd"),
        ("\u202egpj.exe\u202c\u2066x\u2069\u200e\u200f\u061c", "gpj.exex"),
        ("甲\u200b乙\ufeff丙\u2060\xad\u3164", "甲乙丙"),
        ("甲\U000e0041\U000e007f", "甲"),
        ("a\u200db\u200c", "ab"),
        ("ش\u200c", "ش"),
        ("甲\u115f乙\u1160丙\u034f丁\u17b4\u17b5\U0001d173\U0001bca0\ufff0", "甲乙丙丁"),
        ("甲\u180e乙❤\u180e🔥ᠠ\u180e", "甲乙❤🔥ᠠ"),
        ("甲\U0001fffe\U0010ffff", "甲\ufffd\ufffd"),
    ],
)
def test_what_nobody_sees_is_dropped_or_marked(text: str, told: str) -> None:
    assert shown(text) == told
    assert shown(told) == told


@pytest.mark.parametrize(
    "text",
    [
        *("-3", "-5元", "（约）", "１２３", "阿不都·买买提", "𠮷野家𫝀", "葛\U000e0100城", "5 < 6 & 7"),
        *("ئۇيغۇر ئاپتونوم رايونى", "می\u200cخواهم", "བོད་རང་སྐྱོང་ལྗོངས", "ᠮᠣᠩᠭᠣᠯ\u180eᠠ", "👩\u200d🚒", "❤\ufe0f\u200d🔥"),
    ],
)
def test_letters_of_every_script_pass(text: str) -> None:
    assert shown(text) == on_one_line(text) == text


IGNORABLE = (
    *(0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0x200B, 0x2010), *range(0x202A, 0x202F)),
    *(*range(0x2060, 0x2070), 0x3164, *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0, *range(0xFFF0, 0xFFF9), *range(0x1BCA0, 0x1BCA4)),
    *(*range(0x1D173, 0x1D17B), *range(0xE0000, 0xE1000)),
)
"""Default_Ignorable_Code_Point of Unicode 15.1."""

SELECTORS = {*range(0x180B, 0x180E), 0x180F, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}


def test_whatever_has_no_face_is_dropped_where_it_joins_nothing() -> None:
    assert {code for code in IGNORABLE if shown(f"甲{chr(code)}乙") != "甲乙"} == SELECTORS
    assert all(shown(f"甲{chr(code)}乙") == f"甲{chr(code)}乙" for code in SELECTORS)


def test_what_will_never_be_a_character_is_seen() -> None:
    never = [*range(0xFDD0, 0xFDF0), *(plane << 16 | low for plane in range(17) for low in (0xFFFE, 0xFFFF))]
    assert len(never) == 66
    assert all(shown(f"甲{chr(code)}乙") == "甲\ufffd乙" for code in never)


def test_nothing_else_is_changed() -> None:
    changed = {code for code in range(0x110000) if shown(f"甲{chr(code)}乙") != f"甲{chr(code)}乙"}
    controls = {*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0xD800, 0xE000), 0xFFF9, 0xFFFA, 0xFFFB}
    never = {*range(0xFDD0, 0xFDF0), *(plane << 16 | low for plane in range(17) for low in (0xFFFE, 0xFFFF))}
    assert changed == controls | never | {*IGNORABLE} - SELECTORS
    assert not [code for code in changed if not re.match(f"[{ALTERED}]", chr(code))]


def test_a_line_is_one_line() -> None:
    assert on_one_line("甲\r\n\t乙\u2028丙　 丁") == "甲 乙 丙　 丁"


def test_json_loses_nothing_and_commands_no_terminal() -> None:
    text = "甲\x1b[31m\x9b\u202e\u2028\ud800\U000e0041\u200b\u200d乙\u180e丙\U0001fffe\x7f—“引”ᠯ\u180eᠠ"
    written = as_json({"a": [text]})
    assert json.loads(written) == {"a": [text]}
    assert shown(written) == written
    assert "甲" in written
