"""`zhijie law simulate`: what a changed rule, competence list or boundary would have decided differently."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.console import out, plain, print_rows
from cli.options import option_day, report_bar
from cli.output_file import whole_file
from cli.session import open_store
from core.i18n import N_, Lang, say
from core.settings import Settings
from core.spreadsheet import inert_cell
from law import LawBook
from layers import current_book
from layers.loading import read_candidate
from previews import (
    CSV_HEAD,
    Comparison,
    Period,
    Summary,
    comparison_as_dict,
    comparison_row,
    csv_row,
    differences_summary,
    effect_rows,
    lead_rows,
    preview_law,
    summary_as_dict,
)
from verdict import Limits

LISTED = 100
Keep = Callable[[Comparison], Any]


def simulate(  # noqa: PLR0913 - one parameter an option
    file: Annotated[
        Path, typer.Argument(help="Changed rules (.yaml), competence list (.xlsx, .csv), or areas (.geojson)")
    ],
    first: Annotated[str | None, typer.Option("--from", help="First day of receipt, YYYY-MM-DD")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last day of receipt, included")] = None,
    limit: Annotated[int, typer.Option(help="Most differences to list; all are counted", min=0)] = LISTED,
    dataset: Annotated[
        str | None, typer.Option(help="Dataset that FILE replaces; found from its content by default")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print counts and differences as JSON")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="CSV file to write all differences to")
    ] = None,
) -> None:
    """Print the counts and the first differences of a simulation; write all differences to ``output``."""
    settings = Settings()
    period = Period(option_day("from", first), option_day("to", last))
    with open_store(settings) as session, _csv_file(output, settings.lang) as keep:
        candidate = read_candidate(session, file, dataset)
        found = preview_law(session, candidate, period, Limits.of(settings), report_bar(settings.lang))
        run = _gather(found, limit, keep)
        book = current_book(session)
    if as_json:
        typer.echo(json.dumps(_as_dict(candidate.dataset.dataset, run), ensure_ascii=False))
        return
    _print(candidate.dataset.dataset, run, book, settings.lang)


@dataclass(frozen=True, slots=True)
class _Run:
    """The counts of a simulation, and its first differences."""

    summary: Summary
    first: list[Comparison]


def _gather(found: Iterator[Comparison], limit: int, keep: Keep) -> _Run:
    run = _Run(Summary(), [])
    for one in found:
        run.summary.add(one)
        if not one.changed:
            continue
        keep(one)
        if len(run.first) < limit:
            run.first.append(one)
    return run


@contextmanager
def _csv_file(path: Path | None, lang: Lang) -> Iterator[Keep]:
    """A function that writes a difference to a CSV file; the file appears when all of them are in it."""
    if path is None:
        yield lambda _one: None
        return
    # utf-8-sig: without a byte order mark spreadsheets read the file as GBK.
    with whole_file(path, encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(CSV_HEAD)
        yield lambda one: rows.writerow(map(inert_cell, csv_row(one, lang)))


def _as_dict(dataset: str, run: _Run) -> dict[str, Any]:
    differences = [comparison_as_dict(one) for one in run.first]
    return {"dataset": dataset, **summary_as_dict(run.summary), "differences": differences}


def _print(dataset: str, run: _Run, book: LawBook, lang: Lang) -> None:
    out.print(plain(say(lang, N_("Simulated as {dataset}; nothing is stored."), dataset=dataset)))
    out.print(plain(differences_summary(run.summary, lang)))
    before, after, reports = N_("Before"), N_("After"), N_("Reports")
    print_rows((before, after, reports), effect_rows(run.summary, lang), lang)
    if run.summary.leads:
        out.print(plain(say(lang, N_("Reports whose lead unit changes:"))))
        print_rows((before, after, reports), lead_rows(run.summary, lang), lang)
    _print_differences(run, book, lang)


def _print_differences(run: _Run, book: LawBook, lang: Lang) -> None:
    heads = (
        *(N_("Report"), N_("Matter"), N_("Day of the act"), N_("Effect"), N_("Lead unit")),
        *(N_("How sure"), N_("Authority"), N_("Articles")),
    )
    if run.first:
        out.print(plain(say(lang, N_("What would have been decided differently:"))))
    print_rows(heads, (comparison_row(one, book, lang) for one in run.first), lang)
    left = run.summary.differ - len(run.first)
    if left:
        text = N_("{left} more not listed: raise --limit, or write all with -o FILE.csv.")
        out.print(plain(say(lang, text, left=left)))
