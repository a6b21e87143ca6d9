"""Shared formulas (ECMA-376 part 1, 18.3.1.40): the first cell of a group carries the text, the others mean it seen from their place."""

from __future__ import annotations

import re

from reconcile.files.raw import column_letters, column_number

# Texts in double quotes and sheet names in single quotes are passed over; a reference is no part of a longer name and no function.
_TOKEN = re.compile(r"""("[^"]*"|'[^']*')|(?<![\w.$])(\$?)([A-Z]{1,3})(\$?)([0-9]{1,7})(?![\w.(!])""")


def shift_formula(formula: str, *, down: int, right: int) -> str:
    """Move the relative references of a formula. A reference pushed off the sheet becomes #REF!, as in Excel."""

    def moved(found: re.Match[str]) -> str:
        if found[1]:
            return found[1]
        column = column_number(found[3]) + (0 if found[2] else right)
        row = int(found[5]) + (0 if found[4] else down)
        if column < 1 or row < 1:
            return "#REF!"
        return f"{found[2]}{column_letters(column)}{found[4]}{row}"

    return _TOKEN.sub(moved, formula)
