"""Received files read a second time, for a query that gives a unit its own return back as it stands.

A Round keeps personal numbers masked; what goes back to the unit that wrote them is taken from its own file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from reconcile.files.form_reader import read_form
from reconcile.files.raw import UnreadableWorkbook
from reconcile.files.workbook import read_workbook

if TYPE_CHECKING:
    from reconcile.files.archive import Source
    from reconcile.files.form_reader import FilledForm
    from reconcile.model.round import Round
    from reconcile.scheme.scheme import Scheme

__all__ = ["FormsAgain"]


class FormsAgain:
    """The filled forms of a round by return. Nothing is kept: each call opens its file."""

    def __init__(self, sources: Iterable[Source], scheme: Scheme, returns: Round) -> None:
        self._received = sources
        self._scheme = scheme
        register = returns.returns
        direct = register[register["source"] == ""]
        told = zip(direct["file"].tolist(), direct["sha256"].tolist(), strict=True)
        self._files = dict(zip(direct.index.astype(str).tolist(), told, strict=True))

    @cached_property
    def _sources(self) -> dict[str, Source]:
        """By name; looked for only when the first form is asked for."""
        return {source.name: source for source in self._received}

    def __call__(self, return_id: str) -> FilledForm | None:
        """The form of a return; None where it came through a summary, or its file is gone, no form, or not the one that was judged."""
        file, sha256 = self._files.get(return_id, ("", ""))
        source = self._sources.get(str(file))
        if source is None:
            return None
        try:
            data = source.read()
            if hashlib.sha256(data).hexdigest() != sha256:
                return None
            return read_form(read_workbook(data, name=source.name), self._scheme)
        except UnreadableWorkbook:
            return None
