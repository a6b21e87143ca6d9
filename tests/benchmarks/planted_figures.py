"""Figures of one made-up unit over three points in time, consistent as a careful clerk's are. Knows nothing of how faults are found.

Each series holds the same half-year of last year, the whole of last year (for stocks: its end), and the present half-year. Sizes are
lognormal, counts of what happens are Poisson with some spread of their own around a level that a unit keeps, stocks move little and often
not at all, many cells are zero or left blank for good, and now and then a unit closes half its shops or runs a campaign.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]
NOW = 2
LEAVES = ("enterprise", "village", "community", "institution")

# What happens in a half-year, unrelated to other cells: code, driver, mean a unit of the driver, spread between units (sigma of the log),
# share of units that do it at all.
HAPPENS = """
A047 one 1 .2 .7|A049 one 4 .5 .8|A027 one 0.8 .4 .5|A028 one 0.3 .3 .2|B021 one 1.2 .4 .5|B032 one 1 .2 .8|B039 one 6 .6 .7
C012 workers .12 .6 .6|C015 one 2 .6 .5|C016 one 14 .8 .6|C017 one 9 .7 .6|C018 one 4 .6 .6|C019 one 22 .8 .6|C020 one 3 .6 .5
C028 one 30 .7 .6|C036 one 1.5 .6 .5|C038 workers .3 .5 .5|C045 one 18 .8 .6|C047 one 9 .8 .5|C048 one 20 .7 .5|C050 one 1 .5 .3
C063 workers .25 .6 .5|D014 one 1.2 .8 .3|D018 workers .03 .6 .4|D021 one 6 .7 .5|D029 one .5 .4 .3|D030 workers .015 .5 .6
D031 one 1 .5 .5|E001 members .6 .7 .7|E002 members .12 .7 .5|E006 one 5 .8 .6|E007 one 4 .4 .6|E008 one 7 .7 .6|E010 one 1.6 .4 .7
E018 one 4 .6 .6|F003 one 3 .6 .5|F004 one 3 .7 .5|F005 one 14 .8 .6|F006 one 5 .7 .6|F019 one 4 .5 .7|F023 workers .02 .8 .4
G014 one 12 .8 .6|H008 one 2 .4 .7|A044 one 1 .4 .7|A046 one 25 .5 .8|A048 one 3 .4 .8|C003 one 2 .7 .5|C009 one 30 .6 .8
C013 one 12 .6 .7|C014 one 6 .6 .7|C021 one 4 .5 .6|C022 one 8 .5 .6|C046 one 150 .7 .8|C049 one 2 .4 .7|C062 one 10 .5 .7
D026 one 3 .5 .3|E005 one 6 .7 .7|E009 one 4 .6 .7|F011 one 3 .5 .4|F024 one 3 .6 .3|G015 one 3 .6 .5|G018 one 2 .6 .4|G019 one 30 .7 .7
D028 one 1 .4 .5|D027 one 2 .5 .5|C051 one 2 .5 .05
"""
# What there is on the last day, unrelated to other cells: code, driver, level, spread, share of units that have it, how often it stays.
STANDS = """
A004 one 1 0 .9 .97|A034 one 1.2 .4 .4 .8|A038 one 1.4 .4 .6 .85|A039 one 3 .4 .9 .75|A042 workers .045 .2 .8 .6|A043 one 1 0 .7 .95
A026 one 1 .5 .3 .7|B016 one 1 .4 .5 .9|B018 one 1 .3 .4 .9|B040 one 1 .2 .3 .95|B041 one 1 .2 .4 .95|D015 one .8 .4 .3 .9
E016 one 3 .5 .5 .8|E017 one 1 .2 .6 .9|F010 one 1 .6 .2 .9|F015 one 1 .2 .6 .95|G009 one 1.2 .3 .7 .9|H023 one 1 .3 .7 .9
H024 one 2 .4 .6 .8|H026 one 1 .2 .6 .9|A005 one 3 .4 .9 .8|A006 one 40 .4 .9 .4|A041 one 3 .4 .8 .8|A050 one 8 .2 .9 .7
B019 one 4 .4 .8 .7|B020 one 30 .4 .8 .4|B022 one 4 .4 .8 .8|B031 one 2 .4 .7 .8|C054 one 12 .4 .8 .5|C060 one 4 .4 .5 .7
D019 one 2 .4 .6 .8|D020 one 2 .4 .5 .7|G010 one 9 .4 .8 .7|G011 one 3 .4 .6 .9|H009 one 4 .4 .7 .8|H017 one 14 .5 .7 .5|E020 one 2 .3 .5 .9
C052 one 12 .6 .05 .8|C053 one 90 .7 .05 .6|E021 one 20 .4 .5 .6
"""
# Occasions with those who came: occasions, heads, mean occasions, heads an occasion as a share of the workers, most heads an occasion, share.
ATTENDED = """
D016 D017 1.6 .35 60 .75|D001 D002 1.1 .3 80 .5|D005 D006 .9 .12 40 .45|E011 E012 5 .5 50 .7|E013 E014 2.2 .4 90 .75|E003 E004 1 .2 70 .4
F007 F008 1.4 .35 80 .6|F017 F018 1.5 .4 60 .6|G012 G013 1.8 .3 60 .6|A044 A045 1.2 .3 50 .8|E022 E023 9 .6 120 .4|E018 E019 4 .1 20 .6
"""
# Parts of something: code, whole, lowest and highest share, share of units that report it.
PARTS = """
A017 A014 .01 .12 .6|A018 A014 .55 1 .8|A035 A001 .3 1 .7|A036 A001 .1 .6 .5|A029 A001 .3 .9 .5|A037 A001 .05 .5 .3|A052 A012 .3 1 .5
B033 A008 .05 .1 .8|B017 A009 .6 1 .5|C055 A008 .3 .9 .7|F012 A007 .2 .8 .5|F014 A008 .4 1 .5|F016 A008 .01 .04 .6|H001 A001 .4 1 .7
H005 A009 .3 .9 .5|H006 A009 .2 .8 .5|B042 A008 .93 1 .8|H007 C004 .2 .6 .5|B037 A007 .3 1 .7|C033 A008 .02 .1 .7|C029 A008 .01 .06 .7|B027 A007 .6 1 .9
G001 A008 .01 .06 .7|D007 A008 .03 .15 .6|F020 A008 .02 .08 .6|B035 A008 .01 .05 .6|F013 A042 .3 .9 .4|H012 A014 .7 1 .7
A020 A007 .7 1 .9|B004 A007 .6 1 .8|C007 C004 .2 .7 .6|C025 C004 .1 .4 .5
"""
# Parts of those parts, in the same way.
SMALLER_PARTS = """
B034 B033 .2 .5 .9|B036 B035 .5 1 .9|B043 B042 .85 1 1|D008 D007 .3 .8 1|D009 D008 .5 1 1|F021 F020 .7 1 1|G002 G001 .2 .7 1|G003 G002 .7 1 1
G005 G002 .2 .8 1|G006 G005 .6 1 1|G008 G005 0 .1 1|C032 C033 .4 .7 1|A021 A020 .7 1 1|B005 B004 .6 1 1|B009 B008 .5 1 1|H003 A001 .7 1 .8
B028 B027 .5 1 1|C054 A007 .2 .6 .8
"""


def _lines(table: str) -> list[list[str]]:
    return [entry.split() for line in table.strip().splitlines() for entry in line.split("|")]


class Life:
    """One unit's figures. `figures`: code -> series, only of what its kind is asked; `quiet`: codes of what the unit never does."""

    def __init__(self, kind: str, asked: frozenset[str], rng: np.random.Generator) -> None:
        self.kind, self.asked, self.rng = kind, asked, rng
        self.figures: dict[str, Series] = {}
        self.quiet: set[str] = set()
        self.shock = ""
        self.factors: dict[str, float] = {}
        self.amounts: list[int] = []
        self.new_members: list[int] = []
        self.contracts: list[tuple[int, int]] = []
        if kind in LEAVES and rng.random() < 0.01:
            self._shock()
        self._organisation() if kind in LEAVES else self._office()
        self._bulk()
        for section in (self._unions, self._contracts, self._aid, self._money, self._rates):
            section()
        self.figures = {code: series for code, series in self.figures.items() if code in asked}

    def _shock(self) -> None:
        """An honest break: a closure of shops, or a campaign in one field."""
        self.shock = str(self.rng.choice(["closure", "campaign"]))
        if self.shock == "campaign":
            self.factors[str(self.rng.choice(list("CDEF")))] = float(self.rng.uniform(2, 4))

    def _put(self, code: str, series: Series, *, quiet: bool = False) -> Series:
        self.figures[code] = series
        if quiet:
            self.quiet.add(code)
        return series

    def _never(self, *codes: str) -> None:
        for code in codes:
            self._put(code, np.zeros(3), quiet=True)

    def _get(self, code: str) -> Series:
        return self.figures.get(code, np.zeros(3))

    def _count(self, mean: float) -> float:
        """A count around `mean`: Poisson, with a spread of 15 % of its own."""
        return float(self.rng.poisson(max(mean, 0) * self.rng.gamma(44, 1 / 44))) if mean > 0 else 0.0

    def flow(self, code: str, mean: float) -> Series:
        """What happens: two half-years of last year, one of this."""
        growth = float(np.exp(self.rng.normal(0.06, 0.06)))
        first, second = self._count(mean), self._count(mean)
        return np.array([first, first + second, self._count(mean * growth * self.factors.get(code[0], 1))])

    def stock(self, level: float, stays: float) -> Series:
        """What there is: it stays, or moves by a few per cent, at least by one."""
        made = [max(round(level), 0)]
        for _ in range(2):
            moved = round(made[-1] * (1 + self.rng.normal(0.03, 0.05)))
            step = moved if moved != made[-1] else made[-1] + int(self.rng.choice([-1, 1, 1]))
            made.append(made[-1] if self.rng.random() < stays else max(step, 0))
        return np.array(made, dtype=float)

    def part(self, whole: Series, low: float, high: float) -> Series:
        """A share of a whole that a unit keeps, give or take three per cent of itself."""
        share = self.rng.uniform(low, high)
        return np.minimum(np.array([round(value * min(share * self.rng.normal(1, 0.03), 1)) for value in whole], dtype=float), whole)

    def _organisation(self) -> None:
        """Workers and members, as a chain from the end of the year before last."""
        rng = self.rng
        level = {"enterprise": 130, "village": 260, "community": 420, "institution": 90}[self.kind]
        opening0 = max(round(rng.lognormal(np.log(level), 0.9)), 8)
        coverage = rng.uniform(0.82, 0.995)
        unions = {"village": 1 + rng.poisson(3 * opening0 / 260), "community": 1 + rng.poisson(4)}.get(self.kind, 1)
        new = self.flow("A023", 0.15 * unions if self.kind in ("village", "community") else 0)
        self.new_members = [int(count) for count in rng.integers(4, 20, int(new[NOW]))]
        fresh = np.array([new[0] * 11, new[1] * 11, sum(self.new_members)], dtype=float)
        joined = self.flow("A012", 0.045 * opening0) + fresh
        left = self.flow("A013", 0.025 * opening0)
        if self.shock == "closure":
            left[NOW] += round(opening0 * rng.uniform(0.5, 0.65))
        opening1 = opening0 + joined[1] - left[1]
        opening = np.array([opening0, opening0, opening1], dtype=float)
        members = opening + joined - left
        workers = np.maximum(np.array([round(value / (coverage + rng.normal(0, 0.004))) for value in members]), members)
        self.figures |= {"A023": new, "A024": fresh, "A012": joined, "A013": left, "A011": opening, "A014": members, "A008": workers}
        women = self._put("A009", self.part(workers, 0.2, 0.65))
        self._put("A015", np.minimum(self.part(members, 0.2, 0.65), women))
        migrants = self._put("A010", self.part(workers, 0.1, 0.7))
        self._put("A016", np.minimum(np.minimum(np.round(migrants * rng.uniform(0.7, 0.98)), members), migrants))
        grown = np.array([unions, unions + new[1] - new[0], unions + new[1] - new[0] + new[NOW]], dtype=float)
        self._put("A001", grown)
        several = self.kind in ("village", "community")
        firms = np.round(grown * rng.uniform(1.2, 2.5)) if several else np.ones(3)
        self._put("A007", np.maximum(np.maximum(firms, grown), np.maximum.accumulate(firms)))

    def _office(self) -> None:
        """A town or county as a reporter of its own work: its heads only drive other figures and stand on no form."""
        size = 220.0 if self.kind == "town" else 600.0
        self.figures |= {"A008": np.full(3, size), "A014": np.full(3, size), "A001": np.full(3, 5.0), "A007": np.full(3, 30.0)}

    def _bulk(self) -> None:
        """All that the tables say."""
        rng = self.rng
        drivers = {"one": 1.0, "workers": float(self._get("A008")[0]), "members": float(self._get("A014")[0])}
        for code, driver, mean, spread, active in _lines(HAPPENS):
            level = float(mean) * drivers[driver] * float(np.exp(rng.normal(0, float(spread))))
            self._maybe(float(active), (code,), lambda code=code, level=level: self._put(code, self.flow(code, level)))
        for code, driver, mean, spread, active, stays in _lines(STANDS):
            level = max(float(mean) * drivers[driver] * float(np.exp(rng.normal(0, float(spread)))), 1)
            self._maybe(
                float(active), (code,), lambda code=code, level=level, stays=stays: self._put(code, self.stock(level, float(stays)))
            )
        for times, heads, mean, share, most, active in _lines(ATTENDED):
            each = min(drivers["workers"] * float(share) * float(np.exp(rng.normal(0, 0.3))), float(most)) + 3
            level = float(mean) * float(np.exp(rng.normal(0, 0.3)))
            self._maybe(
                float(active),
                (times, heads),
                lambda times=times, heads=heads, level=level, each=each: self._attended(times, heads, level, each),
            )

    def _maybe(self, active: float, codes: tuple[str, ...], make: Callable[[], object]) -> None:
        if not self.asked.isdisjoint(codes):
            if self.rng.random() < active:
                make()
            else:
                self._never(*codes)

    def _attended(self, times: str, heads: str, level: float, each: float) -> None:
        held = [
            round(level * self.rng.lognormal(0, 0.25) + self.rng.uniform(-0.4, 0.4)) for _ in range(3)
        ]  # planned, so steadier than chance
        held[NOW] = round(held[NOW] * self.factors.get(times[0], 1))
        occasions = np.maximum(np.array([held[0], held[0] + held[1], held[NOW]], dtype=float), 0)
        came = [max(round(float(number * each * self.rng.lognormal(0, 0.1))), int(2 * number)) for number in occasions]
        came[1] = max(came[1], came[0] + (occasions[1] > occasions[0]))
        self._put(times, occasions)
        self._put(heads, np.array(came, dtype=float))

    def _parts(self, table: str) -> None:
        for code, whole, low, high, active in _lines(table):
            if code in self.asked and whole in self.quiet:
                self._never(code)
            else:
                self._maybe(
                    float(active),
                    (code,),
                    lambda code=code, whole=whole, low=low, high=high: self._put(
                        code, self.part(self._get(whole), float(low), float(high))
                    ),
                )

    def _unions(self) -> None:
        """Unions by kind, those that should be founded, and whatever is a part of something."""
        if self.kind in LEAVES:
            joint = self.part(self._get("A001"), 0, 0.3)
            self._put("A003", joint)
            self._put("A002", self._get("A001") - joint - (self._get("A001") > 5))
        done = np.minimum(self._get("A023"), self.rng.poisson(0.6))
        forming, idle = self.stock(self.rng.poisson(1.2), 0.5), self.stock(self.rng.poisson(1.5), 0.5)
        self.figures |= {"A031": done, "A032": forming, "A033": idle, "A030": done + forming + idle}
        self._put("A025", np.round(self._get("A023") * self.rng.uniform(1, 1.6)))
        self._put("B008", self.flow("B008", 1.5))
        heads, both = self._get("A038"), self._get("A039")
        self._put("A040", heads + both)

    def _contracts(self) -> None:
        rng = self.rng
        several = self.kind in ("village", "community")
        for papers, firms, workers, active in (("B001", "B002", "B003", 0.75), ("B010", "B011", "B012", 0.65)):
            if rng.random() > active:
                self.figures |= {code: np.zeros(3) for code in (papers, firms, workers)}
                continue
            written = self.stock(1 + rng.poisson(2), 0.6) if several else np.ones(3)
            covered = written + np.round(written * rng.uniform(0, 1.5)) if several else written.copy()
            share = rng.uniform(0.5, 0.95)
            protected = np.where(written > 0, np.maximum(np.round(self._get("A008") * share), 1), 0)
            self.figures |= {papers: written, firms: np.where(written > 0, covered, 0), workers: protected}
        self._parts(PARTS)
        self._parts(SMALLER_PARTS)
        if self.kind in ("enterprise", "institution"):
            self._put("B027", np.ones(3))
            self._put("B028", np.full(3, float(rng.random() < 0.85)))
            self._put("B037", np.full(3, float(rng.random() < 0.85)))
        unions = self._get("A023")
        signed = unions + np.array([2, 4, rng.poisson(2)])
        start = 2.0 + rng.poisson(3)
        at_end = start + signed[1]
        self.figures |= {"B013": np.array([start, start, at_end]), "B014": signed, "B015": np.array([start, start, at_end]) + signed}
        congress = np.minimum(self.flow("B030", 0.4), np.minimum(unions, self._get("B028")))
        self._put("B030", np.array([congress[0], max(congress[0], congress[1]), congress[NOW]]))
        self._put("B038", self.flow("B038", 0.5))
        self._put("H002", np.minimum(self.flow("H002", 0.4), self._get("H001")))
        if rng.random() < 0.5:
            before = np.round(self._get("A008") * rng.uniform(3200, 6200) * rng.lognormal(0, 0.02, 3))
            self.figures |= {"B023": before, "B024": np.round(before * (1 + rng.uniform(0.02, 0.09, 3)))}
        else:
            self._never("B023", "B024")
        self.contracts = self._rows_of_contracts()

    def _rows_of_contracts(self) -> list[tuple[int, int]]:
        """Firms and workers of each contract: uneven, adding up to what the form says."""
        written, firms, workers = (int(self._get(code)[NOW]) for code in ("B001", "B002", "B003"))
        if not written:
            return []
        spare = self.rng.multinomial(max(firms - written, 0), [1 / written] * written)
        heads = self.rng.multinomial(workers, self.rng.dirichlet(np.full(written, 3.0)))
        return [(1 + int(extra), int(count)) for extra, count in zip(spare, heads, strict=True)]

    def _aid(self) -> None:
        """Those aided: heads, visits, money, the list's rows."""
        rng = self.rng
        several = self.kind in ("village", "community")
        poor = self._put("C002", self.stock(max(rng.poisson(self._get("A008")[0] * 0.015), 0), 0.5))
        self._put("C001", np.minimum(poor, np.round(poor * rng.uniform(0.8, 1))))
        if rng.random() < 0.15:
            self.figures |= {code: np.zeros(3) for code in ("C004", "C005", "C006", "C007", "C008", "C010", "H007", "C025")}
        else:
            aided = np.minimum(self.flow("C004", 0.02 * self._get("A008")[0] + 1.5), self._get("A008"))
            each = rng.choice([300, 400, 500, 600, 800, 1000, 1500])
            self.amounts = [int(each * rng.choice([0.5, 1, 1, 1, 2]) // 100 * 100) or 100 for _ in range(int(aided[NOW]))]
            paid = [round(float(count * each * 1.1 * rng.lognormal(0, 0.1)) / 100) * 100 for count in aided[:2]]
            money = np.array([paid[0], max(paid), sum(self.amounts)], dtype=float)
            special = self.part(aided, 0.2, 0.6) if "C007" in self.asked else np.zeros(3)
            relief = [float(money[0] * 0.3 // 10 * 10), float(money[1] * 0.3 // 10 * 10), float(sum(self.amounts[: int(special[NOW])]))]
            self.figures |= {"C004": aided, "C006": np.round(money / 10000, 2), "C007": special, "C008": np.where(special > 0, relief, 0)}
            self._put("C005", aided + np.round(aided * rng.uniform(0, 0.8)))
            self._put("C010", np.round(self._get("C005") * rng.uniform(0.5, 1)))
            self._put("H007", self.part(aided, 0.2, 0.6))
            self._put("C025", self.part(aided, 0.05, 0.3))
        if rng.random() < 0.4:
            pupils = self.flow("C023", 3)
            self.figures |= {"C023": pupils, "C024": np.round(pupils * rng.choice([0.1, 0.2, 0.3, 0.5]), 2)}
        else:
            self._never("C023", "C024")
        jobs = [self.flow(code, 2.5) for code in ("C039", "C040", "C041")]
        points = self.flow("C042", 0.5)
        at_points = np.array([number + self._count(number) for number in points])
        self.figures |= {
            "C039": jobs[0],
            "C040": jobs[1],
            "C041": jobs[2],
            "C042": points,
            "C043": at_points,
            "C044": sum(jobs) + at_points,
        }
        heads = self._get("C029")
        self._put("C028", np.round(heads * rng.uniform(0.4, 0.8)))
        self._put("C030", np.round(heads * rng.uniform(180, 420) * rng.lognormal(0, 0.03, 3)))
        self._put("C034", np.round(self._get("C033") * rng.uniform(250, 520) * rng.lognormal(0, 0.03, 3)) if several else np.zeros(3))
        wages = self.flow("G016", 2) if rng.random() < 0.35 else np.zeros(3)
        if self.kind in LEAVES:
            wages[1:] *= wages[0] > 0  # who never did, does not
        self.figures |= {"G016": wages, "G017": np.round(wages * rng.uniform(0.3, 1.5) * rng.lognormal(0, 0.1, 3) + 0.01 * (wages > 0), 2)}
        if not wages.any():
            self._never("G016", "G017")
        norms = {"C037": 380.0, "B026": 1900.0, "H010": float(rng.choice([20, 30, 35, 40])), "C059": 60.0}
        self.figures |= {code: np.full(3, value) for code, value in norms.items()}
        self.figures |= {"A051": np.full(3, 5.0), "F001": np.full(3, 6.0), "F002": np.full(3, 4.0), "F009": np.ones(3)}

    def _yearly(self, level: float, spread: float) -> Series:
        """Money that comes in through the year: cents kept, growth as wages grow."""
        first, second = level * self.rng.lognormal(0, spread, 2)
        return np.round(np.array([first, first + second, level * 1.06 * self.rng.lognormal(0, spread)]), 2)

    def _money(self) -> None:
        rng, size = self.rng, float(self._get("A008")[0])
        for code, times, each, active in (("D003", "D001", 0.05, 0.5), ("D010", "D009", 0.4, 0.7), ("D012", "D011", 2.5, 0.8)):
            done = self._get(times) if times != "D011" else self._put("D011", self.flow("D011", 1.2))
            gained = np.round(done * each * (size**0.5) * rng.lognormal(0, 0.4) * rng.lognormal(0, 0.15, 3), 2)
            self._put(code, np.where(done > 0, gained, 0) * (rng.random() < active))
        self._put("D013", np.round(self._get("D003") + self._get("D010") + self._get("D012"), 2))
        self._put("D004", np.where(self._get("D001") > 0, self._yearly(0.004 * size, 0.15), 0))
        dues = rng.choice([30, 60, 90, 120])
        self._put("H011", np.round(self._get("H012") * dues))
        self._put("C027", self._yearly(size * rng.uniform(15, 60), 0.2) if rng.random() < 0.4 else np.zeros(3), quiet=False)
        self._put("H014", self._yearly(size * 0.045, 0.06))
        income = self._yearly(size * 0.06, 0.08)
        self._put("H020", income)
        spent = self._put("H021", np.round(income * rng.uniform(0.5, 0.95, 3), 2))
        self._put("H022", np.round(spent * rng.uniform(0.3, 0.7, 3), 2))
        target = np.full(3, round(size * 0.2, 1)) * np.array([1, 1, 1.05])
        self.figures |= {"H013": np.round(target, 2), "H015": np.round(target * np.array([0.52, 1.02, rng.uniform(0.48, 0.6)]), 2)}
        for code, level in (
            ("C011", 0.25),
            ("C026", 0.9),
            ("C056", 3),
            ("C058", 1.1),
            ("C061", 9),
            ("C064", 1.5),
            ("E015", 1),
            ("H018", 5),
            ("H019", 20),
        ):
            self._put(code, self._yearly(level, 0.15))
        self._put("C011", np.round(self._get("C006") * 0.5, 2))
        self._put("C010", np.maximum(self._get("C010"), self._get("C009")) if self.kind not in LEAVES else self._get("C010"))
        self._put("C057", self.flow("C057", 12) + 1)
        self._put("H018", np.round(self._get("H015") * 0.3, 2))
        self._put("H025", self.flow("H025", 60 * max(float(self._get("H024")[0]), 0)))
        honoured = [self.flow(code, 0.5) for code in ("D022", "D023", "D024")]
        self.figures |= {"D022": honoured[0], "D023": honoured[1], "D024": honoured[2], "D025": honoured[0] + honoured[1] + honoured[2]}

    def _rates(self) -> None:
        rates = {
            **{
                "A019": ("A014", "A008"),
                "A022": ("A021", "A020"),
                "B006": ("B005", "B004"),
                "B007": ("B003", "A008"),
                "B029": ("B028", "B027"),
            },
            **{
                "B044": ("B043", "B042"),
                "F022": ("F021", "F020"),
                "G004": ("G003", "G002"),
                "G007": ("G006", "G005"),
                "H004": ("H001", "H003"),
            },
            "H016": ("H015", "H013"),
        }
        if self.kind in LEAVES:
            self._put("H003", np.maximum(self._get("H003"), self._get("H001")))
        for code, (part, whole) in rates.items():
            unknown = bool(self.quiet & {part, whole})
            self._put(code, ratio(self._get(part) * 100, np.zeros(3) if unknown else self._get(whole), 1), quiet=unknown)
        self._put("B025", ratio((self._get("B024") - self._get("B023")) * 100, self._get("B023"), 1), quiet="B023" in self.quiet)
        self._put("C035", ratio(self._get("C034"), self._get("C033"), 2), quiet="C033" in self.quiet)
        self._put("C031", ratio(self._get("C030"), self._get("C029"), 2), quiet="C029" in self.quiet)


def ratio(part: Series, whole: Series, digits: int) -> Series:
    """Part over whole, rounded half up; NaN where there is no whole."""
    with np.errstate(divide="ignore", invalid="ignore"):
        made = np.floor(part / whole * 10**digits + 0.5 + 1e-9) / 10**digits
    return np.where(whole > 0, np.round(made, digits), np.nan)
