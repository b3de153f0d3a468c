"""The datasets of a data folder: what ``sources.yaml`` says of each, read and checked."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import BadData
from core.i18n import N_

Role = Literal[
    "units", "villages", "grid", "zones", "roads", "permits", "parcels", "land_classes", "law", "calendar"
]
REQUIRED_FOLDERS: Final = ("law", "calendar", "boundaries", "protected_areas")  # every data folder has these


class Dataset(BaseModel):
    """One dataset as its folder describes it. ``accuracy_m``: 68 % error of its lines, metres."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str
    file: str
    role: Role
    title: dict[str, str]
    origin: str
    licence: str
    datum: str
    official: bool
    accuracy_m: float = Field(0.0, ge=0, allow_inf_nan=False)
    reach: str = ""
    kinds: list[str] = []
    sha256: str
    note: dict[str, str] | None = None
    folder: Path

    @property
    def path(self) -> Path:
        """The data file."""
        return self.folder / self.file

    @property
    def version(self) -> str:
        """Twelve hex digits that change with the content or with what is said of it."""
        said = self.model_dump(mode="json", exclude={"folder"})
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]

    def verify(self) -> None:
        """Refuse a file that is missing or is not the one that was described."""
        if not self.path.is_file():
            raise BadData(N_("The data file {file} is missing."), field=self.dataset, file=self.file)
        found = hashlib.sha256(self.path.read_bytes()).hexdigest()
        if found != self.sha256:
            raise BadData(
                N_("The checksum of {file} is {found}, sources.yaml says {said}."),
                field=self.dataset,
                hint=N_("Rebuild the data with `make data`, or correct sources.yaml."),
                file=self.file,
                found=found[:12],
                said=self.sha256[:12],
            )


def read_folder(folder: Path) -> list[Dataset]:
    """The datasets that a folder's ``sources.yaml`` lists, in its order."""
    path = folder / "sources.yaml"
    if not path.is_file():
        raise BadData(N_("{path} is missing."), field="data_dir", path=f"{folder.name}/sources.yaml")
    rows = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    return [_dataset(folder, number, row) for number, row in enumerate(rows, start=1)]


def _dataset(folder: Path, number: int, row: Any) -> Dataset:  # noqa: ANN401 - unchecked YAML
    try:
        return Dataset.model_validate({**row, "folder": folder})
    except (ValidationError, TypeError) as fault:
        raise BadData(
            N_("Entry {number} of {file} is wrong: {fault}"),
            field=f"{folder.name}/sources.yaml",
            number=number,
            file="sources.yaml",
            fault=" ".join(str(fault).split()),
        ) from fault


def read_data_dir(data_dir: Path) -> list[Dataset]:
    """Every dataset of the data folder, law first: zones are checked against its kinds.

    Further folders with a ``sources.yaml`` follow in the order of their names. Two datasets of one name are
    refused: each load would retire the other's version.
    """
    further = sorted(path.parent.name for path in data_dir.glob("[!.]*/sources.yaml"))
    names = dict.fromkeys((*REQUIRED_FOLDERS, *further))
    datasets = [dataset for name in names for dataset in read_folder(data_dir / name)]
    _reject_duplicate_names(datasets)
    return datasets


def _reject_duplicate_names(datasets: list[Dataset]) -> None:
    met: dict[str, Dataset] = {}
    for one in datasets:
        other = met.setdefault(one.dataset, one)
        if other is not one:
            raise BadData(
                N_("The dataset {dataset} is listed twice: in {first} and in {second}."),
                field="data_dir",
                hint=N_("Give one of them another name."),
                dataset=one.dataset,
                first=other.folder.name,
                second=one.folder.name,
            )
