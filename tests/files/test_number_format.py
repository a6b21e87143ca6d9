"""Which number formats show a date, which a percentage."""

import pytest

from reconcile.files.number_format import format_kind


@pytest.mark.parametrize("number", [14, 22, 27, 31, 36, 45, 50, 57, 58])
def test_built_in_dates_need_no_declaration(number: int) -> None:
    assert format_kind(number, None) == "date"


@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 11, 12, 37, 44, 48, 49, 59, 164])
def test_other_built_ins_are_plain(number: int) -> None:
    assert format_kind(number, None) == "plain"


@pytest.mark.parametrize(
    "code",
    [
        "yyyy-mm-dd",
        'yyyy"年"m"月"d"日"',
        "[$-804]yyyy年m月",
        "m/d/yy h:mm",
        "[h]:mm:ss",
        "mm:ss.0",
        "[DBNum1][$-804]yyyy年m月d日;@",
        "aaaa yyyy",
    ],
)
def test_custom_dates(code: str) -> None:
    assert format_kind(164, code) == "date"


@pytest.mark.parametrize(
    "code",
    [
        "General",
        "G/通用格式",
        "0.00",
        '#,##0"元"',
        '0"月"',
        "[Red]0",
        '0!.0,"万"',
        "0.00_);(0.00)",
        "@",
        "[DBNum2]General",
        "# ?/?",
        '"日"',
        "\\d0",
        "0.00E+00",
    ],
)
def test_formats_of_plain_numbers(code: str) -> None:
    assert format_kind(164, code) == "plain"


@pytest.mark.parametrize(("number", "code"), [(9, None), (10, None), (164, "0.0%"), (165, "[Red]0%;-0%")])
def test_percentages(number: int, code: str | None) -> None:
    assert format_kind(number, code) == "percent"


def test_a_declaration_wins_over_the_built_in() -> None:
    assert format_kind(58, "0.00") == "plain"
