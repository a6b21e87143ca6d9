"""Quantities: measures, numerals as people write them, exact sums and rounding on decimals. Binary floats never decide a digit here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Literal

MICRO = 10**6


@dataclass(frozen=True, slots=True)
class Measure:
    """A unit of measure (计量单位). One of it is `factor` of its `base` (万元: 10000 of 元; 元: 1 of 元).

    whole: only whole numbers make sense (heads, contracts). rounded: parts were rounded before they were reported, so a sum may differ by
    half of the last digit for each addend. synonyms: other words for it, as clerks type them.
    """

    name: str
    factor: Decimal
    base: str
    whole: bool
    rounded: bool
    synonyms: tuple[str, ...] = ()

    def comparable(self, other: Measure) -> bool:
        """Whether figures in the two measures can be converted into each other."""
        return self.base == other.base and self.factor > 0 and other.factor > 0


def exact(value: float | int | Decimal) -> Decimal:
    """The decimal a person sees: 0.1 is 0.1, not the binary number nearest to it."""
    if isinstance(value, Decimal):
        return value
    return Decimal(value) if isinstance(value, int) else Decimal(repr(float(value)))


def micro(value: float | int | Decimal) -> int:
    """`value` as a whole number of 10⁻⁶, half away from zero beyond that. Integers add up exactly and in any order.

    Raises ValueError for NaN and the infinities: a caller must have left the missing out.
    """
    if isinstance(value, float) and value.is_integer():
        return int(value) * MICRO
    number = exact(value)
    if not number.is_finite():
        raise ValueError(f"not a finite number: {value!r}")
    sign, digits, exponent = number.as_tuple()
    size = int("".join(map(str, digits)))
    shift = int(exponent) + 6
    size = size * 10**shift if shift >= 0 else _half_away(size, 10 ** min(-shift, len(digits) + 1))
    return -size if sign else size


def _half_away(size: int, unit: int) -> int:
    """Divide non-negative `size` by `unit`, the half rounded up."""
    return (2 * size + unit) // (2 * unit)


def convert(value: float | int | Decimal, source: Measure, target: Measure) -> Decimal:
    """Express `value` of `source` in `target`, exactly. Raises ValueError where the two have no common base."""
    if not source.comparable(target):
        raise ValueError(f"{source.name} cannot be expressed in {target.name}")
    return exact(value) * source.factor / target.factor


def round_half_up(value: float | int | Decimal, decimals: int, *, half_even: bool = False) -> Decimal:
    """Round once, on the decimal digits: half away from zero, or half to even (GB/T 8170) where asked. NaN and infinities pass through."""
    number = exact(value)
    if not number.is_finite():
        return number
    try:
        return number.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN if half_even else ROUND_HALF_UP)
    except InvalidOperation:  # more digits than the context keeps: nothing is lost by leaving so large a number as it is
        return number


def format_number(value: float | int | Decimal, decimals: int) -> str:
    """Write a number as official papers do: at most `decimals` decimals, no trailing zeros, no separators, no exponent.

    12.30 -> 12.3, 100.0 -> 100, 5.6149 -> 5.61, -0.001 -> 0. NaN and infinities, which are no figures, give an empty string.
    """
    rounded = round_half_up(value, decimals)
    if not rounded.is_finite():
        return ""
    text = f"{rounded:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


Roughly = Literal["", "about", "more", "nearly", "under", "at_least"]
"""How a figure is hedged: 约30/30左右 about, 30余/30多 more, 近30 nearly, 不足30/30以内 under, 30以上/上百/30+ at_least."""


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number as somebody wrote it. `value` is exact and includes the magnitude (2.1万 is 21000) but not the percent (95% is 95).

    word: what follows the number and its magnitude (元 in 2.1万元), unchecked: only a scheme knows which words are measures.
    magnitude: 万, 亿 … as written, or empty; `scale` is its size, so that value / scale is the number before it.
    roughly: the hedge, or empty.
    met: what was met on the way, of fullwidth, thousands, spaces, magnitude, chinese, approximate, percent, word.
    """

    value: Decimal
    word: str
    magnitude: str
    scale: int
    roughly: Roughly
    met: frozenset[str]


_LONGEST = 40  # characters; longer texts are sentences, not numbers
_WIDE = {ord(wide): narrow for wide, narrow in zip("０１２３４５６７８９．，％＋－", "0123456789.,%+-", strict=True)}
_SAME = {ord(other): usual for other, usual in zip("−﹣–‑‐○﹪", "-----〇%", strict=True)}  # other hyphens, the circle that stands for 〇
_SCALES = {"十": 10, "百": 100, "千": 10**3, "万": 10**4, "亿": 10**8, "十万": 10**5, "百万": 10**6, "千万": 10**7, "万亿": 10**12}
_SCALES |= {"十亿": 10**9, "百亿": 10**10, "千亿": 10**11, "萬": 10**4, "億": 10**8, "仟": 10**3, "佰": 100}
_HEDGES: dict[str, Roughly] = {
    **dict.fromkeys(("约", "大约", "约有", "大概", "左右", "上下", "约计"), "about"),
    **dict.fromkeys(("余", "多", "逾", "超", "超过", "来"), "more"),
    **dict.fromkeys(("近", "将近", "接近"), "nearly"),
    **dict.fromkeys(("不足", "不到", "以内", "以下"), "under"),
    **dict.fromkeys(("以上", "至少", "不少于", "不低于", "+"), "at_least"),
}
_SPACES = re.compile(r"[\s\u200b\ufeff]+")  # \s covers the no-break and the ideographic space
_GROUPS = re.compile(r"(?<!\d)\d{1,3}(?:[, ]{1,2}\d{3})+(?![\d,])")  # 1,850 or 1 850
_SCALE = r"(?P<scale>万亿|[十百千][万亿]|百(?!分)|千(?!克|瓦|米)|[十万亿萬億仟佰])?"
_AFTER = (
    r"(?P<more2>余|多)?(?P<word>(?!左右|上下|以|几|数)[^\W\d_一二三四五六七八九零〇]{1,8}?(?:[/·(（][^\W\d_]{1,4}[)）]?)?)?"
    r"(?P<tail>左右|上下|以上|以内|以下|\+)?(?:整|正)?[。；;]?"
)
_BEFORE = r"(?P<head>大约|约有|约计|约|大概|将近|接近|近|逾|超过|超|不足|不到|至少|不少于|不低于|共计|共|合计)?"
_ARABIC = re.compile(_BEFORE + r"(?P<sign>[+-])?(?P<digits>\d+(?:\.\d*)?|\.\d+)(?P<percent>[%‰])?(?P<more>余|多|来)?" + _SCALE + _AFTER)
_CHINESE_DIGITS = "〇零一二两三四五六七八九壹贰叁肆伍陆柒捌玖貮貳參陸廿卅卌"
_CHINESE = re.compile(
    _BEFORE
    + r"(?P<percent>百分之)?(?P<sign>负)?(?P<digits>[点0-9十百千万亿拾佰仟萬億"
    + _CHINESE_DIGITS
    + r"]*[十百千拾佰仟万亿萬億"
    + _CHINESE_DIGITS
    + r"])(?P<more>余|多|来)?"
    + _SCALE
    + _AFTER
)
_AT_LEAST_ROUND = re.compile(r"(?:上|成)(?P<scale>[百千万亿])" + _AFTER)  # 上百, 上千人
_TWO_OR_THREE = re.compile(r"(?<![〇零一二三四五六七八九])[一二两三四五六七八九]{2}(?![〇零一二三四五六七八九])")  # 三四十, 五六
_TENS = str.maketrans({"廿": "二十", "卅": "三十", "卌": "四十", "貮": "贰", "貳": "贰", "參": "叁", "陸": "陆"})


def read_number(text: str) -> Numeral | None:
    """Read one number, however a clerk writes it: ３５, 1,850, 2.1万元, 约30人, 贰拾, 三万五, 95%, 30余万, 上百; None where it is none.

    Nothing is guessed: ranges (30-40), dates, two digits apart (3 5), 数十 and 三四十 give None. Never raises.
    """
    if len(text) > _LONGEST:
        return None
    met: set[str] = set()
    narrow = text.translate(_WIDE)
    if narrow != text:
        met.add("fullwidth")
    plain = _without_separators(narrow.translate(_SAME), met)
    if plain is None:
        return None
    found = _ARABIC.fullmatch(plain)
    if found is not None:
        return _numeral(found, Decimal(found["digits"]), met)
    found = _AT_LEAST_ROUND.fullmatch(plain)
    if found is not None:
        return _numeral(found, Decimal(1), met | {"chinese"}, roughly="at_least")
    found = _CHINESE.fullmatch(plain)
    if found is None:
        return None
    digits, ending = found["digits"], found["digits"][-1]
    scale = _SCALES[ending] if ending in "万亿萬億" and digits != ending and not found["scale"] else 1
    value = _chinese_value(digits[:-1] if scale > 1 else digits)
    return None if value is None else _numeral(found, value, met | {"chinese"}, ending=ending if scale > 1 else "")


def _without_separators(text: str, met: set[str]) -> str | None:
    """Take thousands separators and harmless spaces out; None where a comma or a space between digits separates no thousands."""
    trimmed = _SPACES.sub(" ", text).strip(" '")
    if len(trimmed) != len(text):
        met.add("spaces")
    groups = _GROUPS.search(trimmed)
    if groups is not None:
        met.add("thousands")
        trimmed = trimmed[: groups.start()] + groups.group().replace(",", "").replace(" ", "") + trimmed[groups.end() :]
    if "," in trimmed or re.search(r"[\d.] [\d.]", trimmed):
        return None
    return trimmed.replace(" ", "")


def _numeral(found: re.Match[str], digits: Decimal, met: set[str], *, roughly: Roughly = "", ending: str = "") -> Numeral:
    """Put the parts of a match together; `ending` is the magnitude that closed Chinese digits."""
    part = found.groupdict()
    magnitude = part.get("scale") or ending
    word = part.get("word") or ""
    hedges = [_HEDGES[said] for name in ("head", "more", "more2", "tail") if (said := part.get(name) or "") in _HEDGES]
    hedge = roughly or (hedges[0] if hedges else roughly)
    value = digits * _SCALES.get(magnitude, 1)
    if part.get("sign") in ("-", "负"):
        value = -value
    if part.get("percent") == "‰":
        value /= 10
    for name, present in (("magnitude", magnitude), ("word", word), ("approximate", hedge), ("percent", part.get("percent"))):
        if present:
            met.add(name)
    return Numeral(value, word, magnitude, _SCALES.get(magnitude, 1), hedge, frozenset(met))


def _chinese_value(digits: str) -> Decimal | None:
    """The value of 一百二十三, 贰拾, 三万五 or 二〇二三; None where the characters make no number."""
    if _TWO_OR_THREE.search(digits):
        return None
    import cn2an  # takes a third of a second, for the rare cell in Chinese numerals

    try:
        return exact(cn2an.cn2an(digits.translate(_TENS), "smart"))
    except (ValueError, KeyError, IndexError, TypeError, InvalidOperation):
        return None
