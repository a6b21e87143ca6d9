"""The whole hostile set by name."""

from __future__ import annotations

from functools import cache

from hostile import Hostile
from hostile_active import active
from hostile_archives import archives
from hostile_cells import cells
from hostile_markup import markup
from hostile_sizes import sizes
from hostile_summaries import summaries


@cache
def hostile_set() -> dict[str, Hostile]:
    """Every case, each under a name of its own."""
    cases = [*archives(), *markup(), *cells(), *sizes(), *active(), *summaries()]
    found = {case.name: case for case in cases}
    if len(found) < len(cases):
        raise ValueError("two cases have one name")
    return found
