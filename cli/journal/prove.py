"""`zhijie journal prove`: a bundle that others can check without the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.console import notes, out, plain
from cli.journal.progress import progress_bar
from cli.output_file import whole_file
from cli.session import open_store
from core.i18n import N_, Lang, say
from core.settings import Settings
from store.journal import ProofSummary, write_proof


def prove(
    report: Annotated[int, typer.Argument(help="Number of the report")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; by default report-REPORT.proof.json")
    ] = None,
) -> None:
    """Write the proof of a report and print how many rows it shows."""
    settings = Settings()
    path = output or Path(f"report-{report}.proof.json")
    label = say(settings.lang, N_("Writing the proof"))
    # Private, because a proof names people.
    with (
        open_store(settings) as session,
        progress_bar(label, None) as advance,
        whole_file(path, encoding="utf-8", private=True) as file,
    ):
        proved = write_proof(session, report, file, advance)
    _print_proved(proved, path, settings.lang)


def _print_proved(proved: ProofSummary, path: Path, lang: Lang) -> None:
    for name in proved.unproved:
        notes.print(plain(say(lang, N_("{name}: no row of the journal holds its SHA-256."), name=name)))
    text = N_("{shown} rows in full and {others} digests written to {path}. Head: {head}")
    others = proved.rows - proved.shown
    out.print(plain(say(lang, text, shown=proved.shown, others=others, path=path, head=proved.head)))
