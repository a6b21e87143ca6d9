"""Records judged block by block come out as judged all at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from reconcile.scheme import evaluation
from reconcile.scheme.expression import Missing, Reference, evaluate, parse


@dataclass
class Asked:
    """Seven records, and how often each column was asked for."""

    times: dict[str, int] = field(default_factory=dict)
    a: tuple[float, ...] = (1, 5, np.nan, 3, 0.1, 7, np.nan)
    b: tuple[float, ...] = (2, np.nan, np.nan, 3, 0.2, 6, 1)

    @property
    def size(self) -> int:
        return len(self.a)

    def figure(self, reference: Reference) -> NDArray[np.float64]:
        self.times[reference.name] = self.times.get(reference.name, 0) + 1
        return np.array(getattr(self, reference.name))

    def absent(self, reference: Reference) -> NDArray[np.bool_]:
        return np.isnan(np.array(getattr(self, reference.name)))

    def words(self, reference: Reference) -> NDArray[np.object_]:
        assert reference.name == "b"
        return np.array(["甲", None, None, "乙", "甲", "丙", "甲"], dtype=object)

    def rows(self, roster: str) -> NDArray[np.float64]:
        assert roster == "名册"
        return np.arange(7.0)

    def column_total(self, roster: str, column: str) -> NDArray[np.float64]:
        assert (roster, column) == ("名册", "金额")
        return np.arange(7.0) * 2


RULES = (
    "a <= b",
    "a + b == 8 or a > 4",
    "0.3 - a - b == 0",
    "a / (b - 3) <= 1",
    "if a > 2 then b is missing",
    "b == '甲'",
    "b in ['甲', '乙']",
    "count(名册) * 2 == total(名册.金额)",
    "a <= mean(a)",
    "1 <= 2",
    "max(a, b) > min(a, b) and abs(a - b) < 2",
)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("missing", list(Missing))
def test_blocks_change_nothing(rule: str, missing: Missing, monkeypatch: pytest.MonkeyPatch) -> None:
    tolerance = np.array([0, 0, 0, 0, 0.5, 0.5, 0.5])
    node = parse(rule)
    whole = evaluate(node, Asked(), tolerance=tolerance, missing=missing)
    monkeypatch.setattr(evaluation, "BLOCK", 3)
    parts = evaluate(node, Asked(), tolerance=tolerance, missing=missing)
    assert parts.scalar == whole.scalar
    assert parts.true.tolist() == whole.true.tolist()
    assert parts.false.tolist() == whole.false.tolist()


def test_a_column_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "BLOCK", 2)
    environment = Asked()
    verdict = evaluate(parse("a <= b and a <= 6"), environment)
    assert verdict.true.tolist() == [True, False, False, True, True, False, False]
    assert environment.times == {"a": 1, "b": 1}
