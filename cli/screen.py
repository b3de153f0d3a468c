"""`zhijie screen`: a file of places in, the same rows with their verdicts out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import Engine

from cli.console import notes, out, plain, print_rows
from cli.options import option_day
from core.clock import today
from core.errors import BadInput
from core.i18n import N_, Lang, say
from core.settings import Settings
from demo import STORY
from layers import current_book, open_source
from layers.formats import check_target, keep_freed_memory
from screening import ScreenTask, open_screener, run_local
from screening.files import (
    EFFECT_HEADINGS,
    UNIT_HEADINGS,
    WORKERS,
    ZONE_HEADINGS,
    FileJob,
    PlaceOptions,
    ScreeningResult,
    assumed_line,
    count_line,
    effect_rows,
    error_lines,
    limit_rows,
    unit_rows,
    zone_rows,
)
from store import make_engine, open_session
from verdict import Inquiry, Limits

LOCAL: Final = "local"
CHANNEL: Final = "file"


@dataclass(frozen=True, slots=True)
class Screening:
    """A screening job, its engine (``LOCAL`` or the address of a scheduler) and the picture to draw."""

    job: FileJob
    task: ScreenTask
    engine: str
    plot: Path | None


def screen(  # noqa: PLR0913 - one parameter an option
    file: Annotated[
        Path, typer.Argument(help="Points, areas or both: GeoParquet, Arrow, CSV or a vector file")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help=".parquet, .arrow, .csv, .gpkg, .fgb or .geojson")
    ],
    as_of: Annotated[str | None, typer.Option(help="Day of the act, YYYY-MM-DD; today by default")] = None,
    category: Annotated[str, typer.Option(help="Code of the violation category")] = STORY.inquiry.category,
    datum: Annotated[
        str | None, typer.Option(help="Declared datum; by default the file's own, for columns cgcs2000")
    ] = None,
    accuracy: Annotated[
        float | None,
        typer.Option(
            help="68 % radius of the positions, metres, where the column accuracy_m has none; without it the "
            "default of the channel `file` is assumed"
        ),
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Layer of FILE, where it has several")] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Threads of the local engine")] = WORKERS,
    engine: Annotated[
        str, typer.Option(help="`local`, or the address of a Dask scheduler: tcp://host:port")
    ] = LOCAL,
    plot: Annotated[Path | None, typer.Option(help="PNG file to draw the result in")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON")] = False,
) -> None:
    """Screen a file, write its rows with the verdict's columns, and print counts."""
    settings = Settings()
    limits = Limits.of(settings)
    as_of_day = Inquiry(category, as_of=option_day("as_of", as_of)).day()
    source = open_source(file, datum, layer)
    # Everything that can be refused is checked before the work, which may take hours.
    check_target(output, file)
    if plot is not None:
        _check_plot(plot)
    options = PlaceOptions(source.datum, limits, accuracy, CHANNEL, settings.lang)
    task = ScreenTask(category, as_of_day, today(), limits.shares)
    screening = Screening(FileJob(source, output, options, workers), task, engine, plot)
    store = make_engine(settings)
    try:
        found = _run(screening, store, settings)
        kinds = _kind_names(store, settings.lang)
    finally:
        store.dispose()
    if plot is not None:
        _draw(plot, found, (file.name, category, as_of_day), settings.lang)
    if as_json:
        default = {"channel": options.channel, "accuracy_m": options.default_m()}
        told = {**found.summary.as_dict(), "default_accuracy": default}
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    _print(found, kinds, screening.job, settings.lang)


def _check_plot(path: Path) -> None:
    """Raise BadInput (field ``plot``) for a picture that could not be written."""
    if path.suffix.lower() != ".png" or not path.parent.is_dir() or path.is_dir():
        raise BadInput(
            N_("A picture cannot be written to {path}."),
            field="plot",
            hint=N_("Give a name that ends with .png, in a folder that exists."),
            path=path,
        )


def _draw(plot: Path, found: ScreeningResult, what: tuple[str, str, date], lang: Lang) -> None:
    from cli.screen_plot import draw  # noqa: PLC0415 - matplotlib takes a second, and few draw

    file, category, as_of = what
    title = say(lang, N_("{file}: {category}, {as_of}"), file=file, category=category, as_of=as_of)
    draw(plot, found, title, lang)


def _run(screening: Screening, store: Engine, settings: Settings) -> ScreeningResult:
    """Run the screening on its engine."""
    if screening.engine != LOCAL:
        return _run_cluster(screening, store, settings)
    keep_freed_memory()  # the process does nothing else, see there
    screener = open_screener(store, settings, screening.task)
    with _progress_bar(screening.job.source.rows, settings.lang) as advance:
        return run_local(screening.job, screener, sampled=screening.plot is not None, progress=advance)


def _run_cluster(screening: Screening, store: Engine, settings: Settings) -> ScreeningResult:
    """Run the screening on the workers of a Dask scheduler."""
    from screening import run_cluster  # noqa: PLC0415 - dask is an optional extra
    from screening.cluster import open_pool, prepare_shipment  # noqa: PLC0415

    with open_pool(screening.engine, lambda text: notes.print(plain(text)), settings.lang) as pool:
        shipment = prepare_shipment(open_screener(store, settings, screening.task), store, settings)
        with _progress_bar(screening.job.source.rows, settings.lang) as advance:
            return run_cluster(
                screening.job, shipment, pool, sampled=screening.plot is not None, progress=advance
            )


@contextmanager
def _progress_bar(rows: int | None, lang: Lang) -> Iterator[Callable[[int], None]]:
    """A progress bar of rows with their rate; yields the function that advances it."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=notes, transient=True) as progress:
        bar = progress.add_task(say(lang, N_("Screening")), total=rows, rate="")

        def advance(done: int) -> None:
            progress.advance(bar, done)
            speed = progress.tasks[0].speed
            rate = "" if speed is None else say(lang, N_("{rows} rows/s"), rows=f"{speed:,.0f}")
            progress.update(bar, rate=rate)

        yield advance


def _kind_names(store: Engine, lang: Lang) -> dict[str, str]:
    """The name of each zone kind."""
    with open_session(store) as session:
        return {kind: rule.name.say(lang) for kind, rule in current_book(session).zone_kinds.items()}


def _print(found: ScreeningResult, kinds: dict[str, str], job: FileJob, lang: Lang) -> None:
    out.print(plain(count_line(found.summary, lang)))
    if assumed := assumed_line(found.summary, job.options, lang):
        out.print(plain(assumed))
    for line in error_lines(found.summary, lang):
        out.print(plain(f"  {line}"))
    _print_table(N_("By effect"), EFFECT_HEADINGS, effect_rows(found.summary, lang), lang)
    _print_table(N_("By unit"), UNIT_HEADINGS, unit_rows(found.summary), lang)
    _print_table(N_("By zone"), ZONE_HEADINGS, zone_rows(found.summary, kinds), lang)
    out.print(plain(say(lang, N_("Written to {path}."), path=job.target)))


def _print_table(heading: str, heads: Sequence[str], rows: Sequence[tuple[str, ...]], lang: Lang) -> None:
    if not rows:
        return
    shown, left = limit_rows(rows, lang)
    out.print(f"\n[bold]{say(lang, heading)}[/bold]")
    print_rows(heads, shown, lang)
    if left:
        out.print(plain(left))
