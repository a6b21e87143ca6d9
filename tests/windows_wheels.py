"""Whether every dependency, and all that they depend on, comes as a wheel for Windows: asked of pip, not taken on faith.

Run it as `python tests/windows_wheels.py`; it needs the network, prints a table, and ends with 1 where a wheel is missing. It is a step of
.ci/run.

pip resolves as if it ran on a 64-bit Windows (`--platform win_amd64 --only-binary=:all: --dry-run`), for each Python. One thing it takes from
the machine that it runs on: markers such as `sys_platform == "win32"` (colorama for click, for example) or `python_version >= "3.12"`. So
whatever is asked for only there is found in pip's report, and resolved in turn; what is asked for only here is checked for good measure.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from packaging.markers import default_environment
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = frozenset({"test"})  # extras that only those need who change the program

Wheels = dict[str, tuple[str, str]]
"""Package -> version, and name of the wheel."""


def supported(project: dict[str, Any]) -> list[str]:
    """Pythons that the classifiers name."""
    lead = "Programming Language :: Python :: 3."
    return [found.removeprefix("Programming Language :: Python :: ") for found in project["classifiers"] if found.startswith(lead)]


def wanted(project: dict[str, Any]) -> list[str]:
    """What a user may install: the dependencies and every extra but those for development."""
    extras = project.get("optional-dependencies", {})
    return [*project["dependencies"], *(one for name, more in extras.items() if name not in LEFT_OUT for one in more)]


def windows(python: str) -> dict[str, str]:
    """What markers mean on that Python on Windows."""
    return {
        "sys_platform": "win32",
        "os_name": "nt",
        "platform_system": "Windows",
        "platform_machine": "AMD64",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "python_version": python,
        "python_full_version": f"{python}.0",
    }


def resolved(requirements: Sequence[str], *, python: str) -> tuple[list[dict[str, Any]], str]:
    """The packages that pip would install, from its report, and what it said where it could not."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        only = ["--only-binary=:all:", "--platform=win_amd64", f"--python-version={python}", "--implementation=cp"]
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--no-input", f"--target={folder}"]
        done = subprocess.run([*command, *only, f"--report={report}", *requirements], capture_output=True, text=True, check=False)
        if done.returncode:
            return [], done.stderr.strip()
        installed: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["install"]
        return installed, ""


def left_out(installed: Iterable[Mapping[str, Any]], *, python: str) -> list[str]:
    """Requirements that hold on that Python on Windows, but not here, so that pip left them out."""
    here, there = {str(key): str(value) for key, value in default_environment().items()}, windows(python)
    found = []
    for package in installed:
        extras = ("", *package.get("requested_extras", ()))
        for line in package["metadata"].get("requires_dist", ()):
            asked = Requirement(line)
            on_windows, at_home = (any(_holds(asked, {**where, "extra": extra}) for extra in extras) for where in (there, here))
            if on_windows and not at_home:
                asked.marker = None
                found.append(str(asked))
    return found


def _holds(asked: Requirement, where: Mapping[str, str]) -> bool:
    return asked.marker is None or asked.marker.evaluate(dict(where))


def wheels(requirements: Sequence[str], *, python: str) -> tuple[Wheels, str]:
    """Every package needed on Windows with the wheel that pip chose, and what is wrong ("" where nothing is)."""
    asked = list(requirements)
    while True:
        installed, problem = resolved(asked, python=python)
        if problem:
            return {}, problem
        names = {package["metadata"]["name"].lower() for package in installed}
        more = [one for one in left_out(installed, python=python) if Requirement(one).name.lower() not in names]
        if not more:
            break
        asked += more
    found = {}
    for package in installed:
        about = package["metadata"]
        found[about["name"].lower()] = (about["version"], package["download_info"]["url"].rsplit("/", 1)[-1])
    return found, ""


def kind(wheel: str) -> str:
    """What a wheel was built for: `pure`, or its tags for Python, ABI and platform; "" where it does not run on Windows."""
    if not wheel.endswith(".whl"):
        return ""
    python, abi, platform = wheel.removesuffix(".whl").split("-")[-3:]
    if platform == "any":
        return "pure"
    return f"{python}-{abi}" if "win_amd64" in platform.split(".") else ""


def main() -> int:
    """Print the table; 1 where something is missing."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pythons = supported(project)
    table: dict[str, dict[str, str]] = {}
    problems = []
    with ThreadPoolExecutor(len(pythons)) as pool:  # pip waits for the network most of the time
        answers = pool.map(lambda python: wheels(wanted(project), python=python), pythons)
        for python, (found, problem) in zip(pythons, answers, strict=True):
            if problem:
                problems.append(f"Python {python}: {problem}")
            for name, (version, wheel) in found.items():
                table.setdefault(name, {})[python] = f"{version} {kind(wheel) or 'NO WHEEL'}"
                if not kind(wheel):
                    problems.append(f"Python {python}: {name} comes as {wheel}")
    lines = [f"{'package':<20}" + "".join(f"{python:<26}" for python in pythons)]
    lines += [f"{name:<20}" + "".join(f"{table[name].get(python, '–'):<26}" for python in pythons) for name in sorted(table)]
    lines += problems or [f"{len(table)} packages, each with a wheel for 64-bit Windows on Python {', '.join(pythons)}."]
    sys.stdout.write("\n".join(line.rstrip() for line in lines) + "\n")
    return 1 if problems or not table else 0


if __name__ == "__main__":
    sys.exit(main())
