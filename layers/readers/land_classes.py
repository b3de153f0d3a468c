"""Land classes by scheme. A code is unique only within its scheme."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import BadData
from core.i18n import N_, Lang
from layers.registry.sources import Dataset
from store.schema import Source

ROLE: Final = "land_classes"


class Text(BaseModel):
    """A text in Chinese and English."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: str
    en: str

    def say(self, lang: Lang) -> str:
        """The text in ``lang``."""
        return self.zh if lang == "zh" else self.en


class LandClass(BaseModel):
    """A class of a scheme."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    name: Text


class Scheme(BaseModel):
    """A classification of land, such as that of the third national land survey (三调)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scheme: str
    name: Text
    classes: list[LandClass]


class Document(BaseModel):
    """A file of schemes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schemes: list[Scheme]


class LandClasses:
    """Names of schemes and of their classes."""

    def __init__(self, schemes: Iterable[Scheme] = ()) -> None:
        self._schemes = {scheme.scheme: scheme for scheme in schemes}
        self._classes = {
            (scheme.scheme, land_class.code): land_class.name
            for scheme in self._schemes.values()
            for land_class in scheme.classes
        }

    def schemes(self) -> list[str]:
        """The codes of the schemes."""
        return list(self._schemes)

    def codes(self, scheme: str) -> list[str]:
        """The codes of a scheme's classes; empty if the scheme is not known."""
        return [code for of, code in self._classes if of == scheme]

    def scheme_name(self, scheme: str, lang: Lang) -> str:
        """Name of a scheme; its code if it is no longer known, as old parcels may outlive their scheme."""
        known = self._schemes.get(scheme)
        return scheme if known is None else known.name.say(lang)

    def class_name(self, scheme: str, code: str, lang: Lang) -> str:
        """Name of a class; its code if it is no longer known."""
        known = self._classes.get((scheme, code))
        return code if known is None else known.say(lang)


def classes_of_files(datasets: Iterable[Dataset]) -> LandClasses:
    """The schemes of all files of a data folder. Raises :class:`BadData` where one is wrong."""
    texts = ((d.dataset, d.path.read_text(encoding="utf-8")) for d in datasets if d.role == ROLE)
    return _build(tuple(texts))


def current_classes(session: Session) -> LandClasses:
    """The schemes that are current in the store."""
    rows = session.execute(
        select(Source.dataset, Source.content["yaml"].astext)
        .where(Source.role == ROLE, Source.retired_at.is_(None))
        .order_by(Source.dataset)
    )
    return _build(tuple((row[0], row[1]) for row in rows))


# Cached by content, so that no entry can be outdated: parcel cards ask for the classes each time.
@lru_cache(maxsize=8)
def _build(texts: tuple[tuple[str, str], ...]) -> LandClasses:
    return LandClasses(scheme for name, text in texts for scheme in _read(name, yaml.safe_load(text)))


def _read(dataset: str, document: Any) -> list[Scheme]:  # noqa: ANN401 - unchecked YAML
    try:
        schemes = Document.model_validate(document).schemes
    except ValidationError as fault:
        raise BadData(
            N_("The land classes of {dataset} are wrong: {fault}"),
            field=dataset,
            hint=N_(
                "Write schemes with scheme, name and classes; each class has a code and a name in zh and en."
            ),
            dataset=dataset,
            fault=" ".join(str(fault).split()),
        ) from fault
    _reject_duplicate_codes(dataset, schemes)
    return schemes


def _reject_duplicate_codes(dataset: str, schemes: Iterable[Scheme]) -> None:
    seen = set[tuple[str, str]]()
    for scheme, land_class in ((s.scheme, land_class) for s in schemes for land_class in s.classes):
        if (scheme, land_class.code) in seen:
            raise BadData(
                N_("The scheme {scheme} lists the class {code} twice."),
                field=dataset,
                hint=N_("Remove one of them."),
                scheme=scheme,
                code=land_class.code,
            )
        seen.add((scheme, land_class.code))
