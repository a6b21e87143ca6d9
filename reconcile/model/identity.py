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
_FILLING = re.compile(r"[\s\-‐‑–—－·'’\u200b\ufeff]+")
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
_LANDLINE = re.compile(r"(?:0\d{2,3})?[2-8]\d{6,7}(?:(?:转|[xX#])\d{1,6})?|[48]00\d{7}")

_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_IN_TEXT = re.compile(
    rf"(?<!\d)(?P<citizen>[1-9]\d{{5}}[ -]?(?:18|19|20)\d\d{_DAY}[ -]?\d{{3}}[\dXx])(?!\d)"
    rf"|(?<!\d)(?P<old>[1-9]\d{{5}}\d\d{_DAY}\d{{3}})(?!\d)"
    r"|(?<![\d.])(?P<mobile>1[3-9]\d[ -]?\d{4}[ -]?\d{4})(?!\d|\.\d|[万亿元])"
    r"|(?<!\d)(?P<landline>\(?0\d{2,3}(?:\)|[ -])[2-8]\d{6,7})(?!\d)"
)


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


def check_phone(text: str) -> Check:
    """Check a telephone number: mobile, landline with or without area code and extension, 400/800."""
    number = re.sub(r"[()（）]", "", plain_number(text))
    if _MOBILE.fullmatch(number) or _LANDLINE.fullmatch(number):
        return OK
    return Check("error", "电话号码不是11位手机号，也不是固定电话号码")


def mask_citizen(text: str) -> str:
    """A citizen number with only its first four and last four characters left; any other text with its middle masked likewise."""
    return _masked(text.strip(), head=4, tail=4)


def mask_phone(text: str) -> str:
    """A telephone number with its middle masked: 138****5678, 027-****4321. Text without seven digits in it is left as it is."""
    found = text.strip()
    digits = sum(character.isdigit() for character in found)
    if digits < 7:
        return text
    area = re.match(r"[(（]?0\d{2,3}[)）\- ]|0(?:10|2\d)|0\d{3}|\+?86[\- ]?", found)
    head = area.end() if area is not None and digits > 8 else (3 if digits >= 11 else 0)
    if area is not None and found.startswith(("+86", "86")) and digits > 11:
        head += 3
    return _masked(found, head=head, tail=4)


def _masked(text: str, *, head: int, tail: int) -> str:
    """Every character but the first `head` and the last `tail` as an asterisk; texts too short for that all but masked out."""
    if len(text) < head + tail + 4:
        head, tail = min(head, 1), min(tail, 1)
    hidden = max(len(text) - head - tail, 0)
    return text[:head] + "*" * hidden + text[len(text) - tail :] if hidden else "*" * len(text)


def mask_text(text: str) -> str:
    """Free text with every citizen and telephone number in it masked, full-width digits too. Masking twice changes nothing."""
    narrow = text.translate(_NARROW)  # one character for one: places in it are places in the text
    pieces: list[str] = []
    end = 0
    for found in _IN_TEXT.finditer(narrow):
        start, stop = found.span(found.lastgroup or 0)
        number = text[start:stop]
        pieces += [text[end:start], mask_citizen(number) if found.lastgroup in ("citizen", "old") else mask_phone(number)]
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
