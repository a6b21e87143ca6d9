"""Codes that can exist, codes that cannot, and numbers that must not be seen. All numbers are examples of the standards or made up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.model.identity import (
    check_citizen_number,
    check_credit_code,
    citizen_check,
    credit_code_fault,
    digest,
    mask_citizen,
    mask_contact,
    mask_phone,
    mask_text,
)

CITIZEN = "99010619491231002X"  # the example of GB 11643


@pytest.mark.parametrize("code", ["91350100M000100Y43", " 91350100m000100y43 ", "９１３５０１００M000100Y43"])
def test_right_credit_codes_pass_however_they_are_typed(code: str) -> None:
    assert check_credit_code(code).tier == "ok"


def test_an_n_code_is_judged_by_its_check_digit_alone() -> None:
    right = [digit for digit in "0123456789ABCDEFGHJKLMNPQRTUWXY" if check_credit_code("N2420107MA4K0A000" + digit).tier == "ok"]
    assert len(right) == 1


def test_a_pilot_code_right_inside_is_a_note_and_no_fault() -> None:
    check = check_credit_code("91350100M000100Y44")
    assert check.tier == "note"
    assert "试点" in check.reason
    assert credit_code_fault("91350100M000100Y44") == ""


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("91350100M000100Z43", "不使用“Z”"),
        ("91350100M000100YO3", "误作字母O、I"),
        ("91350100M010100Y43", "校验不符"),
        ("420100000012345", "15位旧注册号"),
        ("M000100Y4", "9位旧组织机构代码"),
        ("9135010", "有7位"),
        ("", "有0位"),
    ],
)
def test_wrong_credit_codes_say_why(code: str, said: str) -> None:
    assert said in credit_code_fault(code)


@pytest.mark.parametrize("number", [CITIZEN, CITIZEN.lower(), "990106 19491231 002X", "１１０１０５１９４９１２３１００２Ｘ"])
def test_right_citizen_numbers_pass(number: str) -> None:
    assert check_citizen_number(number).tier == "ok"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("990106194912310020", "校验不符"),
        ("990106194912310000", "Excel"),
        ("1.10105E+17", "科学计数"),
        ("990106491231002", "15位旧号"),
        ("9901061949123", "有13位"),
        ("99010619491231002A", "别的字符"),
        ("99010619490230" + "002" + citizen_check("99010619490230002"), "出生日期"),
    ],
)
def test_wrong_citizen_numbers_say_why(number: str, said: str) -> None:
    assert said in check_citizen_number(number).reason


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("13800138000", "138****8000"),
        ("+86 13800138000", "+86 138****8000"),
        ("027-87654321", "027-****4321"),
        ("87654321", "****4321"),
        ("0712-3456789", "0712-***6789"),
        ("8613800138000", "86138****8000"),
        ("（+86）138-0013-8000", "（+86）138******8000"),
        ("138****8000", "138****8000"),
        ("无", "无"),
        ("12345", "12345"),
    ],
)
def test_telephone_numbers_are_masked(text: str, masked: str) -> None:
    assert mask_phone(text) == masked


def test_personal_numbers_in_text_are_masked_and_others_left() -> None:
    assert mask_citizen(CITIZEN) == "9901**********002X"
    assert mask_text(f"甲某（{CITIZEN}），电话138 0013 8000。") == "甲某（9901**********002X），电话138******8000。"
    assert mask_text("１１０１０５１９４９１２３１００２Ｘ") == "１１０１**********００２Ｘ"
    assert mask_text("021-87654321") == "021-****4321"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("+8613800138000", "+86138****8000"),
        ("8613800138000", "86138****8000"),
        ("0086 138 0013 8000", "0086 138******8000"),
        ("(+86)13800138000", "(+86)138****8000"),
        ("＋８６１３８００１３８０００", "＋８６１３８****８０００"),
        ("138－0013－8000", "138******8000"),
        ("138—0013—8000", "138******8000"),
        ("138.0013.8000", "138******8000"),
        ("1380 0138 000", "138*******000"),
        ("02700000000", "027****0000"),
        ("0712-3456789", "0712-***6789"),
        ("+86 27 87654321", "+86 *******4321"),
        ("400-800-1234", "********1234"),
        ("990106194913310021", "9901**********0021"),
        ("9901 0619 4912 3100 2X", "9901**************0*2X"),
        ("9901 0619 4913 3100 21", "9901**************0*21"),
        ("990106 19491331 0021", "9901************0021"),
        ("990106491231002", "9901*******1002"),
        ("990106194912310021 13800138000/13900139000", "9901**********0021 138****8000/139****9000"),
        ("3.990106194912310021", "3.9901**********0021"),
        ("13800138000人", "138****8000人"),
    ],
)
def test_personal_numbers_are_masked_as_people_write_them(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "91350100M000100Y43",
        "ABC13800138000DEFG",
        "投入15000000000元",
        "投入15000000000 元、15.9亿元、13800000000万元",
        "0.13800138000",
        "13800138000.5",
        "138.00138000",
        "0.30000000000000004",
        "0.010000000000000002",
        "0.990106491231002",
        "2023年6月30日",
        "2023.06.30—2023.07.01 15:30",
        "420100000012345",
        "0101020300",
        "4201020003",
        "100 200 300 400 500 600",
        "1 2 3 4 5 6 7 8 9 10 11 12 13",
        "13,800,138,000",
    ],
)
def test_figures_codes_and_days_are_left(text: str) -> None:
    assert mask_text(text) == text


SEPARATORS = st.sampled_from(["", " ", "-", "－", "—", "–", " - ", "·", "\u3000"])


@given(st.from_regex(r"[1-9]\d{5}(?:18|19|20)\d{9}[\dXx]", fullmatch=True), st.lists(SEPARATORS, min_size=17, max_size=17))
def test_a_citizen_number_is_masked_however_it_is_parted(number: str, parted: list[str]) -> None:
    written = "".join(digit + gap for digit, gap in zip(number, [*parted, ""], strict=True))
    digits = [one for one in mask_text(f"甲某{written}。") if one.isalnum() and one not in "甲某"]
    assert len(digits) <= 8


@given(
    st.from_regex(r"1[3-9]\d{9}", fullmatch=True),
    SEPARATORS,
    st.sampled_from([(3, 7), (3, 6), (4, 8), (4, 7), (5, 11)]),
    st.sampled_from(["", "+86", "86", "+86 ", "(+86)", "0086-"]),
)
def test_a_telephone_number_is_masked_however_it_is_parted(number: str, gap: str, cuts: tuple[int, int], country: str) -> None:
    first, second = cuts
    written = country + gap.join(part for part in (number[:first], number[first:second], number[second:]) if part)
    shown = mask_text(f"电话{written}，")
    assert sum(one.isdigit() for one in shown) <= 7 + sum(one.isdigit() for one in country)


@given(st.floats(min_value=0, max_value=1e10).map(repr) | st.decimals(0, 10**13, places=2).map(lambda figure: f"{figure}元"))
def test_no_figure_is_masked(figure: str) -> None:
    assert mask_text(figure) == figure


def test_long_texts_of_half_numbers_take_no_time() -> None:
    for piece in ("1 ", "138", "+86 ", "(0", "0", "1-", "1   ", "9901 0619 "):
        assert mask_text(piece * 20_000) is not None


def test_who_is_to_be_asked_is_masked_to_the_last_local_number() -> None:
    assert mask_contact("张三 87654321") == "张三 ****4321"
    assert mask_contact("李四8765-4321，13800138000") == "李四*****4321，138****8000"
    assert mask_contact("2023年 王五") == "2023年 王五"


@given(
    st.text(alphabet="0123456789Xx元-. 张（*+)", max_size=60)
    | st.lists(
        st.sampled_from(["13800138000", "9901", " ", "-", "0619", "4912", "3100", "2X", "027", "+86", "(", ")", "138 0013 8", "*"])
    ).map("".join)
)
def test_masking_twice_is_masking_once(text: str) -> None:
    once = mask_text(text)
    assert mask_text(once) == once
    assert len(once) == len(text)


@given(st.text(max_size=30), st.text(max_size=5))
def test_nothing_raises_on_odd_input(text: str, key: str) -> None:
    check_credit_code(text)
    check_citizen_number(text)
    mask_citizen(text)
    mask_phone(text)
    assert len(digest(text, key)) in (0, 16)


def test_a_digest_knows_the_person_and_not_the_number() -> None:
    one = digest(CITIZEN, "密钥")
    assert len(one) == 16
    assert one == digest(" 990106 19491231 002x", "密钥") == digest("990106491231002", "密钥")
    assert one != digest(CITIZEN, "另一密钥")
    assert digest("", "密钥") == ""
