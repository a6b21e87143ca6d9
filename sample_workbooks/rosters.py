"""Rows of the lists in the sample returns, made from a unit's figures by a fixed rule: as many rows, and the same sums, as it reports.

Nothing in them is real: firms' names are put together from two tables of words, codes start with regions that do not exist (00 and 99),
columns for persons' names stay empty. Only the check digits are right.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from string import ascii_uppercase, digits

_WORDS = (
    *("恒丰", "瑞禾", "昌达", "金穗", "同源", "华岭", "泰和", "新泉", "顺成"),
    *("康岭", "广益", "元盛", "德润", "安泽", "启明", "永和", "丰润"),
)
_TRADES = ("五金厂", "塑料制品厂", "机械配件厂", "服装加工厂", "食品厂", "建材厂", "印刷厂", "木制品厂", "包装厂", "农产品合作社", "物流部")
_HARDSHIPS = ("患病", "子女上学", "单亲", "残疾", "意外灾害")
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: without I, O, S, V, Z
_INNER_ALPHABET = digits + ascii_uppercase  # GB 11714
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
_NEW_YEAR = date(2023, 1, 1)

Row = dict[str, object]


def roster_rows(figures: Mapping[str, float], *, number: int, place: str, many: bool) -> dict[str, list[Row]]:
    """List -> rows for one unit.

    `number`: its place in the table of units; `place`: its name without 工会; `many`: it stands for several firms.
    """
    new, aided, contracts = (int(figures.get(code, 0)) for code in ("A023", "C004", "B001"))
    members = _split(int(figures.get("A024", 0)), new)
    money = _split(round(figures.get("C006", 0) * 1000), aided)  # in tens of yuan
    firms = _split(int(figures.get("B002", contracts)), contracts)
    workers = _split(int(figures.get("B003", 0)), contracts)
    return {
        "新建工会企业名册": [
            {
                "企业名称": _firm(number, row, place),
                "信用代码": credit_code(number, row),
                "建会日期": _day(number, row),
                "会员人数": members[row],
                "联系电话": "0000-0000000",
            }
            for row in range(new)
        ],
        "帮扶职工名册": [
            {
                "身份证号": citizen_number(number, row),
                "所在单位": _firm(number, row // 2, place) if many else place,
                "困难类型": _HARDSHIPS[(number + row) % len(_HARDSHIPS)],
                "帮扶金额": money[row] * 10,
                "帮扶日期": _day(number, row + 3),
            }
            for row in range(aided)
        ],
        "集体合同名册": [
            {
                "单位名称": _firm(number, row + 20, place) if many else place,
                "信用代码": credit_code(number, row + 20),
                "合同类型": "综合性集体合同",
                "签订日期": _day(number, row) - timedelta(days=365),
                "到期日期": _day(number, row) + timedelta(days=730),
                "覆盖企业": firms[row],
                "覆盖职工": workers[row],
            }
            for row in range(contracts)
        ],
    }


def _split(total: int, parts: int) -> list[int]:
    """`total` as `parts` whole numbers as equal as can be."""
    return [total // parts + (part < total % parts) for part in range(parts)]


def _firm(number: int, row: int, place: str) -> str:
    return f"{place}{_WORDS[(number * 5 + row) % len(_WORDS)]}{_TRADES[(number * 3 + row) % len(_TRADES)]}"


def _day(number: int, row: int) -> date:
    return _NEW_YEAR + timedelta(days=(number * 11 + row * 17) % 170)


def credit_code(number: int, row: int) -> str:
    """A unified social credit code that nobody bears: enterprise (91), region 99, both check digits right."""
    body = f"{number:04d}{row:04d}"
    inner = 11 - sum(weight * _INNER_ALPHABET.index(sign) for weight, sign in zip(_INNER_WEIGHTS, body, strict=True)) % 11
    start = f"91990100{body}{'X' if inner == 10 else inner % 11}"
    total = sum(pow(3, place, 31) * _CREDIT_ALPHABET.index(sign) for place, sign in enumerate(start))
    return start + _CREDIT_ALPHABET[-total % 31]


def citizen_number(number: int, row: int) -> str:
    """A citizen number that nobody bears: region 00, right check digit."""
    born = date(1962, 1, 1) + timedelta(days=(number * 997 + row * 613) % 11000)
    start = f"000100{born:%Y%m%d}{number % 10}{row % 100:02d}"
    total = sum(weight * int(sign) for weight, sign in zip(_CITIZEN_WEIGHTS, start, strict=True))
    return start + "10X98765432"[total % 11]
