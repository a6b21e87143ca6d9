"""Tally (对账): the totals that units reported themselves against those computed from below."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from reconcile.model.figures import from_micros, micros
from reconcile.model.finding import Finding
from reconcile.model.indicator import Indicator, Kind
from reconcile.model.outcome import DIFFERENCES_COLUMNS, Tallied
from reconcile.model.round import Round, Standing
from reconcile.model.unit import UnitTree
from reconcile.scheme.expression import GUARD
from reconcile.scheme.rules import rounding_tolerance
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.wording import amount, finding

_COMPARED_KINDS = (Kind.FLOW, Kind.STOCK, Kind.RATE)


def tally(returns: Round, totals: pd.DataFrame, scheme: Scheme, *, units: UnitTree) -> Tallied:
    """Compare each return of scope 汇总 that is not added with the total of its unit, which is computed without it.

    `differences` (DIFFERENCES_COLUMNS) has a row for each flow, stock and rate that the return gives and that is not exactly the computed
    total; where nobody below reported it, computed and difference are NaN. Beyond the tolerance of its measure a difference is a finding
    (@difference): 0 for heads; for rounded measures (n + 1) / 2 of the last digit, at most 5, n being the figures added (none for a rate).
    """
    compared = returns.returns[returns.returns["standing"] == Standing.COMPARED]
    codes = [code for code, one in scheme.indicators.items() if one.kind in _COMPARED_KINDS]
    ids = [str(one) for one in compared.index]
    rows = totals[totals["unit"].isin(compared["unit"]) & totals["indicator"].isin(codes)]
    computed = {str(unit): part.set_index("indicator") for unit, part in rows.groupby("unit")}
    found = [
        _differences(one, unit, returns=returns, computed=computed[unit], codes=codes)
        for one, unit in zip(ids, compared["unit"].astype(str), strict=True)
        if unit in computed
    ]
    joined = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=[*DIFFERENCES_COLUMNS, "addends"])
    asked = tuple(sorted(_findings(joined, returns, scheme, units), key=lambda one: one.sort_key))
    return Tallied(joined[list(DIFFERENCES_COLUMNS)].astype(DIFFERENCES_COLUMNS), asked)


def _differences(one: str, unit: str, *, returns: Round, computed: pd.DataFrame, codes: list[str]) -> pd.DataFrame:
    """DIFFERENCES_COLUMNS and `addends` for one return."""
    own = returns.values.reindex(columns=codes).loc[one].to_numpy(dtype=np.float64)
    below = computed["value"].reindex(codes).to_numpy(dtype=np.float64)
    apart = np.where(np.isnan(below), np.nan, from_micros(micros(own) - micros(below)))
    kept = ~np.isnan(own) & ~(np.abs(apart) <= GUARD) & ~(np.isnan(below) & (own == 0))
    made: dict[str, object] = {
        "unit": unit,
        "indicator": np.array(codes, dtype=object)[kept],
        "own": own[kept],
        "computed": below[kept],
        "difference": apart[kept],
        "return": one,
        "addends": computed["addends"].reindex(codes, fill_value=0).to_numpy(dtype=np.int64)[kept],
    }
    return pd.DataFrame(made)


def _findings(differences: pd.DataFrame, returns: Round, scheme: Scheme, units: UnitTree) -> Iterator[Finding]:
    """What is to be asked about: every difference beyond the tolerance of its measure."""
    rule = scheme.named.get("difference")
    if rule is None:
        return
    for unit, code, own, computed, apart, one, addends in differences.itertuples(index=False):
        indicator = scheme.indicators[code]
        if not abs(apart) > _tolerance(indicator, int(addends), scheme) + GUARD:
            continue
        said = {"自报数": amount(own, indicator, scheme), "汇总数": amount(computed, indicator, scheme)}
        said.update({"差额": amount(abs(apart), indicator, scheme), "指标": indicator.name})
        yield finding(
            rule,
            said,
            unit=unit,
            unit_name=units.name(unit),
            period=returns.period.written,
            return_id=one,
            indicators=(code,),
            cells=(returns.cell(one, code),),
            observed=said["自报数"],
            expected=said["汇总数"],
            difference=said["差额"],
        )


def _tolerance(indicator: Indicator, addends: int, scheme: Scheme) -> float:
    """How far apart the two may be because each figure was rounded to its last digit."""
    if not scheme.measures[indicator.measure].rounded:
        return 0.0
    parts = 0 if indicator.kind is Kind.RATE else addends
    return rounding_tolerance(parts + 1, decimals=indicator.decimals)
