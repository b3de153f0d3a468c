"""Reads the descriptions of datasets in the ``sources.yaml`` of data folders."""

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
REQUIRED_FOLDERS: Final = ("law", "calendar", "boundaries", "protected_areas")


class Dataset(BaseModel):
    """A dataset as described in ``sources.yaml``.

    Attributes:
        dataset: unique name, such as ``law/rules``.
        file: name of the data file in ``folder``.
        title: by language.
        origin: where the data comes from.
        official: issued by an authority.
        accuracy_m: 68 % error of its lines, metres.
        reach: prefix of the unit codes that it covers; empty: everywhere.
        kinds: kinds of the zones in it.
        sha256: of the data file.
        note: by language.
    """

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
        """Path of the data file."""
        return self.folder / self.file

    @property
    def version(self) -> str:
        """Twelve hex digits of a hash of the description, and by ``sha256`` of the content."""
        description = self.model_dump(mode="json", exclude={"folder"})
        return hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()[:12]

    def verify(self) -> None:
        """Raise BadData if the file is missing or its checksum differs from ``sha256``."""
        if not self.path.is_file():
            raise BadData(N_("The data file {file} is missing."), field=self.dataset, file=self.file)
        actual = hashlib.sha256(self.path.read_bytes()).hexdigest()
        if actual != self.sha256:
            raise BadData(
                N_("The checksum of {file} is {found}; sources.yaml states {said}."),
                field=self.dataset,
                hint=N_("Rebuild the data with `make data`, or correct sources.yaml."),
                file=self.file,
                found=actual[:12],
                said=self.sha256[:12],
            )


def read_folder(folder: Path) -> list[Dataset]:
    """The datasets in a folder's ``sources.yaml``, in order. Raises BadData if it is missing or wrong."""
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
    """All datasets of the data folder: the required folders first, then further ones by name.

    Law is first, since zones are checked against its kinds.

    Raises:
        BadData: a description is wrong, or two datasets have one name.
    """
    others = sorted(path.parent.name for path in data_dir.glob("[!.]*/sources.yaml"))
    names = dict.fromkeys((*REQUIRED_FOLDERS, *others))
    datasets = [dataset for name in names for dataset in read_folder(data_dir / name)]
    _reject_duplicate_names(datasets)
    return datasets


def _reject_duplicate_names(datasets: list[Dataset]) -> None:
    # Each of the two would retire the version of the other, at every load.
    by_name: dict[str, Dataset] = {}
    for dataset in datasets:
        first = by_name.setdefault(dataset.dataset, dataset)
        if first is not dataset:
            raise BadData(
                N_("The dataset {dataset} is listed twice: in {first} and in {second}."),
                field="data_dir",
                hint=N_("Rename one of them."),
                dataset=dataset.dataset,
                first=first.folder.name,
                second=dataset.folder.name,
            )
