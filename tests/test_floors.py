"""The house keeps its floors: imports point down, acts and reports do not know each other (contracts in pyproject.toml)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_imports_keep_the_floors() -> None:
    result = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "3 kept, 0 broken" in result.stdout


def test_top_level_is_as_the_card_says() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split("\n")
    assert len(tracked) > 50, "git lists no files here"
    tops = {path.split("/")[0] for path in tracked if path and not path.startswith((".", '"'))}
    assert tops <= {"reconcile", "templates", "sample_workbooks", "tests", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"}


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; import reconcile.cli; print(sorted({'pandas', 'numpy', 'openpyxl', 'lxml', 'docx', 'jinja2'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
