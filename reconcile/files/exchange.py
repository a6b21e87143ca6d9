"""Files put in the place of others, and all of it undone where one of them cannot be.

Each replacement is one rename, so that at every moment, killed or not, what stands under a name is the old file or the new one, whole.
The old one keeps a second name until all is done: a hard link, or a copy where the file system has no links (exFAT, FAT, some shares). It
is not moved aside there, for whoever is killed between two renames would leave nothing under the name.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


class Exchange:
    """Replacements with a way back.

    aside: a folder for the old files on the same file system, which is made when it is first needed, and which the caller removes.
    """

    def __init__(self, aside: Path) -> None:
        self._aside = aside
        self._back: list[Callable[[], None]] = []
        self._made: list[Path] = []

    def put(self, staged: Path, target: Path) -> None:
        """Move a file to `target`, in the place of what stands there. Raises OSError, and then nothing has changed there."""
        self._made += reversed([path for path in target.parents if not path.exists()])
        target.parent.mkdir(parents=True, exist_ok=True)
        old = self._kept(target) if target.exists() else None

        def back() -> None:
            if staged.exists():
                return  # not moved: it was refused, or the user interrupted before
            if old is None:
                target.unlink(missing_ok=True)
            else:
                old.replace(target)

        self._back.append(back)
        staged.replace(target)

    def take(self, path: Path) -> None:
        """Move a file away. Raises OSError, and then it is still there."""
        old = self._name()

        def back() -> None:
            if old.exists():
                old.replace(path)

        self._back.append(back)
        path.replace(old)

    def undo(self) -> bool:
        """Put everything back as it was, the last first. False where something could not be: it stays new, whole."""
        whole = True
        for back in reversed(self._back):
            try:
                back()
            except OSError:
                whole = False
        for path in reversed(self._made):
            with suppress(OSError):  # not empty: somebody's files, or what stays new
                path.rmdir()
        return whole

    def _kept(self, target: Path) -> Path:
        """Another name for what stands at `target`, or a copy of it."""
        old = self._name()
        try:
            os.link(target, old)
        except (OSError, NotImplementedError):
            shutil.copyfile(target, old)
            with suppress(OSError):  # FAT keeps no permissions
                shutil.copystat(target, old)
        return old

    def _name(self) -> Path:
        self._aside.mkdir(exist_ok=True)
        return self._aside / f"{len(self._back):06d}"
