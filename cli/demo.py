"""`zhijie demo`: a story on a map with a year of fictional reports; `zhijie demo clear` removes them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Annotated

import typer
from rich.progress import track

from cli.console import notes, out, print_rows
from cli.judging_session import open_judging_store
from cli.load import load_data, outcome
from cli.report import stored_body
from cli.session import open_store
from cli.verdict_output import print_filed, print_verdict
from core.clock import today
from core.i18n import N_, Lang, say
from core.settings import Settings
from demo import (
    STORY,
    STORY_KEY,
    batches,
    clear_demo,
    count_samples,
    demo_people,
    file_samples,
    forget_files,
    missing,
)
from facts import use_memory
from reports import file_report
from reports.evidence import open_blobs
from store import ROLES, make_engine, open_session
from verdict import Limits

app = typer.Typer()


@app.callback(invoke_without_command=True)
def demo(
    context: typer.Context,
    serve_map: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the map afterwards")] = True,
) -> None:
    """Load the data, file the story's report and a year of samples, serve the map."""
    if context.invoked_subcommand is not None:
        return
    settings = Settings()
    for loaded in load_data(settings, settings.data_dir):
        notes.print(f"  {loaded.dataset}: {outcome(loaded, settings.lang)}")
    with open_judging_store(settings) as session:
        filed = file_report(session, STORY, STORY_KEY, Limits.of(settings))
        number, created, body = filed.report.id, filed.created, stored_body(session, filed)
        people = demo_people(session, settings.lang)
    file_year(settings)
    print_filed(number, created, settings.lang)
    print_verdict(body, settings.lang)
    illustrative = N_(
        "The place and the day of this case are illustrative; what decides on site is the map of forest "
        "land, reserves and planning areas that the authorities keep."
    )
    out.print(f"\n{say(settings.lang, illustrative)}")
    print_people(people, settings.lang)
    if serve_map:
        from cli.serve import run_server  # noqa: PLC0415 - the API takes seconds to import, --no-serve needs none

        run_server(settings, settings.host, settings.port, settings.workers)


@app.command()
def clear(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation")] = False,
) -> None:
    """Remove the sample reports and the demonstration's accounts. Real reports and the data stay."""
    settings = Settings()
    with open_store(settings) as session:
        count = count_samples(session)
    question = N_("Remove {count} sample reports and the demonstration's accounts?")
    if not yes and not typer.confirm(say(settings.lang, question, count=count)):
        raise typer.Exit(1)
    with open_store(settings) as session:
        cleared = clear_demo(session)
    # Files go after the commit: a rollback would leave reports whose evidence is gone.
    with open_store(settings) as session:
        files = forget_files(session, open_blobs(settings), cleared.files)
    removed = N_("Removed: {reports} sample reports, {files} files of evidence, {accounts} accounts.")
    out.print(say(settings.lang, removed, reports=cleared.reports, files=files, accounts=cleared.accounts))
    if cleared.locked:
        kept = N_("{count} accounts of the demonstration have real reports; they stay, and are locked.")
        out.print(say(settings.lang, kept, count=cleared.locked))


def file_year(settings: Settings) -> None:
    """File the fictional reports of a year that are missing, with a progress bar."""
    begun = time.monotonic()
    engine, limits, count = use_memory(make_engine(settings), settings), Limits.of(settings), 0
    try:
        with open_session(engine) as session:
            samples = missing(session, today())
        # A transaction for each batch: an interrupted run keeps what it has filed, and the next one files
        # the rest.
        parts = list(batches(samples))
        label = say(settings.lang, N_("Filing a year of fictional reports"))
        for part in track(parts, description=label, console=notes, transient=True, disable=not parts):
            with open_session(engine) as session:
                count += file_samples(session, part, limits)
    finally:
        engine.dispose()
    text = N_(
        "{count} fictional reports of the past year filed, in {seconds} s. Remove them: zhijie demo clear"
    )
    if not count:
        text = N_("The fictional reports were filed before. Remove them: zhijie demo clear")
    notes.print(say(settings.lang, text, count=count, seconds=f"{time.monotonic() - begun:.1f}"))


def print_people(people: Iterable[tuple[str, str, str, str]], lang: Lang) -> None:
    """Print the accounts of the demonstration; their passwords are set again by each run."""
    out.print("\n" + say(lang, N_("Sign in as one of these (for the demonstration only):")))
    rows = [(name, word, say(lang, ROLES[role]), reach) for name, word, role, reach in people]
    print_rows((N_("Account"), N_("Password"), N_("Role"), N_("Reach")), rows, lang)
