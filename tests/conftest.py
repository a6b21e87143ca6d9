"""Small schemes and rounds, written out in the test that uses them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from console import ROOT, UTF8, Console
from sharing import ByFile, turn

from reconcile.files.workbook import Workbook, read_workbook
from reconcile.model.period import Period
from reconcile.model.round import (
    ADJUSTMENTS_COLUMNS,
    LISTS_COLUMNS,
    REASONS_COLUMNS,
    RETURNS_COLUMNS,
    TEXTS_COLUMNS,
    TYPED_COLUMNS,
    Round,
    State,
)
from reconcile.scheme.loading import load_scheme
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.tables import Table

pd.set_option("mode.string_storage", "python")  # as in run (model.round.plain_texts), for tests of what it calls

MakeScheme = Callable[..., Scheme]
MakeRound = Callable[..., Round]
Consoles = Callable[[Mapping[str, str]], Console]
Reconcile = Callable[..., "subprocess.CompletedProcess[str]"]

MEASURES = "人|1|人|是|0|\n份|1|份|是|0|\n元|1|元|否|舍入|\n万元|10000|元|否|舍入|\n%|1|%|否|舍入|\n是否|1|是否|是|0|\n文字|1|文字|否|0|"
INDICATORS = "code|name|measure|kind|decimals|reported_by|formula"
SAID = {"blank": State.BLANK, "nil": State.NIL, "—": State.NOT_APPLICABLE, "#REF!": State.UNREADABLE, "absent": State.ABSENT}


def _table(header: str, body: str) -> Table:
    return [line.split("|") for line in (header, *body.strip().splitlines()) if line]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first."""
    items.sort(key=lambda item: turn(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile | None:
    """With several workers a file is not torn apart, unless another way of sharing is asked for (`--dist`)."""
    if config.getoption("dist") != "load":
        return None
    config.option.loadscopereorder = False  # the order is ours
    return ByFile(config, log)


@pytest.fixture(scope="session")
def make_scheme() -> MakeScheme:
    """make_scheme(indicators, rules=…, lists=…, form=…): lines as in the tables, `|` between cells, columns as named below."""

    def make(indicators: str, *, rules: str = "", lists: str = "", form: str = "封面|cover||||") -> Scheme:
        short = [line.strip().split("|") + [""] * 7 for line in indicators.strip().splitlines()]
        lines = [
            "|".join([code, name, "组织", measure, kind, decimals or "0", "否", by or "*", formula, "", ""])
            for code, name, measure, kind, decimals, by, formula in (line[:7] for line in short)
        ]
        tables = {
            "scheme": _table("key|value", "name|小报表\nversion|1"),
            "measures": _table("measure|factor|base|whole|tolerance|synonyms", MEASURES),
            "indicators": _table(
                "code|name|section|measure|kind|decimals|required|reported_by|formula|definition|aliases", "\n".join(lines)
            ),
            "rules": _table("id|check|when|tier|tolerance|missing|applies_to|message|advice", rules),
            "lists": _table("list|column|name|type|measure|key|feeds", lists),
            "form": _table("sheet|holds|what|cell|row|column", form),
        }
        return load_scheme(tables, templates={})

    return make


@pytest.fixture(scope="session")
def make_round() -> MakeRound:
    """make_round({unit: {code: figure}}): one counted return a unit, its id the unit's code; a figure may be a word of SAID.

    `standings`: unit -> standing; `parents` of return ids: `owners`: return id -> unit, where an id is not its unit's code.
    """

    def make(
        figures: Mapping[str, Mapping[str, float | str]],
        *,
        codes: Sequence[str] = (),
        standings: Mapping[str, str] | None = None,
        owners: Mapping[str, str] | None = None,
        lists: Sequence[tuple[str, str, int, str, str, float]] = (),
        adjustments: Sequence[tuple[str, str, float, float, str]] = (),
        texts: Sequence[tuple[str, str, str]] = (),
        period: str = "2023H1",
    ) -> Round:
        known = list(codes) or list(dict.fromkeys(code for row in figures.values() for code in row))
        values = pd.DataFrame(np.nan, index=list(figures), columns=known)
        states = pd.DataFrame(np.int8(State.BLANK), index=list(figures), columns=known)
        for one, row in figures.items():
            for code, said in row.items():
                states.at[one, code] = SAID[said] if isinstance(said, str) else State.NUMBER
                values.at[one, code] = (0.0 if said == "nil" else np.nan) if isinstance(said, str) else said
        register = pd.DataFrame("", index=list(figures), columns=list(RETURNS_COLUMNS))
        register["unit"] = [(owners or {}).get(one, one) for one in figures]
        register["standing"] = [(standings or {}).get(one, "counted") for one in figures]
        register["file"] = [f"{one}.xlsx" for one in figures]
        register["layout"] = "form"
        made = Period.parse(period)
        assert made is not None
        return Round(
            period=made,
            returns=register,
            values=values,
            states=states,
            typed=pd.DataFrame(columns=list(TYPED_COLUMNS)),
            texts=pd.DataFrame(texts, columns=list(TEXTS_COLUMNS)).astype(TEXTS_COLUMNS),
            lists=pd.DataFrame([(*line, "", "") for line in lists], columns=list(LISTS_COLUMNS)).astype(LISTS_COLUMNS),
            reasons=pd.DataFrame(columns=list(REASONS_COLUMNS)),
            adjustments=pd.DataFrame(
                [(unit, code, before, after, "据实", "某人", day) for unit, code, before, after, day in adjustments],
                columns=list(ADJUSTMENTS_COLUMNS),
            ),
            layouts={"form": {code: ("组织", f"D{row}") for row, code in enumerate(known, start=4)}},
        )

    return make


@pytest.fixture(scope="session")
def consoles() -> Iterator[Consoles]:
    """consoles(environment): the console of that environment, always the same one."""
    made: dict[tuple[tuple[str, str], ...], Console] = {}
    with ExitStack() as stack:

        def console(environment: Mapping[str, str]) -> Console:
            key = tuple(sorted(item for item in environment.items() if item[0] != "PYTEST_CURRENT_TEST"))
            if key not in made:
                made[key] = stack.enter_context(Console(environment))
            return made[key]

        yield console


@pytest.fixture(scope="session")
def reconcile(consoles: Consoles) -> Reconcile:
    """reconcile(word, …, cwd=…): the command on a console that speaks UTF-8."""

    environment = {**os.environ, **UTF8}

    def command(*words: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        ended = consoles(environment)(*words, cwd=cwd)
        told = [stream.decode("utf-8", errors="replace").replace("\r\n", "\n") for stream in (ended.stdout, ended.stderr)]
        return subprocess.CompletedProcess(ended.args, ended.returncode, *told)

    return command


# Stale results stay in a file unless the profile asks for everything to be computed anew when it is loaded.
RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>"""


@pytest.fixture(scope="session")
def soffice() -> str:
    """LibreOffice's command; the test skips where it is not installed."""
    found = shutil.which("soffice")
    if found is None:
        pytest.skip(reason="soffice (LibreOffice), which computes the formulas, is not installed")
    return found


@pytest.fixture
def recalculated(soffice: str, tmp_path: Path) -> Callable[[Mapping[str, bytes]], dict[str, Workbook]]:
    """recalculated({name: file}): the workbooks as LibreOffice opens, computes and saves them."""

    def convert(books: Mapping[str, bytes]) -> dict[str, Workbook]:
        profile, sent, back = tmp_path / "profile", tmp_path / "sent", tmp_path / "back"
        for made in (profile / "user", sent, back):
            made.mkdir(parents=True)
        (profile / "user" / "registrymodifications.xcu").write_text(RECALCULATE, encoding="utf-8")
        for name, data in books.items():
            (sent / name).write_bytes(data)
        files = [str(sent / name) for name in books]
        command = [soffice, "--headless", "--norestore", f"-env:UserInstallation={profile.as_uri()}"]
        subprocess.run([*command, "--convert-to", "xlsx", "--outdir", str(back), *files], check=True, capture_output=True, timeout=240)
        return {name: read_workbook((back / name).read_bytes(), name=name) for name in books}

    return convert
