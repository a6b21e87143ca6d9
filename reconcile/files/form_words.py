"""What the words on a form mean, remembered: the same headings and labels stand on every return."""

from __future__ import annotations

from reconcile.files.familiar import ENTRY, Remembered
from reconcile.scheme.form import Role, bare, cover_field, role_of, squeeze

_ROOM = 1 << 19  # bytes for each kind of meaning


class Words:
    """The roles of headings and the fields of labels, as `scheme.form` has them."""

    __slots__ = ("_fields", "_plain", "_roles")

    def __init__(self) -> None:
        self._roles: Remembered[str, tuple[Role | None]] = Remembered(_ROOM, _weigh)
        self._fields: Remembered[str, str] = Remembered(_ROOM, _weigh)
        self._plain: Remembered[str, str] = Remembered(_ROOM, _weigh)

    def role(self, heading: str) -> Role | None:
        """The role of a column by its heading as typed."""
        found = self._roles.find(heading)
        if found is None:
            found = (role_of(heading),)
            self._roles.keep(heading, found)
        return found[0]

    def field(self, label: str) -> str:
        """The cover field that a label as typed stands for; "" where it is none."""
        found = self._fields.find(label)
        if found is None:
            found = cover_field(label)
            self._fields.keep(label, found)
        return found

    def plain(self, label: str) -> str:
        """A label squeezed and bare."""
        found = self._plain.find(label)
        if found is None:
            found = bare(squeeze(label))
            self._plain.keep(label, found)
        return found


def _weigh(text: str, _: object) -> int:
    return ENTRY + 4 * len(text)
