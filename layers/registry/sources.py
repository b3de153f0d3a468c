"""Reads the descriptions of datasets in the ``sources.yaml`` of data folders."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.errors import BadData
from core.i18n import N_
from layers.registry.checksum import sha256_of

Role = Literal[
    "units", "villages", "grid", "zones", "roads", "permits", "parcels", "land_classes", "law", "calendar"
]
REQUIRED_FOLDERS: Final = ("law", "calendar", "boundaries", "protected_areas")
DRAWN_ROLES: Final = ("units", "grid", "zones", "roads", "permits", "parcels")
"""Roles whose files hold geometry."""
_OFTEN_LEFT_OUT: Final = ("columns", "values", "layer", "snap_m")


class Dataset(BaseModel):
    """A dataset as described in ``sources.yaml``.

    Attributes:
        dataset: unique name, such as ``law/rules``.
        file: name of the data file in ``folder``.
        title: by language; one text stands for both.
        origin: where the data comes from.
        datum: of the coordinates, as ``geo.datum.frame`` knows it; empty: as the file states it.
        official: issued by an authority.
        accuracy_m: 68 % error of its lines, metres; an official dataset of areas must state it.
        reach: prefix of the unit codes that it covers; empty: everywhere.
        kinds: kinds of the zones in it.
        sha256: of the data file; empty: not stated, and computed when it is loaded.
        note: by language.
        layer: of the data file, needed if it has several.
        columns: field → the file's column that holds it, where the name is not a usual one.
        values: field → its value in every feature that has none.
        snap_m: how far borders of neighbours may be apart to be snapped together, metres.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str
    file: str
    role: Role
    title: dict[str, str]
    origin: str = "not stated"
    licence: str = "not stated"
    datum: str = ""
    official: bool
    accuracy_m: float = Field(0.0, ge=0, allow_inf_nan=False)
    reach: str = ""
    kinds: list[str] = []
    sha256: str = ""
    note: dict[str, str] | None = None
    layer: str | None = None
    columns: dict[str, str] = {}
    values: dict[str, str] = {}
    snap_m: float = Field(0.1, ge=0, le=5)
    folder: Path

    @field_validator("title", "note", mode="before")
    @classmethod
    def _in_both_languages(cls, value: object) -> object:
        return {"zh": value, "en": value} if isinstance(value, str) else value

    @field_validator("values", mode="before")
    @classmethod
    def _as_texts(cls, value: object) -> object:
        # YAML reads 2024-01-01 as a date and 140522 as a number.
        return {k: str(v) for k, v in value.items()} if isinstance(value, dict) else value

    @property
    def path(self) -> Path:
        """Path of the data file."""
        return self.folder / self.file

    @property
    def version(self) -> str:
        """Twelve hex digits of a hash of the description, and by ``sha256`` of the content."""
        description = self.model_dump(mode="json", exclude={"folder"})
        for name in _OFTEN_LEFT_OUT:  # a version of before these existed stays the same version
            if description[name] == type(self).model_fields[name].default:
                del description[name]
        if self.role in DRAWN_ROLES and not self._is_plain:
            description["reading"] = 2  # 1 took such coordinates for CGCS2000 degrees
        return hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def _is_plain(self) -> bool:
        return self.datum.upper() == "CGCS2000" and self.path.suffix.lower() in (".geojson", ".json")

    def signed(self) -> Dataset:
        """The dataset with its checksum. Raises BadData if the file is missing, or another than stated."""
        if not self.path.exists():
            raise BadData(N_("The data file {file} is missing."), field=self.dataset, file=self.file)
        actual = sha256_of(self.path)
        if self.sha256 not in ("", actual):
            raise BadData(
                N_("The checksum of {file} is {found}; sources.yaml states {said}."),
                field=self.dataset,
                hint=N_(
                    "Leave sha256 out of sources.yaml, or restore the file (`make data` for a shipped one)."
                ),
                file=self.file,
                found=actual[:12],
                said=self.sha256[:12],
            )
        return self.model_copy(update={"sha256": actual})


def read_folder(folder: Path) -> list[Dataset]:
    """The datasets in a folder's ``sources.yaml``, in order. Raises BadData if it is missing or wrong."""
    path = folder / "sources.yaml"
    if not path.is_file():
        raise BadData(N_("{path} is missing."), field="data_dir", path=f"{folder.name}/sources.yaml")
    rows = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    return [_dataset(folder, number, row) for number, row in enumerate(rows, start=1)]


def _dataset(folder: Path, number: int, row: Any) -> Dataset:  # noqa: ANN401 - unchecked YAML
    try:
        dataset = Dataset.model_validate({**row, "folder": folder})
    except (ValidationError, TypeError) as fault:
        raise BadData(
            N_("Entry {number} of {file} is wrong: {fault}"),
            field=f"{folder.name}/sources.yaml",
            number=number,
            file="sources.yaml",
            fault=" ".join(str(fault).split()),
        ) from fault
    _check_accuracy(dataset)
    return dataset


def _check_accuracy(dataset: Dataset) -> None:
    """Refuse an official dataset of areas that does not state its accuracy: 0 m would make all certain."""
    if dataset.official and dataset.role in DRAWN_ROLES and "accuracy_m" not in dataset.model_fields_set:
        raise BadData(
            N_("{dataset} is official and does not state accuracy_m: how far its lines may be wrong."),
            field=f"{dataset.folder.name}/sources.yaml",
            hint=N_("Write metres (68 %), such as 1 for surveyed lines, 5 for lines digitised at 1:10 000."),
            dataset=dataset.dataset,
        )


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
