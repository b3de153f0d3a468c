"""`zhijie serve`: run the server."""

from __future__ import annotations

import os
import resource
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import typer
import uvicorn

from api.middleware import configure_logging
from cli.console import notes
from core.i18n import N_, say
from core.settings import Settings
from store import app_database_url

SHUTDOWN_S: Final = 3  # to wait for open requests when stopping; live streams never end by themselves
# A process that imports for long on a busy machine must not be killed for its silence, only to begin again:
# importing takes some seconds of processor time, of which a loaded machine may give a tenth.
STARTING_S: Final = 60
# The application logs requests itself.
QUIET: Final = {"log_config": None, "access_log": False, "server_header": False}


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Number of server processes")] = None,
) -> None:
    """Serve until the process is stopped; options take precedence over settings."""
    settings = Settings()
    run_server(settings, host or settings.host, port or settings.port, workers or settings.workers)


def run_server(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve until the process is stopped; ``workers`` processes share the port."""
    configure_logging()
    _allow_many_streams()
    notes.print(say(settings.lang, N_("The map: {url} (stop with Ctrl+C)"), url=f"http://{host}:{port}/"))
    options = server_options(settings, host, port)
    if workers == 1:
        from api import create_app  # noqa: PLC0415 - a parent of several workers answers no request itself

        uvicorn.run(create_app(settings), **options)
        return
    app_database_url(settings)  # starts the private cluster once, before the workers race for it
    with TemporaryDirectory(prefix="zhijie-metrics-") as folder:  # where the workers' metrics meet
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        uvicorn.run("api.app:from_environment", factory=True, workers=workers, **options)


def server_options(settings: Settings, host: str, port: int) -> dict[str, Any]:
    """How uvicorn serves. Headers on a request's origin are believed of the proxies set, and of no other."""
    proxies = settings.trusted_proxies.replace(" ", "")
    return {
        "host": host,
        "port": port,
        "timeout_graceful_shutdown": SHUTDOWN_S,
        "timeout_worker_healthcheck": STARTING_S,
        "proxy_headers": bool(proxies),
        "forwarded_allow_ips": proxies,
        "log_level": "warning",
        **QUIET,
    }


def _allow_many_streams() -> None:
    """Raise the limit of open files as far as the system allows: each live stream holds one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
