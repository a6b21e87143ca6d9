"""Texts to remind those who have not reported, and those whose files do not count."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from small_outcome import UNITS, small_outcome, small_scheme, table

from reconcile.model.outcome import Coverage, Outcome
from reconcile.model.round import RETURNS_COLUMNS, Standing
from reconcile.model.unit import Unit, UnitTree
from reconcile.report.reminders import reminders


def lacking(*, missing: tuple[str, ...] = (), unclear: tuple[str, ...] = (), units: tuple[Unit, ...] = UNITS) -> Outcome:
    return replace(small_outcome(), units=UnitTree(units), coverage=Coverage(("0101", "0102"), (), missing, unclear, ()))


def received(outcome: Outcome, *files: tuple[str, str, str]) -> Outcome:
    """Files of 二村 as (name, standing, note)."""
    rows = [
        (file, str(n) * 64, "", "0102", "", "", "", "", "", "", "", "", "", standing, note, "")
        for n, (file, standing, note) in enumerate(files)
    ]
    return replace(outcome, round=replace(outcome.round, returns=table(RETURNS_COLUMNS, *rows)))


def test_nobody_is_reminded_where_all_is_there() -> None:
    assert reminders(lacking(), small_scheme(), day=None) == ""


def test_one_text_for_the_group_and_one_for_each_unit() -> None:
    units = (UNITS[0], replace(UNITS[1], contact="李某 13800138000"), UNITS[2])
    told = reminders(lacking(missing=("0101", "0102"), units=units), small_scheme(), day=date(2023, 7, 12))
    group, *single = [part.strip("\n") for part in told.split("—" * 20)][1:]
    assert group == (
        "各位：2023年上半年半年报的截止日期是7月10日。截至7月12日，还有2家没有收到：一村工会、二村工会。"
        "请尽快报送；已经报送的请告诉我们，以便查找。谢谢支持！（示范县总工会）"
    )
    assert single[1].splitlines() == [
        "【发给】一村工会（李某 138****8000）",
        "一村工会：您好！贵单位的2023年上半年半年报还没有收到，已过截止日期7月10日，请尽快报送。"
        "已经报送的，请告知发送的时间和方式；本期确实不需填报的，请说明原因。谢谢支持！（示范县总工会）",
    ]
    assert len(single) == 3


def test_whoever_sends_the_texts_is_not_reminded() -> None:
    office = lacking().subject
    assert reminders(lacking(missing=(office,)), small_scheme(), day=None) == ""
    assert "还有1家没有收到" in reminders(lacking(missing=(office, "0101")), small_scheme(), day=None)


def test_before_the_last_day_nobody_is_late() -> None:
    told = reminders(lacking(missing=("0101",)), small_scheme(), day=date(2023, 7, 10))
    assert "请于7月10日前报送" in told
    assert "截止日期是7月10日，请按时报送" in told
    assert "已过" not in told


def test_whose_file_does_not_count_is_told_what_to_send_again() -> None:
    files = (
        ("铸源镇/二村.xlsx", Standing.TIED, "分不清"),
        ("铸源镇/二村（新）.xlsx", Standing.TIED, "分不清"),
        ("坏.xlsx", Standing.UNREADABLE, "文件设了打开密码，无法读取。"),
        ("旧.xlsx", Standing.WRONG_PERIOD, "封面报告期为2022年上半年"),
    )
    told = reminders(received(lacking(unclear=("0102",)), *files), small_scheme(), day=None)
    assert "目前1家的报表打不开或有疑问，需要重报：二村工会。" in told
    assert "收到的“二村.xlsx”“二村（新）.xlsx”分不清哪一份在后，请告知以哪一份为准" in told
    assert "文件“坏.xlsx”打不开：文件设了打开密码，无法读取。" in told
    assert "收到的文件“旧.xlsx”不是这一期的（封面报告期为2022年上半年），请报2023年上半年的。" in told
    gone = reminders(received(lacking(missing=("0102",)), files[3]), small_scheme(), day=None)
    assert "请尽快报送。收到的文件“旧.xlsx”不是这一期的" in gone


def test_the_group_text_names_units_town_by_town() -> None:
    towns = (Unit("011", "甲镇工会", "town", "01"), Unit("012", "乙镇工会", "town", "01"))
    units = (UNITS[0], *towns, replace(UNITS[1], parent="011"), replace(UNITS[2], parent="012"))
    told = reminders(lacking(missing=("0101", "0102"), units=units), small_scheme(), day=None)
    assert "还有2家没有收到：甲镇工会下：一村工会；乙镇工会下：二村工会。" in told


MANY = (
    Unit("01", "示范县总工会", "county"),
    Unit("011", "甲镇总工会", "town", "01", contact="李某 13800138000"),
    Unit("012", "乙镇总工会", "town", "01"),
    Unit("019", "县直工会", "village", "01"),
    *(Unit(f"{town}{number}", f"{town}的{number}村工会", "village", town) for town in ("011", "012") for number in (1, 2, 3)),
)


def test_of_too_many_units_those_above_are_asked_to_remind_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconcile.report.reminders._MOST_TEXTS", 5)
    monkeypatch.setattr("reconcile.report.reminders._MOST_NAMED", 2)
    silent = tuple(unit.code for unit in MANY if len(unit.code) == 4 or unit.code == "019")
    told = reminders(lacking(missing=silent, units=MANY), small_scheme(), day=date(2023, 7, 12))
    group, *single = [part.strip("\n") for part in told.split("—" * 20)][1:]
    assert "还有7家没有收到：县直工会、甲镇总工会及其下级3家等。" in group
    assert single[0].startswith("二、")
    assert [text.splitlines()[0] for text in single[1:]] == [
        "【发给】县直工会",
        "【发给】甲镇总工会（李某 138****8000）",
        "【发给】乙镇总工会",
    ]
    assert single[2].splitlines()[1] == (
        "甲镇总工会：您好！2023年上半年半年报的截止日期是7月10日，贵单位下级还有3家没有收到：011的1村工会、011的2村工会等。"
        "请尽快催报；已经报送的，请告知发送的时间和方式。谢谢支持！（示范县总工会）"
    )


def test_units_with_nobody_above_them_get_no_more_texts_than_anybody_could_send(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconcile.report.reminders._MOST_TEXTS", 2)
    units = (MANY[0], *(Unit(f"02{number}", f"县直{number}工会", "village", "01") for number in range(5)))
    told = reminders(lacking(missing=tuple(unit.code for unit in units[1:]), units=units), small_scheme(), day=None)
    assert told.count("【发给】") == 2
    assert "还有5家没有收到" in told
