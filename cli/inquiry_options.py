"""The options of an inquiry and of a filing: one set for the local and the remote commands."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cli.options import Datum, Lat, Lon, option_day
from core.errors import BadInput
from core.i18n import N_

CHANNEL: Final = "cli"
AsJson = Annotated[bool, typer.Option("--json", help="Print the verdict as JSON")]


@dataclass(frozen=True, slots=True)
class InquiryOptions:
    """What is asked about: a category, and a point or a footprint. Values are as typed, not yet checked."""

    category: Annotated[str, typer.Option(help="Code of the violation category")]
    lon: Annotated[float | None, Lon] = None
    lat: Annotated[float | None, Lat] = None
    datum: Datum = "cgcs2000"
    accuracy: Annotated[
        float | None,
        typer.Option(
            help="68 % radius of the position, metres; without it the default of the channel `cli` is assumed"
        ),
    ] = None
    footprint: Annotated[Path | None, typer.Option(help="GeoJSON file with one polygon")] = None
    as_of: Annotated[str | None, typer.Option(help="Day of the act, YYYY-MM-DD; today by default")] = None
    stated: Annotated[
        list[str] | None,
        typer.Option(
            help="A condition that the verdict asks for and its answer: code=yes or code=no; repeatable"
        ),
    ] = None

    def answers(self) -> dict[str, bool] | None:
        """Condition → whether it is met; None where nothing is stated. Raises BadInput (field ``stated``)."""
        return dict(map(_answer, self.stated)) if self.stated else None

    def day(self) -> dt.date | None:
        """The day of the act; None means today. Raises BadInput (field ``as_of``)."""
        return option_day("as_of", self.as_of)

    def shape(self) -> Mapping[str, Any] | None:
        """The GeoJSON object of the footprint's file. Raises BadInput (field ``footprint``)."""
        return None if self.footprint is None else read_footprint(self.footprint)


def _answer(text: str) -> tuple[str, bool]:
    code, _, answer = text.partition("=")
    if answer not in ("yes", "no"):
        hint = N_("Write code=yes or code=no.")
        raise BadInput(N_("“{text}” is no answer to a condition."), field="stated", hint=hint, text=text)
    return code, answer == "yes"


@dataclass(frozen=True, slots=True)
class FilingOptions:
    """What a report adds to an inquiry."""

    description: Annotated[str, typer.Option(help="What was seen, in words")] = ""
    key: Annotated[str | None, typer.Option(help="Idempotency key; the same key never files twice")] = None

    def idempotency_key(self) -> str:
        """The given key, or a random one."""
        return self.key or uuid.uuid4().hex


def read_footprint(path: Path) -> Mapping[str, Any]:
    """The GeoJSON object of a UTF-8 file. Raises BadInput (field ``footprint``) where there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as fault:
        raise _no_geojson(N_("{path} cannot be read as GeoJSON: {fault}"), path, fault) from fault
    if not isinstance(content, dict):
        raise _no_geojson(N_("{path} does not contain a GeoJSON object."), path)
    return content


def _no_geojson(message: str, path: Path, fault: Exception | None = None) -> BadInput:
    hint = N_("Give a UTF-8 GeoJSON file with one polygon.")
    return BadInput(message, field="footprint", hint=hint, path=path, fault=fault)
