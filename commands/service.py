"""`zhijie serve`, `load` and `demo`: run the service, bring the store in step, tell the story."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import typer
from rich.progress import track

from cases.demo import STORY, STORY_KEY, demo_people
from cases.inquiry import Limits
from cases.intake import file_report
from commands.common import notes, open_store, out, print_filed, print_rows, print_verdict
from commands.place import stored_body
from geo.access import ROLES
from geo.postgis import app_database_url, make_engine, migrate, open_session
from geo.settings import Settings
from layers.load import load_folder
from layers.registry import Dataset
from layers.versions import Loaded
from words import N_, Lang, say

QUIET: Final = {"log_config": None, "access_log": False, "server_header": False}  # of uvicorn's own


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Processes that answer")] = None,
) -> None:
    """Serve the map and the API."""
    settings = Settings()
    run_server(settings, host or settings.host, port or settings.port, workers or settings.workers)


def load(
    folder: Annotated[Path | None, typer.Argument(help="Data folder; by default the project's own")] = None,
) -> None:
    """Bring the store in step with the data folder: all of it, or nothing."""
    settings = Settings()
    for loaded in load_data(settings, folder or settings.data_dir):
        out.print(f"{loaded.dataset} {loaded.version}: {outcome(loaded, settings.lang)}")


def demo(
    serve_map: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the map afterwards")] = True,
) -> None:
    """Tell the story: load the data, file the report, print the verdict, serve the map."""
    settings = Settings()
    for loaded in load_data(settings, settings.data_dir):
        notes.print(f"  {loaded.dataset}: {outcome(loaded, settings.lang)}")
    with open_store(settings) as session:
        filed = file_report(session, STORY, STORY_KEY, Limits.of(settings))
        number, created, body = filed.report.id, filed.created, stored_body(session, filed)
        people = demo_people(session, settings.lang)
    print_filed(number, created, settings.lang)
    print_verdict(body, settings.lang)
    print_people(people, settings.lang)
    if serve_map:
        run_server(settings, settings.host, settings.port, settings.workers)


def print_people(people: Iterable[tuple[str, str, str, str]], lang: Lang) -> None:
    """Tell whom one can sign in as; these passwords are new with each demonstration."""
    out.print("\n" + say(lang, N_("Sign in as one of these (for the demonstration only):")))
    rows = [(name, word, say(lang, ROLES[role]), reach) for name, word, role, reach in people]
    print_rows((N_("Account"), N_("Password"), N_("Role"), N_("Reach")), rows, lang)


def load_data(settings: Settings, folder: Path) -> list[Loaded]:
    """Migrate and load, with a bar."""
    engine = make_engine(settings)
    migrate(engine)
    told = say(settings.lang, N_("Loading reference data"))

    def progress(datasets: Iterable[Dataset]) -> Iterable[Dataset]:
        return track(list(datasets), description=told, console=notes, transient=True)

    with open_session(engine) as session:
        return load_folder(session, folder, progress)


def outcome(loaded: Loaded, lang: Lang) -> str:
    """What became of a dataset, in words."""
    texts = {
        "loaded": N_("loaded, {rows} rows") if loaded.rows else N_("loaded"),
        "restored": N_("an earlier version is current again"),
        "unchanged": N_("unchanged"),
    }
    return say(lang, texts[loaded.outcome], rows=loaded.rows)


def run_server(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve until it is stopped."""
    import uvicorn  # noqa: PLC0415 - half a second that no other command shall wait for

    from api.logs import configure_logging  # noqa: PLC0415

    configure_logging()
    notes.print(say(settings.lang, N_("The map: {url} (stop with Ctrl+C)"), url=f"http://{host}:{port}/"))
    options: dict[str, Any] = {"host": host, "port": port, "log_level": "warning", **QUIET}
    if workers == 1:
        from api.app import create_app  # noqa: PLC0415

        uvicorn.run(create_app(settings), **options)
        return
    app_database_url(settings)  # the private cluster is started once, before the others look for it
    with TemporaryDirectory(prefix="zhijie-metrics-") as folder:  # where processes share their figures
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        uvicorn.run("api.app:from_environment", factory=True, workers=workers, **options)
