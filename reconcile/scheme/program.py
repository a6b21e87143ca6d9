"""Program: one small linear program kept in HiGHS, of which only bounds, costs and a few coefficients change from trial to trial."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reconcile.errors import ReconcileError
from reconcile.scheme.records import Floats

if TYPE_CHECKING:
    import highspy

INFINITE = float("inf")
PRECISION = 1e-9  # to which HiGHS is asked to solve; its own default, 1e-7, is too coarse beside the guard of 5·10⁻⁷
THRESHOLD = 1e-7  # what rows lack in all, from which they contradict each other: between that precision and the guard


class ExhaustedError(ReconcileError):
    """A question was given up: it needed more linear programs than it was allowed, or the solver found no answer to one of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Outcome of a trial: what the rows `lack` in all, the columns' `values`, the multipliers of rows and of columns at a bound."""

    lack: float
    values: Floats
    row_duals: Floats
    column_duals: Floats


class Program:
    """Rows `low <= matrix · x <= high` that may be missed at a cost: `matrix` is rows × columns, `two_sided`: which rows have a low."""

    def __init__(self, matrix: Floats, two_sided: NDArray[np.bool_]) -> None:
        rows, columns = matrix.shape
        lows = np.flatnonzero(two_sided)
        over, under = -np.eye(rows), np.zeros((rows, lows.size))
        under[lows, np.arange(lows.size)] = 1.0
        self.shape = (rows, columns)
        self._slack = rows + lows.size
        self._places = np.arange(columns, dtype=np.int32)
        self._rows = np.arange(rows, dtype=np.int32)
        self._slack_places = np.arange(columns, columns + self._slack, dtype=np.int32)
        self._elastic = True
        self.user: object = None  # who put the coefficients in that it holds now
        self._lp = _model(np.hstack([matrix, over, under]), columns)
        self._highs = _solver()
        self._highs.passModel(self._lp)

    def clear(self) -> None:
        """Be as just made: nothing remains of coefficients that were set, nor of where the last solution was found."""
        self._highs.passModel(self._lp)
        self._elastic = True

    def set_coefficient(self, row: int, column: int, value: float) -> None:
        """Change one entry of the matrix."""
        self._highs.changeCoeff(row, column, value)

    def set_columns(self, lower: Floats, upper: Floats) -> None:
        """Bounds of the columns until they are set again."""
        self._highs.changeColsBounds(self._places.size, self._places, lower, upper)

    def set_rows(self, low: Floats, high: Floats) -> None:
        """Bounds of the rows until they are set again; infinite ones make a row say nothing."""
        self._highs.changeRowsBounds(self._rows.size, self._rows, low, high)  # type: ignore[attr-defined] # missing in highspy's own types

    def solve(self) -> Solution:
        """How little the rows can lack, and where. Raises ExhaustedError where the solver finds no answer."""
        import highspy

        self._be_elastic(True)
        found = self._run()  # there always is an optimum, since rows may be missed; without rows and columns the status is one of its own
        if found not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kModelEmpty):
            raise ExhaustedError("求解器没有得到结果")
        solution = self._highs.getSolution()
        columns = self.shape[1]
        return Solution(
            float(self._highs.getObjectiveValue()),
            np.array(solution.col_value[:columns]),
            np.array(solution.row_dual),
            np.array(solution.col_dual[:columns]),
        )

    def least(self, cost: Floats) -> tuple[float, Floats] | None:
        """The least of `cost` · x where every row holds, and where; minus infinity where it has none; None if the rows contradict.

        Raises ExhaustedError where the solver cannot tell.
        """
        import highspy

        self._be_elastic(False)
        self._highs.changeColsCost(self._places.size, self._places, cost)
        status = self._run()
        self._highs.changeColsCost(self._places.size, self._places, np.zeros(self._places.size))
        if status in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kModelEmpty):
            values = np.array(self._highs.getSolution().col_value[: self.shape[1]])
            return float(cost @ values), values
        if status in (highspy.HighsModelStatus.kUnbounded, highspy.HighsModelStatus.kUnboundedOrInfeasible):
            again = self.solve()  # with presolve off only the unbounded come here; the rows are asked again to be sure
            return (-INFINITE, again.values) if again.lack <= THRESHOLD else None
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        raise ExhaustedError("求解器没有得到结果")

    def _run(self) -> highspy.HighsModelStatus:
        """Solve, a second time from nothing where the first did not come to an end."""
        import highspy

        ended = (
            *(highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible),
            *(highspy.HighsModelStatus.kUnbounded, highspy.HighsModelStatus.kUnboundedOrInfeasible),
            highspy.HighsModelStatus.kModelEmpty,
        )
        self._highs.run()
        if self._highs.getModelStatus() not in ended:
            self._highs.clearSolver()
            self._highs.run()
        return self._highs.getModelStatus()

    def _be_elastic(self, elastic: bool) -> None:
        if elastic is not self._elastic:
            upper = np.full(self._slack, INFINITE if elastic else 0.0)
            self._highs.changeColsBounds(self._slack, self._slack_places, np.zeros(self._slack), upper)
            self._elastic = elastic


def _model(matrix: Floats, columns: int) -> highspy.HighsLp:
    import highspy  # loading it takes longer than most rounds need: only where something is broken

    rows, width = matrix.shape
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = width, rows
    lp.col_cost_ = np.concatenate([np.zeros(columns), np.ones(width - columns)])
    lp.col_lower_ = np.zeros(width)
    lp.col_upper_ = np.concatenate([np.zeros(columns), np.full(width - columns, INFINITE)])
    lp.row_lower_, lp.row_upper_ = np.full(rows, -INFINITE), np.full(rows, INFINITE)
    starts, places, entries = [0], [], []
    for column in matrix.T:
        met = np.flatnonzero(column)
        places.extend(met.tolist())
        entries.extend(column[met].tolist())
        starts.append(len(places))
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = starts, places, entries
    return lp


def _solver() -> highspy.Highs:
    highs = _silent()()
    highs.setOptionValue("output_flag", False)  # where a version's constructor calls nothing
    for option, value in (("presolve", "off"), ("threads", 1)):
        highs.setOptionValue(option, value)
    for option in ("primal_feasibility_tolerance", "dual_feasibility_tolerance"):
        highs.setOptionValue(option, PRECISION)
    return highs


@cache
def _silent() -> type[highspy.Highs]:
    """A kind of solver that never writes to the terminal: what it prints would stand before our JSON.

    HiGHS greets at the first call after its options are made, unless told before; from 1.16 on that call is in the constructor.
    """
    import highspy

    class Silent(highspy.Highs):
        def enableCallbacks(self) -> None:  # noqa: N802 # highspy's name; it is the constructor's first call
            self.setOptionValue("output_flag", False)
            super().enableCallbacks()  # type: ignore[no-untyped-call] # highspy does not type it

    return Silent
