"""Options and parsers that several commands share."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer
from rich.progress import track

from cli.console import notes
from core.errors import BadInput
from core.i18n import N_, Lang, say
from geo.datum import read_coordinate

DATUMS = "cgcs2000, wgs84, gcj02, bd09 or EPSG:n"
Datum = Annotated[str, typer.Option(help=DATUMS)]


def _parse_lon(text: str) -> float:
    return read_coordinate("lon", text)


def _parse_lat(text: str) -> float:
    return read_coordinate("lat", text)


# not floats: degrees, minutes and seconds are accepted, and other text is refused as elsewhere
Lon = typer.Option(
    parser=_parse_lon,
    metavar="NUMBER",
    help="Longitude in degrees (112.395 or 112°23′42″), or easting in metres",
)
Lat = typer.Option(
    parser=_parse_lat,
    metavar="NUMBER",
    help="Latitude in degrees (35.625 or 35°37′30″), or northing in metres",
)
Trace = Annotated[bool, typer.Option("--trace", help="Print every rule that was tried")]


def option_day(field: str, given: str | None) -> dt.date | None:
    """The day of an option, None where it is left out. Raises BadInput that names ``field``."""
    return None if given is None else parse_day(field, given)


def parse_day(field: str, given: str) -> dt.date:
    """The day that a text in ISO format names. Raises BadInput that names ``field``."""
    try:
        return dt.date.fromisoformat(given)
    except ValueError:
        raise BadInput(
            N_("{text} is not a date."), field=field, hint=N_("Write YYYY-MM-DD."), text=given
        ) from None


def with_option_sets(command: Callable[..., None]) -> Callable[..., None]:
    """Let typer see the fields of each dataclass parameter of ``command`` as options of their own.

    The fields carry ``Annotated[…, typer.Option(…)]``; a field without a default is a required option. The
    returned function takes the options as keywords, builds the dataclasses and calls ``command``.
    """
    hints = get_type_hints(command, include_extras=True)
    sets = {name: hint for name, hint in hints.items() if is_dataclass(hint) and isinstance(hint, type)}
    parameters: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(command).parameters.items():
        if name in sets:
            parameters += _parameters_of(sets[name])
        else:
            parameters.append(_keyword(name, hints[name], parameter.default))

    @wraps(command)
    def with_options(**options: Any) -> None:  # noqa: ANN401 - any option's
        made = {
            name: kind(**{field.name: options.pop(field.name) for field in fields(kind)})
            for name, kind in sets.items()
        }
        command(**made, **options)

    with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del with_options.__wrapped__  # or typer would follow it and read the hints of `command`
    return with_options


def _parameters_of(kind: type) -> list[inspect.Parameter]:
    hints: Mapping[str, Any] = get_type_hints(kind, include_extras=True)
    return [
        _keyword(
            field.name,
            hints[field.name],
            inspect.Parameter.empty if field.default is MISSING else field.default,
        )
        for field in fields(kind)
    ]


def _keyword(name: str, hint: Any, default: Any) -> inspect.Parameter:  # noqa: ANN401 - any option's
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hint)


def report_bar(lang: Lang) -> Callable[[Iterable[Any], int], Iterable[Any]]:
    """A function that iterates over reports and shows a progress bar on standard error meanwhile."""
    description = say(lang, N_("Judging reports"))

    def bar(reports: Iterable[Any], total: int) -> Iterable[Any]:
        return track(reports, total=total, description=description, console=notes, transient=True)

    return bar
