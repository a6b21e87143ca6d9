"""Numbers that name an enterprise or a person: whether they can be right, how they are masked, how two of them are compared unseen.

Sources: GB 32100-2015 (unified social credit code), GB 11714-1997 (organisation code), GB 11643-1999 (citizen number). A check never looks
a number up; it only tells whether one so written can exist. Nothing here raises on odd input.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import date
from typing import Literal, NamedTuple


class Check(NamedTuple):
    """What a check found: ok; note where the number may stand although it breaks a rule; error. The reason (Chinese) is empty for ok."""

    tier: Literal["ok", "note", "error"]
    reason: str = ""


OK = Check("ok")

_CREDIT_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_VALUES = {digit: value for value, digit in enumerate(_CREDIT_DIGITS)}
_CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CITIZEN_CHECKS = "10X98765432"

_NARROW = {0xFF10 + digit: str(digit) for digit in range(10)}
_NARROW |= {0xFF21 + letter: chr(65 + letter) for letter in range(26)} | {0xFF41 + letter: chr(97 + letter) for letter in range(26)}
_MARKS = {ord(wide): narrow for wide, narrow in zip("＋（）．", "+().", strict=True)}
_HYPHENS = "\\-‐‑‒–—―−－﹣─"  # as people type the stroke between the parts of a number
_FILLING = re.compile(rf"[\s{_HYPHENS}·'’\u200b\ufeff]+")

# Numbers in running text. Every repetition is bounded and no two ways read the same characters, so a search is linear in the text.
# A number never touches another digit nor an asterisk: what masking left of a number is not taken for a part of the next one.
_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_BETWEEN = rf"(?:[^\S\r\n]|[{_HYPHENS}·'’\u200b\ufeff])"  # within one line
_GAP, _PARTED = rf"{_BETWEEN}{{0,3}}", rf"{_BETWEEN}{{1,3}}"
_START, _END = r"(?<![\d*])", r"(?![\d*])"
_NO_DECIMAL = r"(?<!\d\.)(?<!\*\.)"
_NO_FIGURE = r"(?!\.[\d*]|[^\S\r\n]{0,2}[万亿元])"
_ANY_CODE = r"(?<![\dA-Za-z*])(?P<code>(?!\d{17}[\dXx])[\dA-Za-z]{18})(?![\dA-Za-z*])"  # a social credit code is nobody's number
_CITIZEN = "|".join(
    (
        r"(?<!0\.)[1-9]\d{16}[\dXx]",
        rf"{_NO_DECIMAL}0\d{{16}}[\dXx]",
        rf"(?<!0\.)[1-9](?:{_GAP}\d){{5}}{_GAP}(?:1{_GAP}[89]|2{_GAP}0)(?:{_GAP}\d){{9}}{_GAP}[\dXx]",  # parted anyhow, the year can be one
        rf"\d{{4}}{_PARTED}\d{{4}}{_PARTED}\d{{4}}{_PARTED}\d{{4}}{_PARTED}\d[\dXx]",  # parted as such numbers are, whatever the year
        rf"\d{{6}}{_PARTED}(?:\d{{8}}|\d{{4}}{_GAP}(?:\d{{4}}|\d\d{_GAP}\d\d)){_GAP}\d{{3}}{_GAP}[\dXx]",
        rf"\d{{14}}{_PARTED}\d{{3}}[\dXx]|\d{{17}}{_PARTED}[\dXx]",
        r"\d{6}\.\d{8}\.\d{3}[\dXx]",
    )
)
_CELL_PHONE = "|".join(
    (
        rf"1[3-9]\d(?:{_GAP}\d{{4}}{_GAP}\d{{4}}|{_GAP}\d{{3}}{_GAP}\d{{5}}|\.\d{{4}}\.\d{{4}}|\.\d{{3}}\.\d{{5}})",
        rf"1[3-9]\d\d{_GAP}(?:\d{{4}}{_GAP}\d{{3}}|\d{{3}}{_GAP}\d{{4}})",
        rf"1[3-9]\d{{3}}{_GAP}\d{{6}}",
    )
)
_COUNTRY = rf"\(?(?:\+|00)?86\)?{_GAP}"
_FIXED = "|".join(
    (
        rf"{_NO_DECIMAL}\(?0\d{{2,3}}\)?(?:(?<=\))|(?=[^\d*]))(?:{_GAP}|\.)\d{{3,4}}{_GAP}\d{{4}}",
        rf"{_NO_DECIMAL}0(?:\d\d\d{{8}}|\d{{3}}\d{{8}})",
        rf"\(?(?:\+|00)86\)?{_GAP}\(?0?[1-9]\d{{1,2}}\)?{_GAP}\d{{3,4}}{_GAP}\d{{4}}",
        rf"[48]00[{_HYPHENS}](?:\d{{3}}[{_HYPHENS}]?\d{{4}}|\d{{4}}[{_HYPHENS}]?\d{{3}})",
    )
)
_IN_TEXT = re.compile(
    rf"{_ANY_CODE}|{_START}(?:(?P<citizen>{_CITIZEN})|(?P<old>{_NO_DECIMAL}[1-9]\d{{5}}\d\d{_DAY}\d{{3}})(?!\.\d)"
    rf"|{_NO_DECIMAL}(?P<mobile>(?:{_COUNTRY})?(?:{_CELL_PHONE})){_NO_FIGURE}|(?P<landline>{_FIXED}){_NO_FIGURE}){_END}"
)
_IN_CONTACT = re.compile(rf"(?<![\d.*])[2-8]\d{{2,3}}[{_HYPHENS} ]?\d{{4}}(?![\d.*])")


def plain_number(text: str) -> str:
    """A number as its standard writes it: half-width, capital letters, without spaces and hyphens."""
    return _FILLING.sub("", text.translate(_NARROW)).upper()


def check_credit_code(text: str) -> Check:
    """Check a unified social credit code. Early pilot codes, right only in their inner organisation code, are a note."""
    code = plain_number(text)
    if len(code) != 18:
        known = {15: "是15位旧注册号", 9: "是9位旧组织机构代码"}.get(len(code), f"有{len(code)}位")
        return Check("error", f"统一社会信用代码应为18位，此处{known}")
    strange = sorted({character for character in code if character not in _CREDIT_VALUES})
    if strange:
        meant = "，疑将数字0、1误作字母O、I" if set(strange) & set("OI") else ""
        return Check("error", f"统一社会信用代码不使用“{'”“'.join(strange)}”{meant}")
    total = sum(weight * _CREDIT_VALUES[digit] for weight, digit in zip(_CREDIT_WEIGHTS, code[:17], strict=True))
    if _CREDIT_DIGITS[-total % 31] == code[17]:
        return OK
    if _inner_check(code[8:16]) == code[16]:
        return Check("note", "统一社会信用代码末位校验不符，但内含的组织机构代码正确，可能是试点时期的代码，请对照证照核实")
    return Check("error", "统一社会信用代码末位校验不符，至少有一位填错，请对照证照逐位核对")


def _inner_check(body: str) -> str:
    """The check character of an organisation code (GB 11714)."""
    total = sum(weight * int(character, 36) for weight, character in zip(_INNER_WEIGHTS, body, strict=True))
    return "0123456789X0"[11 - total % 11]


def credit_code_fault(text: str) -> str:
    """Why a credit code cannot be right; empty where it can, or where only a pilot code would explain it."""
    check = check_credit_code(text)
    return check.reason if check.tier == "error" else ""


def check_citizen_number(text: str) -> Check:
    """Check a citizen number, with a word on what Excel does to eighteen digits typed as a number."""
    number = plain_number(text)
    if re.fullmatch(r"\d(?:\.\d+)?E\+?1[4-7]", number):
        return Check("error", "身份证号被 Excel 存成了科学计数，末几位已丢失，请将单元格设为文本后重新填写")
    if len(number) == 15 and number.isascii() and number.isdigit():
        return Check("error", "是15位旧号，请填写18位身份证号")
    if re.fullmatch(r"\d{17}[\dX]", number, re.ASCII) is None:
        seen = f"此处有{len(number)}位" if len(number) != 18 else "此处有别的字符"
        return Check("error", f"身份证号应为17位数字加1位数字或X，{seen}")
    if citizen_check(number) != number[17]:
        if number.endswith("000"):
            return Check("error", "末三位为000：Excel 把18位号码当作数字保存，末三位已丢失，请将单元格设为文本后重新填写")
        return Check("error", "身份证号末位校验不符，至少有一位填错，请对照证件核对")
    born = _birth(number)
    return OK if born is not None and born.year >= 1880 else Check("error", "身份证号中的出生日期不存在，请对照证件核对")


def citizen_number_fault(text: str) -> str:
    """Why a citizen number cannot be right; empty where it can."""
    return check_citizen_number(text).reason


def citizen_check(number: str) -> str:
    """The last character that the first seventeen digits call for. `number` must begin with seventeen digits."""
    return _CITIZEN_CHECKS[sum(weight * int(digit) for weight, digit in zip(_CITIZEN_WEIGHTS, number[:17], strict=True)) % 11]


def _birth(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def mask_citizen(text: str) -> str:
    """A citizen number with only its first four and last four characters left; any other text with its middle masked likewise."""
    return _masked(text.strip(), head=4, tail=4)


def mask_phone(text: str) -> str:
    """A telephone number with its middle masked: 138****5678, 027-****4321, 0712-***6789 (of seven digits three are hidden).

    Text without seven digits in it is left as it is, and so is a number that was masked before.
    """
    found = text.strip()
    digits = sum(character.isdigit() for character in found)
    if digits < 7 or ("***" in found and digits <= 8):
        return text
    plain = found.translate(_NARROW | _MARKS)
    country = re.match(rf"\(?(?:\+|00)?86\)?{_GAP}", plain) if digits > 11 else None
    head = country.end() if country is not None else 0
    area = re.match(rf"\(?0\d{{2,3}}[) {_HYPHENS}]|0(?:10|2\d)|0\d{{3}}", plain[head:])
    if area is not None and digits > 8:
        head += area.end()
    elif digits >= 11 and plain[head : head + 1] == "1":
        head += 3
    elif digits >= 11 and not head:
        head = 3
    return _masked(found, head=head, tail=4, least=3)


def mask_contact(text: str) -> str:
    """Who is to be asked (联系人), masked as free text; there seven or eight digits alone are a telephone number too."""
    return _IN_CONTACT.sub(lambda found: mask_phone(found[0]), mask_text(text))


def _masked(text: str, *, head: int, tail: int, least: int = 4) -> str:
    """Every character but the first `head` and the last `tail` as an asterisk; texts in which that hides fewer than `least` are all but
    masked out."""
    if len(text) < head + tail + least:
        head, tail = min(head, 1), min(tail, 1)
    hidden = max(len(text) - head - tail, 0)
    return text[:head] + "*" * hidden + text[len(text) - tail :] if hidden else "*" * len(text)


def mask_text(text: str) -> str:
    """Free text with every citizen and telephone number in it masked, as people write them: full-width, parted by strokes or spaces.

    Seventeen digits and a digit or X are taken for a citizen number even where the birthday cannot be; eleven digits are no telephone
    number before 万, 亿 or 元 nor with decimals. A social credit code with letters stays. Masking twice changes nothing.
    """
    if sum(character.isdigit() for character in text) < 10:
        return text
    narrow = text.translate(_NARROW | _MARKS)  # one character for one: places in it are places in the text
    pieces: list[str] = []
    end = 0
    for found in _IN_TEXT.finditer(narrow):
        if found.lastgroup == "code":
            continue
        start, stop = found.span(found.lastgroup or 0)
        number = text[start:stop]
        masked = mask_citizen(number) if found.lastgroup in ("citizen", "old") else mask_phone(number)
        before, star, last = masked.rpartition("*")
        # A gap in the last digits goes too: they must not look like the beginning of another number.
        pieces += [text[end:start], before, star, "".join(one if one.isalnum() else "*" for one in last)]
        end = stop
    return "".join((*pieces, text[end:])) if pieces else text


def digest(number: str, key: str) -> str:
    """A keyed fingerprint of a personal number, 16 hexadecimal digits: equal for the same person, telling nothing without the key.

    A 15-digit number gives the digest of the 18-digit one it became. Empty text gives an empty digest.
    """
    plain = plain_number(number)
    if not plain:
        return ""
    if len(plain) == 15 and plain.isascii() and plain.isdigit():
        longer = f"{plain[:6]}19{plain[6:]}"
        plain = longer + citizen_check(longer)
    secret, message = (part.encode("utf-8", "surrogatepass") for part in (key, plain))
    return hmac.new(secret, message, hashlib.sha256).hexdigest()[:16]
