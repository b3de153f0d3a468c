"""`zhijie journal verify`: the journal, and what it speaks of, as they should be."""

from __future__ import annotations

from itertools import chain
from typing import Annotated, Final

import typer
from sqlalchemy.orm import Session

from cli.console import notes, out, plain
from cli.journal.progress import progress_bar
from cli.session import open_store
from core.i18n import N_, Lang, say
from core.settings import Settings
from reports.evidence import open_blobs, verify_files
from store.journal import (
    Head,
    Uncovered,
    VerificationResult,
    count_rows,
    verify_guards,
    verify_journal,
    verify_rows,
)

BROKEN: Final = 4  # exit status where a row or a file is edited, missing, moved or inserted


def verify(
    head: Annotated[
        list[str] | None,
        typer.Option(
            help="SEQ:HASH published earlier, which must still be in the chain; repeatable. "
            "Only this detects a journal that the database's owner has rewritten entirely"
        ),
    ] = None,
    files: Annotated[
        bool, typer.Option(help="Also read every file of evidence and compare it with its hash")
    ] = True,
) -> None:
    """Print whether the journal, and all that it speaks of, is intact. Exits with ``BROKEN`` where not."""
    settings = Settings()
    published = [Head.parse(text) for text in head or []]
    with open_store(settings) as session:
        found = _verify_chain(session, published, settings.lang)
        faults, uncovered = _print_contents(session, settings, files=files)
    if found.fault is not None or faults:
        raise SystemExit(BROKEN)
    out.print(plain(intact_line(found, settings.lang)))
    out.print(plain(covered_line(uncovered, settings.lang, files=files)))


def _verify_chain(session: Session, published: list[Head], lang: Lang) -> VerificationResult:
    with progress_bar(say(lang, N_("Verifying the journal")), count_rows(session)) as advance:
        found = verify_journal(session, published, advance)
    if found.fault is not None:
        _print_fault(found.fault.say(lang))
    return found


def _print_contents(session: Session, settings: Settings, *, files: bool) -> tuple[int, int]:
    """Compare rows and files with the journal, print faults; returns (faults, subjects not covered)."""
    faults = uncovered = 0
    with progress_bar(say(settings.lang, N_("Comparing rows and files")), None) as advance:
        found_files = verify_files(session, open_blobs(settings), advance) if files else ()
        for found in chain(verify_guards(session), verify_rows(session), found_files):
            if isinstance(found, Uncovered):
                uncovered += 1
                continue
            faults += 1
            _print_fault(found.say(settings.lang))
    return faults, uncovered


def _print_fault(sentence: str) -> None:
    notes.print(f"[red]✗[/red] {plain(sentence)}")


def covered_line(uncovered: int, lang: Lang, *, files: bool) -> str:
    """The sentence on rows and files without a fault, and on what the journal does not cover yet."""
    text = (
        N_("Rows and files are as the journal recorded them.")
        if files
        else N_("Rows are as the journal recorded them.")
    )
    if not uncovered:
        return say(lang, text)
    more = N_(
        "Not covered: {count} reports, accounts and datasets whose last step is older than the digests."
    )
    return f"{say(lang, text)} {say(lang, more, count=uncovered)}"


def intact_line(found: VerificationResult, lang: Lang) -> str:
    """The sentence on a journal without a fault: rows, first and last time, head."""
    if found.rows == 0:
        return say(lang, N_("The journal is empty."))
    text = N_("The journal is intact: {rows} rows from {first} to {last}. Head: {head}")
    return say(lang, text, rows=found.rows, first=found.first_at, last=found.last_at, head=found.head)
