"""The ``zhijie`` command: thin, one function a command."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sqlalchemy.orm import Session

from api.app import create_app
from cases.demo import STORY, STORY_KEY
from cases.inquiry import Inquiry, Limits, answer
from cases.intake import Filed, Submission, file_report
from cases.reports import fetch_report
from cases.words import tell_trace, tell_verdict
from geo.errors import BadInput, ZhijieError
from geo.postgis import make_engine, migrate, open_session, private_cluster, revisions
from geo.settings import Settings
from layers.load import Loaded, load_folder
from layers.registry import Dataset
from words import N_, Lang, say

app = typer.Typer(
    help="知界 Zhijie: whose ground is this, and may that stand on it?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
db = typer.Typer(help="The private PostGIS, and the schema of any.", no_args_is_help=True)
app.add_typer(db, name="db")
out = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, highlight=False)

Lon = Annotated[float | None, typer.Option(help="Longitude in degrees, or easting in metres")]
Lat = Annotated[float | None, typer.Option(help="Latitude in degrees, or northing in metres")]
Datum = Annotated[str, typer.Option(help="cgcs2000, wgs84, gcj02, bd09 or EPSG:n")]
Accuracy = Annotated[float, typer.Option(help="68 % radius of the position, metres")]
FootprintFile = Annotated[Path | None, typer.Option("--footprint", help="GeoJSON file with one polygon")]
Category = Annotated[str, typer.Option(help="Code of the violation category")]
AsOf = Annotated[str | None, typer.Option(help="Day of the act, YYYY-MM-DD; today by default")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the verdict as JSON")]


def main() -> None:
    """Run the command; a fault that the user can mend is one line and status 2."""
    try:
        app()
    except ZhijieError as fault:
        notes.print(f"[red]✗[/red] {_plain(fault.line(Settings().lang))}")
        raise SystemExit(2) from None


@app.command()
def check(  # noqa: PLR0913 - one parameter an option
    category: Category,
    lon: Lon = None,
    lat: Lat = None,
    datum: Datum = "cgcs2000",
    accuracy: Accuracy = 0.0,
    footprint: FootprintFile = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    trace: Annotated[bool, typer.Option("--trace", help="Print every rule that was tried")] = False,
) -> None:
    """Whose ground is this, and may that stand on it? Stores nothing."""
    settings = Settings()
    inquiry = _inquiry(category, lon, lat, datum, accuracy, footprint, as_of)
    with _session(settings) as session:
        verdict = answer(session, inquiry, Limits.of(settings))
    if as_json:
        typer.echo(verdict.to_json())
        return
    _print_verdict(verdict.as_dict(), settings.lang, trace=trace)


@app.command()
def report(  # noqa: PLR0913 - one parameter an option
    category: Category,
    lon: Lon = None,
    lat: Lat = None,
    datum: Datum = "cgcs2000",
    accuracy: Accuracy = 0.0,
    footprint: FootprintFile = None,
    as_of: AsOf = None,
    description: Annotated[str, typer.Option(help="What was seen, in words")] = "",
    key: Annotated[str | None, typer.Option(help="Idempotency key; the same key never files twice")] = None,
    as_json: AsJson = False,
) -> None:
    """File a report: judged and stored."""
    settings = Settings()
    inquiry = _inquiry(category, lon, lat, datum, accuracy, footprint, as_of)
    submission = Submission(inquiry, description, channel="cli")
    with _session(settings) as session:
        filed = file_report(session, submission, key or uuid.uuid4().hex, Limits.of(settings))
        number, created, body = filed.report.id, filed.created, _stored_body(session, filed)
    if as_json:
        typer.echo(json.dumps({"id": number, "created": created, "verdict": body}, ensure_ascii=False))
        return
    _print_filed(number, created, settings.lang)
    _print_verdict(body, settings.lang)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on")] = None,
) -> None:
    """Serve the map and the API."""
    settings = Settings()
    _serve(settings, host or settings.host, port or settings.port)


@app.command()
def load(
    folder: Annotated[Path | None, typer.Argument(help="Data folder; by default the project's own")] = None,
) -> None:
    """Bring the store in step with the data folder: all of it, or nothing."""
    settings = Settings()
    for loaded in _load(settings, folder or settings.data_dir):
        out.print(f"{loaded.dataset} {loaded.version}: {_outcome(loaded, settings.lang)}")


@app.command()
def demo(
    serve_map: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the map afterwards")] = True,
) -> None:
    """Tell the story: load the data, file the report, print the verdict, serve the map."""
    settings = Settings()
    for loaded in _load(settings, settings.data_dir):
        notes.print(f"  {loaded.dataset}: {_outcome(loaded, settings.lang)}")
    with _session(settings) as session:
        filed = file_report(session, STORY, STORY_KEY, Limits.of(settings))
        number, created, body = filed.report.id, filed.created, _stored_body(session, filed)
    _print_filed(number, created, settings.lang)
    _print_verdict(body, settings.lang)
    if serve_map:
        _serve(settings, settings.host, settings.port)


@db.command()
def start() -> None:
    """Start the private PostGIS and print its address."""
    typer.echo(private_cluster(Settings()).start())


@db.command()
def stop() -> None:
    """Stop the private PostGIS."""
    private_cluster(Settings()).stop()


@db.command()
def status() -> None:
    """Tell the state of the store and its schema."""
    settings = Settings()
    cluster = private_cluster(settings)
    if settings.database_url is None and not cluster.status().running:
        out.print(say(settings.lang, N_("The private PostGIS is stopped. Start it with `zhijie db start`.")))
        raise SystemExit(3)
    current, newest = revisions(make_engine(settings))
    out.print(
        say(
            settings.lang,
            N_("The database answers. Schema: {current}; the program needs {newest}."),
            current=current,
            newest=newest,
        )
    )


@db.command(name="migrate")
def migrate_() -> None:
    """Bring the schema to what this program needs."""
    migrate(make_engine(Settings()))


@contextmanager
def _session(settings: Settings) -> Iterator[Session]:
    engine = make_engine(settings)
    try:
        with open_session(engine) as session:
            yield session
    finally:
        engine.dispose()


def _inquiry(  # noqa: PLR0913 - the options of two commands
    category: str,
    lon: float | None,
    lat: float | None,
    datum: str,
    accuracy: float,
    footprint: Path | None,
    as_of: str | None,
) -> Inquiry:
    return Inquiry(
        category=category,
        x=lon,
        y=lat,
        datum=datum,
        accuracy_m=accuracy,
        footprint=None if footprint is None else _read_footprint(footprint),
        as_of=None if as_of is None else _day(as_of),
    )


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise BadInput(
            N_("{text} is no day."), field="as_of", mend=N_("Write YYYY-MM-DD."), text=text
        ) from None


def _read_footprint(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as fault:
        raise BadInput(
            N_("{path} cannot be read as GeoJSON: {fault}"),
            field="footprint",
            mend=N_("Give a UTF-8 GeoJSON file with one polygon."),
            path=path,
            fault=fault,
        ) from fault
    if not isinstance(content, dict):
        raise BadInput(
            N_("{path} holds no GeoJSON object."),
            field="footprint",
            mend=N_("Give a UTF-8 GeoJSON file with one polygon."),
            path=path,
        )
    return content


def _stored_body(session: Session, filed: Filed) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(fetch_report(session, filed.report.id)[1].body)
    return body


def _load(settings: Settings, folder: Path) -> list[Loaded]:
    engine = make_engine(settings)
    migrate(engine)
    told = say(settings.lang, N_("Loading reference data"))

    def progress(datasets: Iterable[Dataset]) -> Iterable[Dataset]:
        return track(list(datasets), description=told, console=notes, transient=True)

    with open_session(engine) as session:
        return load_folder(session, folder, progress)


def _outcome(loaded: Loaded, lang: Lang) -> str:
    texts = {
        "loaded": N_("loaded, {rows} rows") if loaded.rows else N_("loaded"),
        "restored": N_("an earlier version is current again"),
        "unchanged": N_("unchanged"),
    }
    return say(lang, texts[loaded.outcome], rows=loaded.rows)


def _print_filed(number: int, created: bool, lang: Lang) -> None:
    text = N_("Report {number} filed.") if created else N_("Report {number} had been filed before.")
    out.print(say(lang, text, number=number))


def _plain(text: str) -> str:
    return text.replace("[", "\\[")


def _print_verdict(verdict: Mapping[str, Any], lang: Lang, *, trace: bool = False) -> None:
    words = tell_verdict(verdict, lang)
    out.print(f"\n[bold]{words['mark']} {_plain(words['headline'])}[/bold]\n")
    _print_lines(words["lines"])
    if trace:
        heading = say(lang, N_("How it was decided"))
        out.print(f"\n[bold]{heading}[/bold]")
        for number, step in enumerate(tell_trace(verdict, lang), start=1):
            out.print(f"[dim]{number:3}[/dim] {_plain(step)}")


def _print_lines(lines: list[dict[str, str]]) -> None:
    """Two columns on a terminal; one line each where the output goes elsewhere and must not be cut."""
    if not out.is_terminal:
        for line in lines:
            out.print(_plain(f"{line['label']}  {line['text']}"))
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for line in lines:
        table.add_row(_plain(line["label"]), _plain(line["text"]))
    out.print(table)


def _serve(settings: Settings, host: str, port: int) -> None:
    notes.print(say(settings.lang, N_("The map: {url} (stop with Ctrl+C)"), url=f"http://{host}:{port}/"))
    uvicorn.run(create_app(settings), host=host, port=port, log_level="warning")
