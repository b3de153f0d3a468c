"""`zhijie journal prove`: a bundle that others can check without the database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.console import notes, out, plain
from cli.journal.progress import bar
from cli.session import open_store
from core.errors import BadInput
from core.i18n import N_, Lang, say
from core.settings import Settings
from store.journal.proof import ProofSummary, write_proof


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
    with open_store(settings) as session, bar(label, None) as advance, _whole_file(path) as file:
        proved = write_proof(session, report, file, advance)
    _print_proved(proved, path, settings.lang)


def _print_proved(proved: ProofSummary, path: Path, lang: Lang) -> None:
    for name in proved.unproved:
        notes.print(plain(say(lang, N_("{name}: no row of the journal holds its SHA-256."), name=name)))
    text = N_("{shown} rows in full and {others} digests written to {path}. Head: {head}")
    others = proved.rows - proved.shown
    out.print(plain(say(lang, text, shown=proved.shown, others=others, path=path, head=proved.head)))


@contextmanager
def _whole_file(path: Path) -> Iterator[Any]:
    """A text file that gets its name when complete; readable by its owner only, because it names people."""
    part = path.with_name(path.name + ".part")
    try:
        with open(part, "w", encoding="utf-8", opener=_private) as file:
            yield file
        part.replace(path)
    except OSError as fault:
        raise BadInput(
            N_("{path} cannot be written: {fault}"), field="output", path=path, fault=fault.strerror
        ) from fault
    finally:
        part.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
