"""`zhijie serve` and `load`: run the service, bring the store in step."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import typer
from rich.progress import track

from cli.common import notes, out
from core.i18n import N_, Lang, say
from core.settings import Settings
from layers.loading.load import load_folder
from layers.registry.sources import Dataset
from layers.registry.versions import Loaded
from store.engine import app_database_url, make_engine, migrate, open_session

HANG_UP_S: Final = 3  # so long a stopping server waits for open requests; streams never end of themselves
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

    from api.middleware.logs import configure_logging  # noqa: PLC0415

    configure_logging()
    _allow_many_streams()
    notes.print(say(settings.lang, N_("The map: {url} (stop with Ctrl+C)"), url=f"http://{host}:{port}/"))
    options: dict[str, Any] = {
        "host": host,
        "timeout_graceful_shutdown": HANG_UP_S,
        "port": port,
        "log_level": "warning",
        **QUIET,
    }
    if workers == 1:
        from api.app import create_app  # noqa: PLC0415

        uvicorn.run(create_app(settings), **options)
        return
    app_database_url(settings)  # the private cluster is started once, before the others look for it
    with TemporaryDirectory(prefix="zhijie-metrics-") as folder:  # where processes share their figures
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        uvicorn.run("api.app:from_environment", factory=True, workers=workers, **options)


def _allow_many_streams() -> None:
    """As many open files as the system lets this process have: each open stream is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
