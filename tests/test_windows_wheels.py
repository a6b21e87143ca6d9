"""What the check of Windows wheels makes of pip's answers; the check itself asks the network, and is a step of .ci/run."""

from __future__ import annotations

import pytest
from windows_wheels import kind, left_out, supported, wanted


@pytest.mark.parametrize(
    ("wheel", "told"),
    [
        ("click-8.1-py3-none-any.whl", "pure"),
        ("lxml-5.0-cp311-cp311-win_amd64.whl", "cp311-cp311"),
        ("psutil-7.0-cp37-abi3-win_amd64.whl", "cp37-abi3"),
        ("lxml-5.0-cp311-cp311-manylinux_2_17_x86_64.whl", ""),
        ("lxml-5.0-cp311-cp311-win_arm64.whl", ""),
        ("xlwt-1.3.0.tar.gz", ""),
    ],
)
def test_what_a_wheel_was_built_for(wheel: str, told: str) -> None:
    assert kind(wheel) == told


def test_what_only_windows_asks_for_is_not_forgotten() -> None:
    asked = [
        "colorama; sys_platform == 'win32'",
        "uvloop; sys_platform != 'win32'",
        "tzdata; python_version >= '3.99' or os_name == 'nt'",
        "numpy>=1.26",
        "pytest; extra == 'test'",
        "orjson>=3; extra == 'fast' and platform_system == 'Windows'",
    ]
    report = [{"metadata": {"name": "x", "requires_dist": asked}, "requested_extras": ["fast"]}, {"metadata": {"name": "y"}}]
    assert left_out(report, python="3.13") == ["colorama", "tzdata", "orjson>=3"]


def test_what_is_asked_of_pip() -> None:
    project = {
        "classifiers": ["Programming Language :: Python :: 3.12", "Typing :: Typed"],
        "dependencies": ["click>=8.1"],
        "optional-dependencies": {"large": ["pyarrow>=17"], "test": ["pytest"]},
    }
    assert (supported(project), wanted(project)) == (["3.12"], ["click>=8.1", "pyarrow>=17"])
