"""docs/your-data.md, followed to the letter on files as offices have them, leads to a verdict."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import Engine
from support import office_files as office
from support.program import ZHIJIE

from core.settings import ROOT

DOCUMENT = ROOT / "docs/your-data.md"
FARMS = "《畜禽规模养殖污染防治条例》第三十七条"
AIR = "《山西省大气污染防治条例》第五十条"
POWERS = (
    ("阳城县乡镇（街道）行政执法事项清单",),
    ("序号", "职权类型", "事项名称", "设定依据", "承接方式", "原实施主体", "承接乡镇"),
    (1, "行政处罚", "对违规建设畜禽养殖场的处罚", FARMS, "委托", "生态环境局", "各乡镇"),
    (2, "行政处罚", "对露天焚烧秸秆的处罚", AIR, "赋权", "生态环境局", "各乡镇"),
)


@dataclass(frozen=True)
class Desk:
    """An office's desk: a folder with its files and the program; the database; what the commands printed."""

    folder: Path
    engine: Engine
    told: str = ""

    def run(self, script: str) -> str:
        """Run commands of the shell; what they print."""
        env = os.environ | {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "ZHIJIE_DATABASE_URL": self.engine.url.render_as_string(hide_password=False),
            "ZHIJIE_LANG": "en",
        }
        done = subprocess.run(
            ["bash", "-euc", script], cwd=self.folder, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def ask(self) -> dict[str, Any]:
        """The verdict on the document's own question."""
        lines = "".join(_commands()).splitlines()
        (question,) = [line for line in lines if line.startswith("zhijie check")]
        verdict: dict[str, Any] = json.loads(self.run(f"{question} --json 2>/dev/null"))
        return verdict


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, clone: Callable[..., Engine]) -> Desk:
    """The desk after all commands of the document."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copytree(ROOT / "data", folder / "data", ignore=shutil.ignore_patterns("facts", "*.png"))
    _write_office_files(folder / "gis")
    program = folder / "bin/zhijie"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\n{ZHIJIE}\n")
    program.chmod(0o755)
    desk = Desk(folder, clone("zhijie_your_data_test"))
    return replace(desk, told=desk.run("\n".join(_commands())))


def _write_office_files(folder: Path) -> None:
    folder.mkdir()
    office.write_shapefile(folder / "县界.shp", office.county(), "OEM 936")
    office.write_shapefile(folder / "乡镇界.shp", office.townships())
    office.write_shapefile(folder / "保护区.shp", office.reserves())
    workbook = Workbook()
    assert workbook.active is not None
    for row in POWERS:
        workbook.active.append(row)
    workbook.save(folder / "权责清单.xlsx")


def _commands() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.M | re.S)


def test_every_file_of_the_office_is_in_force(desk: Desk) -> None:
    assert "office/townships" in desk.told
    assert "snapped together" in desk.told
    assert "patches were joined" in desk.told
    assert "2 entries" in desk.told
    assert "对露天焚烧秸秆的处罚" in desk.told


def test_the_verdict_rests_on_the_official_layers(desk: Desk) -> None:
    verdict = desk.ask()
    assert verdict["jurisdiction"]["lead"]["code"] == "140522201"
    assert verdict["jurisdiction"]["lead"]["share"] > 0.999
    conflict = verdict["conflicts"][0]
    assert (conflict["zone"]["grade"], conflict["relation"]) == ("core", "within")
    assert (conflict["certainty"], verdict["effect"]) == ("certain", "prohibited")
    used = {row["dataset"]: row for row in verdict["data"]}
    assert used["office/townships"]["official"] and used["office/townships"]["accuracy_m"] == 2
    assert "protected_areas/reserves" not in used


def test_the_verdict_is_certain(desk: Desk) -> None:
    assert desk.ask()["jurisdiction"]["certainty"] == "certain"


def test_official_townships_are_certain_over_an_approximate_county(desk: Desk) -> None:
    listing = desk.folder / "own-data/office/sources.yaml"
    text = listing.read_text(encoding="utf-8")
    listing.write_text(re.sub(r"- dataset: office/county\n.*?\n\n", "", text, flags=re.S), encoding="utf-8")
    assert "office/county" not in desk.run("zhijie load own-data")
    assert desk.ask()["jurisdiction"]["certainty"] == "certain"
