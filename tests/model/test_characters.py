"""Characters that nobody sees and that change what is read."""

from __future__ import annotations

import json

import pytest

from reconcile.model.characters import as_json, on_one_line, shown


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


def test_a_line_is_one_line() -> None:
    assert on_one_line("甲\r\n\t乙\u2028丙　 丁") == "甲 乙 丙　 丁"


def test_json_loses_nothing_and_commands_no_terminal() -> None:
    text = "甲\x1b[31m\x9b\u202e\u2028\ud800\U000e0041\u200b\x7f—“引”"
    written = as_json({"a": [text]})
    assert json.loads(written) == {"a": [text]}
    assert shown(written) == written
    assert "甲" in written
