"""Cases that Statistics Norway (Kostra) and the R packages univOutl and robustbase publish, with the results they print."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reconcile.model.robust import NORMAL, EffectScores, Floats, adjusted_fences, effect_scores, medcouple

KIT = Path(os.environ.get("RECONCILE_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "peer_cases"
CASES: list[dict[str, Any]] = json.loads((KIT / "outliers.json").read_text("utf-8")) if KIT.exists() else []
NAN = float("nan")

pytestmark = pytest.mark.skipif(not CASES, reason="the folder of peers' published cases is not here")


def of_kind(*kinds: str) -> list[Any]:
    return [pytest.param(case, id=case["id"]) for case in CASES if case["kind"] in kinds and "peer_error" not in case]


def table(name: str) -> dict[str, list[str]]:
    with (KIT / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {column: [row[column] for row in rows] for column in rows[0]}


def numbers(written: list[str]) -> Floats:
    return np.array([NAN if one in ("", "NA") else float(one) for one in written])


def columns(case: dict[str, Any]) -> tuple[list[str], Floats, Floats, list[str]]:
    """Regions, figures now and before, and the stratum of each, which the peer's table of results tells."""
    data, args = table(case["data"]), case["args"]
    now, before = args.get("x1", args.get("yt2")), args.get("x2", args.get("yt1"))
    told = table(case["expected"]) if "strataName" in args else {"id": [], "strata": []}
    stratum = dict(zip(told["id"], told["strata"], strict=True))
    return data["Region"], numbers(data[now]), numbers(data[before]), [stratum.get(region, "") for region in data["Region"]]


def judged(case: dict[str, Any], now: Floats, before: Floats) -> EffectScores:
    args = case["args"]
    width = args.get("C", args.get("pC", 20))
    least = args.get("A", args.get("pA", 0.05))
    return effect_scores(now, before, width=tuple(width) if isinstance(width, list) else width, least=least)


@pytest.mark.parametrize("case", of_kind("outlier.hb"))
def test_effect_scores(case: dict[str, Any]) -> None:
    regions, now, before, strata = columns(case)
    found: list[str] = []
    for stratum in sorted(set(strata)):
        at = np.array([one == stratum for one in strata])
        result = judged(case, now[at], before[at])
        found += [region for region, out in zip(np.array(regions)[at].tolist(), result.outliers.tolist(), strict=True) if out]
        if "expected" in case:
            limits(case, result, np.array(regions)[at].tolist())
        if "bounds_E" in case:
            np.testing.assert_allclose(result.median_ratio, case["median_ratio"], rtol=1e-9)
            np.testing.assert_allclose(result.quartiles, case["quartiles_E"], rtol=1e-9)
            np.testing.assert_allclose(result.bounds, case["bounds_E"], rtol=1e-9)
            assert result.excluded == case["excluded"]
    assert sorted(found, key=int) == case["outliers"]


def limits(case: dict[str, Any], result: EffectScores, regions: list[str]) -> None:
    """The table that the peer prints: ratio and limits of each region."""
    wanted = table(case["expected"])
    row = {one: number for number, one in enumerate(wanted["id"])}
    at = [row[region] for region in regions]
    for column, mine in (("ratio", result.ratio), ("lowerLimit", result.lower), ("upperLimit", result.upper)):
        np.testing.assert_allclose(mine, numbers(wanted[column])[at], rtol=1e-9, err_msg=column)
    printed = numbers(wanted["outlier"])[at]
    np.testing.assert_array_equal(np.isnan(printed), np.isnan(result.scores))
    np.testing.assert_array_equal(result.outliers, np.nan_to_num(printed) == 1)


def test_quartiles_that_collapse_are_told() -> None:
    case = next(case for case in CASES if "peer_error" in case)
    data = table(case["data"])
    now, before = numbers(data["areal_381_eier_2015"]), numbers(data["areal_381_eier_2014"])
    result = effect_scores(now, before, keep_unchanged=True)  # the peer stops here
    assert (result.quartiles, result.outliers.any()) == ((0, 0, 0), False)
    assert np.isnan(result.bounds).all()


@pytest.mark.parametrize("case", of_kind("medcouple", "outlier.adjbox"))
def test_adjusted_boxplot(case: dict[str, Any]) -> None:
    figures = np.array(case["x"], float) if "x" in case else numbers(table(case["data"])[case["column"]])
    np.testing.assert_allclose(medcouple(figures), case["medcouple"], atol=1e-10)
    low, high = adjusted_fences(figures)
    np.testing.assert_allclose((low, high), case["fence"], rtol=1e-9, atol=1e-10)
    if "n_out" in case:
        assert int(((figures < low) | (figures > high)).sum()) == case["n_out"]
        middle = float(np.nanmedian(figures))
        assert middle == case["median"]
        assert np.nanmedian(np.abs(figures - middle)) == case["mad_raw"]
    assert NORMAL == 1.4826
