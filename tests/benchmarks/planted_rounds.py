"""Seeded, realistic rounds of the built-in scheme, built in memory as if they had been read: the present half-year, last year's, its end.

Nothing in them is real: places and firms are put together from words, credit codes begin with region 99, citizen numbers with region 00.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from string import ascii_uppercase, digits
from typing import Any

import numpy as np
import pandas as pd
from openpyxl.utils import get_column_letter
from planted_figures import LEAVES, NOW, Life

from reconcile.files.scheme_files import read_scheme
from reconcile.model.figures import own_figures
from reconcile.model.identity import digest, mask_citizen
from reconcile.model.past import Earlier, Past
from reconcile.model.period import Period
from reconcile.model.round import (
    ADJUSTMENTS_COLUMNS,
    LISTS_COLUMNS,
    REASONS_COLUMNS,
    RETURNS_COLUMNS,
    TEXTS_COLUMNS,
    TYPED_COLUMNS,
    Round,
    State,
)
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.aggregate import aggregate
from reconcile.scheme.form import COLUMNS, FIRST_ROW, FormPlan, Role, plan
from reconcile.scheme.scheme import Scheme

PERIODS = ("2022H1", "2022", "2023H1")
QUARTER = "2023Q1"
COUNTY = "990200"
QUARTERLY = ("A012", "A023", "C004", "C006", "D017", "G002")  # what a county asks for each quarter
NEW_FIRMS, AIDED, CONTRACTS = "新建工会企业名册", "帮扶职工名册", "集体合同名册"
_EPOCH = date(1899, 12, 30)
_SHARE = {"enterprise": 0.4, "village": 0.35, "community": 0.12, "institution": 0.13}
_PLACES = "桐石柳茶河炉竹梅松枫沙泉岭湾塘桥坪溪井林"
_AFTER = "背前头山口坡沟庄冲湖畈田岗店集埠洲坝渡园"
_BRANDS = "恒瑞昌金同华泰新顺康广元德安启永丰隆盛达源和信诚宏嘉利兴佳鼎"
_TRADES = (
    "五金",
    "塑料制品",
    "机械配件",
    "服装",
    "食品",
    "建材",
    "印刷",
    "木业",
    "包装",
    "电子",
    "纺织",
    "铸造",
    "物流",
    "农业开发",
    "化工",
    "家具",
)
_FORMS = ("有限公司", "有限责任公司", "有限公司", "厂", "股份有限公司")
_HARDSHIPS = ("低收入", "患病", "残疾", "单亲", "子女上学", "意外灾害")
_SURNAMES, _GIVEN = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许", "明华芳伟秀英军丽强敏静杰娟涛艳勇玲斌燕鹏"
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015
_INNER_ALPHABET, _INNER_WEIGHTS = digits + ascii_uppercase, (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714
_CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
_TEXTS = {
    "T001": (
        "坚持每月走访职工",
        "建立困难职工台账",
        "开展集体协商",
        "组织技能比武",
        "推进厂务公开",
        "利用夜校培训职工",
        "上门发展会员",
        "召开座谈会听取意见",
    ),
    "T002": ("帮一名职工办理了大病救助", "为一户职工子女联系助学", "调解一起劳动争议", "协助职工追回工资", "为新入会职工办理互助保障"),
    "T003": ("专职人员不足", "小企业建会积极性不高", "经费来源单一", "流动职工难管理", "台账不够规范", "活动场地少"),
    "T004": ("继续做好组建工作", "办好技能竞赛", "开展送清凉活动", "规范职代会", "加强培训", "走访困难职工"),
}

Line = tuple[str, int, str, str, float, str, str]
"""A filled cell of a list: LISTS_COLUMNS after the return."""


@dataclass(frozen=True, slots=True)
class Person:
    """One aided worker."""

    number: str
    name: str


@dataclass
class World:
    """A county with its present round and its past. shocked: units with an honest break; firms: reporting enterprise -> its credit code and
    name; numbers: digest -> the citizen number behind it."""

    scheme: Scheme
    units: UnitTree
    returns: Round
    past: Past
    plans: Mapping[str, FormPlan]
    shocked: frozenset[str]
    firms: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)

    @property
    def leaves(self) -> list[str]:
        """Ids of the returns in which faults are planted: those of the four kinds."""
        return [str(one) for one, unit in self.returns.returns["unit"].items() if self.units[unit].kind in LEAVES]


def credit_code(number: int) -> str:
    """A unified social credit code that nobody bears: enterprise (91), region 99, both check digits right."""
    body = f"{number:08d}"
    inner = 11 - sum(weight * _INNER_ALPHABET.index(sign) for weight, sign in zip(_INNER_WEIGHTS, body, strict=True)) % 11
    start = f"91990200{body}{'X' if inner == 10 else inner % 11}"
    return start + _CREDIT_ALPHABET[-sum(pow(3, place, 31) * _CREDIT_ALPHABET.index(sign) for place, sign in enumerate(start)) % 31]


def citizen_number(rng: np.random.Generator) -> str:
    """A citizen number that nobody bears: region 00, right check digit."""
    start = f"000{rng.integers(100, 999)}{date(1958, 1, 1) + timedelta(days=int(rng.integers(0, 16000))):%Y%m%d}{rng.integers(0, 1000):03d}"
    return start + "10X98765432"[sum(weight * int(sign) for weight, sign in zip(_CITIZEN_WEIGHTS, start, strict=True)) % 11]


@lru_cache(maxsize=1)
def _scheme() -> Scheme:
    return read_scheme(None)


def make_world(seed: int, *, units: int = 300, towns: int = 12) -> World:
    """A county of `units` units of four kinds, in towns; the same for the same seed."""
    scheme, rng = _scheme(), np.random.default_rng(seed)
    maker = _Maker(scheme, rng)
    tree = UnitTree(maker.county(units, towns))
    asked = {kind: frozenset(one.code for one in scheme.asked_of(kind)) for kind in (*LEAVES, "town", "county")}
    lives = {unit.code: Life(unit.kind, asked[unit.kind], np.random.default_rng([seed, row])) for row, unit in enumerate(tree)}
    habits = {unit.code: _habit(lives[unit.code], scheme, np.random.default_rng([seed, row, 1])) for row, unit in enumerate(tree)}
    plans = {kind: plan(scheme, (kind,)) for kind in asked}
    rounds = [_round(scheme, tree, lives, plans=plans, time=time, habits=habits) for time in range(3)]
    lists = [(unit.code, line) for unit in tree if unit.kind in LEAVES for line in maker.lists(unit, lives[unit.code], plans[unit.kind])]
    texts = [(unit.code, code, text) for unit in tree for code, text in maker.texts(unit)]
    now = rounds[NOW]
    returns = replaced(now, lists=_lists(now, lists), texts=_texts(now, texts))
    past = Past([_earlier(one, scheme, tree) for one in (*rounds[:NOW], _quarter(returns, scheme, rng))])
    shocked = frozenset(code for code, life in lives.items() if life.shock)
    return World(scheme, tree, returns, past, plans, shocked, maker.firms, maker.numbers)


def replaced(returns: Round, /, **tables: Any) -> Round:
    """The same round with other tables, and nothing remembered of the old ones."""
    names = ("period", "returns", "values", "states", "typed", "texts", "lists", "reasons", "adjustments", "layouts", "intake")
    return Round(**{name: tables.get(name, getattr(returns, name)) for name in names})


def _earlier(returns: Round, scheme: Scheme, units: UnitTree) -> Earlier:
    totals = aggregate(returns, scheme, units=units, root=COUNTY, findings=(), past=Past())
    table = totals.pivot(index="unit", columns="indicator", values="value")
    return Earlier(returns.period, own=own_figures(returns, scheme.indicators), totals=table, returns=returns)


def _habit(life: Life, scheme: Scheme, rng: np.random.Generator) -> dict[str, State]:
    """How a unit answers what it never does: nearly always the same way. Required cells get a number."""
    usual = rng.choice([State.BLANK, State.NUMBER, State.NIL, State.NOT_APPLICABLE], p=[0.5, 0.38, 0.06, 0.06])
    found = {}
    for code in sorted(life.quiet & life.figures.keys()):
        if scheme.indicators[code].required:
            continue
        found[code] = State(int(usual if rng.random() < 0.93 else State.BLANK))
    for code in ("A013", "A033", "A032", "H002", "B038", "C003"):  # what did not happen is often left out
        if code in life.figures and life.figures[code][NOW] == 0 and rng.random() < 0.3:
            found[code] = State.BLANK
    return found


def _round(
    scheme: Scheme,
    units: UnitTree,
    lives: Mapping[str, Life],
    *,
    plans: Mapping[str, FormPlan],
    time: int,
    habits: Mapping[str, dict[str, State]],
) -> Round:
    """One period's figures, without lists and texts."""
    period = PERIODS[time]
    codes, known = list(scheme.indicators), [unit.code for unit in units]
    column = {code: place for place, code in enumerate(codes)}
    ids = [hashlib.sha256(f"{period} {unit}".encode()).hexdigest()[:16] for unit in known]
    values = np.full((len(ids), len(codes)), np.nan)
    states = np.zeros((len(ids), len(codes)), dtype=np.int8)
    for row, unit in enumerate(known):
        for code in plans[units[unit].kind].rows:
            states[row, column[code]] = State.BLANK
        for code, series in lives[unit].figures.items():
            state = habits[unit].get(code, State.NUMBER) if series[time] == 0 or np.isnan(series[time]) else State.NUMBER
            if np.isnan(series[time]):
                state = State.NOT_APPLICABLE if state is State.NOT_APPLICABLE else State.BLANK
            states[row, column[code]] = state
            values[row, column[code]] = series[time] if state in (State.NUMBER, State.NIL) else np.nan
    index = pd.Index(ids, dtype="str", name="return")
    return Round(
        period=_period(period),
        returns=_register(units, ids, period),
        values=pd.DataFrame(values, index=index, columns=pd.Index(codes, dtype="str")),
        states=pd.DataFrame(states, index=index, columns=pd.Index(codes, dtype="str")),
        typed=_empty(TYPED_COLUMNS),
        texts=_empty(TEXTS_COLUMNS),
        lists=_empty(LISTS_COLUMNS),
        reasons=_empty(REASONS_COLUMNS),
        adjustments=_empty(ADJUSTMENTS_COLUMNS),
        layouts={kind: layout(made) for kind, made in plans.items()},
    )


def layout(made: FormPlan) -> dict[str, tuple[str, str]]:
    """Where each figure of a form stands: code -> (sheet, cell)."""
    return {code: (sheet, f"{get_column_letter(COLUMNS[Role.VALUE])}{row}") for code, (sheet, row) in made.rows.items()}


def _quarter(now: Round, scheme: Scheme, rng: np.random.Generator) -> Round:
    """The first quarter of this year: what a county asks for each quarter, about half of the half-year."""
    values = pd.DataFrame(np.nan, index=now.values.index, columns=now.values.columns)
    states = pd.DataFrame(np.int8(State.ABSENT), index=now.states.index, columns=now.states.columns)
    for code in QUARTERLY:
        whole = now.values[code].to_numpy()
        share = rng.beta(8, 9, len(whole))
        part = np.where(np.isnan(whole), np.nan, np.minimum(whole, np.round(whole * share, scheme.indicators[code].decimals)))
        values[code], states[code] = part, np.where(np.isnan(whole), State.BLANK, State.NUMBER).astype(np.int8)
    return replaced(now, period=_period(QUARTER), values=values, states=states, lists=_empty(LISTS_COLUMNS), texts=_empty(TEXTS_COLUMNS))


def _period(written: str) -> Period:
    found = Period.parse(written)
    if found is None:
        raise SystemExit(f"no period: {written}")
    return found


def _empty(columns: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series([], dtype=dtype) for name, dtype in columns.items()})


def _register(units: UnitTree, ids: list[str], period: str) -> pd.DataFrame:
    rows = []
    for unit, one in zip(units, ids, strict=True):
        row = dict.fromkeys(RETURNS_COLUMNS, "")
        row |= {"file": f"{units.name(unit.parent) or '县'}/{unit.name}.xlsx", "sha256": hashlib.sha256(one.encode()).hexdigest()}
        row |= {"unit": unit.code, "cover_name": unit.name, "scope": "本级", "period": period, "filled_on": f"{period[:4]}-07-05"}
        rows.append(row | {"layout": unit.kind, "standing": "counted"})
    return pd.DataFrame(rows, index=pd.Index(ids, dtype="str"), columns=list(RETURNS_COLUMNS)).astype(RETURNS_COLUMNS)


def _lists(now: Round, lines: list[tuple[str, Line]]) -> pd.DataFrame:
    ids = dict(zip(now.returns["unit"], now.returns.index, strict=True))
    return pd.DataFrame([(ids[unit], *line) for unit, line in lines], columns=list(LISTS_COLUMNS)).astype(LISTS_COLUMNS)


def _texts(now: Round, lines: list[tuple[str, str, str]]) -> pd.DataFrame:
    ids = dict(zip(now.returns["unit"], now.returns.index, strict=True))
    return pd.DataFrame([(ids[unit], code, text) for unit, code, text in lines], columns=list(TEXTS_COLUMNS)).astype(TEXTS_COLUMNS)


class _Maker:
    """Names, lists and texts. `firms` and `numbers` as in World."""

    def __init__(self, scheme: Scheme, rng: np.random.Generator) -> None:
        self.scheme, self.rng = scheme, rng
        self.firms: dict[str, tuple[str, str]] = {}
        self.numbers: dict[str, str] = {}
        self._codes = iter(range(10_000_000, 99_000_000, 7919))
        self._brands = self._names()
        self._places = iter([f"{first}{second}" for first in rng.permutation(list(_PLACES)) for second in rng.permutation(list(_AFTER))])

    def _names(self) -> Iterator[str]:
        made = [f"{first}{second}{trade}" for first in _BRANDS for second in _BRANDS if first != second for trade in _TRADES]
        return iter(self.rng.permutation(made).tolist())

    def county(self, count: int, towns: int) -> Iterator[Unit]:
        """The county, its towns, and the units of four kinds."""
        yield Unit(COUNTY, "桐泉县总工会", "county")
        names = [f"{next(self._places)}镇" for _ in range(towns)]
        for town, name in enumerate(names):
            yield Unit(f"{COUNTY}{town:02d}", f"{name}总工会", "town", COUNTY)
        kinds = self.rng.choice(list(_SHARE), size=count, p=list(_SHARE.values()))
        for number, kind in enumerate(kinds.tolist()):
            town = int(self.rng.integers(towns))
            parent, code = f"{COUNTY}{town:02d}", f"{COUNTY}{town:02d}{number:04d}"
            if kind == "enterprise":
                place = ("桐泉", "桐泉县", names[town].removesuffix("镇"), "")[int(self.rng.integers(4))]
                name, credit = self.firm(place), credit_code(next(self._codes))
                code = credit if number % 2 else code  # some counties number their enterprises by the credit code
                self.firms[code] = (credit, name)
                yield Unit(code, f"{name}工会", kind, parent)
            elif kind == "institution":
                yield Unit(
                    code, f"{names[town]}{next(self._places)}{self.rng.choice(['小学', '中学', '卫生院', '文化站'])}工会", kind, parent
                )
            else:
                yield Unit(code, f"{next(self._places)}{'村' if kind == 'village' else '社区'}工会", kind, parent)

    def firm(self, place: str) -> str:
        """A firm's name that no other firm of the county bears."""
        return f"{place}{next(self._brands)}{self.rng.choice(_FORMS)}"

    def texts(self, unit: Unit) -> Iterator[tuple[str, str]]:
        """Short texts: set phrases in an order and with figures of their own."""
        for code, phrases in _TEXTS.items():
            if self.rng.random() < 0.7:
                chosen = self.rng.permutation(phrases)[: int(self.rng.integers(2, 5))]
                yield (
                    code,
                    "；".join(f"{phrase}{self.rng.integers(1, 30)}次" if self.rng.random() < 0.3 else str(phrase) for phrase in chosen)
                    + "。",
                )
        if unit.kind in LEAVES and self.rng.random() < 0.3:
            yield "T006", "会费收支每半年在公开栏公布一次。"

    def lists(self, unit: Unit, life: Life, made: FormPlan) -> Iterator[Line]:
        """The rows of a unit's lists, which add up to its figures."""
        place = unit.name.removesuffix("工会")
        firms = [
            (self.firm(place[:2]), credit_code(next(self._codes))) for _ in range(max(len(life.new_members), len(life.contracts), 1) + 2)
        ]
        if unit.code in self.firms:
            firms[0] = self.firms[unit.code][::-1]
        for row, members in enumerate(life.new_members):
            name, code = firms[-1 - row]
            cells = {"企业名称": name, "信用代码": code, "建会日期": self.day(), "会员人数": members, "工会主席": self.person().name}
            yield from rows_of(self.scheme, made, NEW_FIRMS, row, cells)
        for row, amount in enumerate(life.amounts):
            who = self.person()
            where = firms[int(self.rng.integers(len(firms)))][0] if unit.kind in ("village", "community") else place
            cells = {"姓名": who.name, "身份证号": who.number, "所在单位": where, "困难类型": str(self.rng.choice(_HARDSHIPS))}
            yield from rows_of(self.scheme, made, AIDED, row, cells | {"帮扶金额": amount, "帮扶日期": self.day()})
        for row, (covered, heads) in enumerate(life.contracts):
            name, code = firms[row]
            cells = {
                "单位名称": name,
                "信用代码": code,
                "合同类型": "综合性集体合同",
                "签订日期": self.day(2022),
                "到期日期": self.day(2024),
            }
            yield from rows_of(self.scheme, made, CONTRACTS, row, cells | {"覆盖企业": covered, "覆盖职工": heads})

    def person(self) -> Person:
        """Somebody who does not exist."""
        name = str(self.rng.choice(list(_SURNAMES))) + "".join(self.rng.choice(list(_GIVEN), 2))
        number = citizen_number(self.rng)
        self.numbers[digest(number, self.scheme.digest_key)] = number
        return Person(number, name)

    def day(self, year: int = 2023) -> date:
        """A day of the first half-year."""
        return date(year, 1, 5) + timedelta(days=int(self.rng.integers(0, 170)))


def rows_of(scheme: Scheme, made: FormPlan, roster: str, row: int, cells: Mapping[str, object]) -> Iterator[Line]:
    """One row of a list as reading makes it: personal numbers masked, dates as serials."""
    if roster not in made.lists:
        return
    columns = {column.column: (place, column) for place, column in enumerate(scheme.rosters[roster].columns)}
    for name, value in cells.items():
        place, column = columns[name]
        at = f"{made.lists[roster]}!{get_column_letter(place + 2)}{FIRST_ROW + row}"
        text, number, mark = str(value), np.nan, ""
        if isinstance(value, date):
            number = float((value - _EPOCH).days)
        elif isinstance(value, (int, float)):
            number = float(value)
            text = str(int(number)) if number.is_integer() else repr(number)
        elif column.type == "citizen_number":
            text, mark = mask_citizen(text), digest(text, scheme.digest_key)
        yield roster, FIRST_ROW + row, name, text, number, at, mark
