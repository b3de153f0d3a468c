"""`zhijie law load`, `unload` and `list`: the competence list, and the versions of the law's datasets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.console import notes, out, plain, print_rows
from cli.session import open_store
from core.clock import CHINA
from core.i18n import N_, Lang, say
from core.settings import Settings
from layers.lawbook import ListLoadResult, fetch_law_versions, load_list, unload_list

NAMES_SHOWN: Final = 5


def load(
    file: Annotated[Path, typer.Argument(help="Competence list: .xlsx, .csv (UTF-8 or GBK) or .yaml")],
    title: Annotated[str | None, typer.Option(help="Name of the list; the file's name by default")] = None,
    official: Annotated[
        bool, typer.Option("--official/--sample", help="Issued by an authority, or an example")
    ] = True,
    unit: Annotated[
        str | None, typer.Option(help="Code of the unit it is for, where the list does not say so")
    ] = None,
) -> None:
    """Load a competence list, as it is published or in own columns, and print its version and entries."""
    settings = Settings()
    with open_store(settings) as session:
        loaded = load_list(session, file, title=title, official=official, unit=unit)
    _print_loaded(loaded, settings.lang)


def _print_loaded(done: ListLoadResult, lang: Lang) -> None:
    texts = {
        "loaded": N_("Competence list {version} loaded: {entries} entries."),
        "restored": N_("Competence list {version} is current again: {entries} entries."),
        "unchanged": N_("Competence list {version} is unchanged: {entries} entries."),
    }
    version, outcome = done.loaded.version, done.loaded.outcome
    out.print(say(lang, texts[outcome], version=version, entries=done.entries))
    if done.unknown_units:
        text = N_("No township has the code {codes}; these entries apply nowhere.")
        notes.print(say(lang, text, codes=", ".join(done.unknown_units)))
    for text, count, names in _told(done):
        notes.print(plain(say(lang, text, count=count, names=names)))
    notes.print(say(lang, N_("`zhijie law check` finds its gaps and overlaps.")))


def _told(done: ListLoadResult) -> Iterator[tuple[str, int, str]]:
    """What of a list was added to the law book unverified, and what was not used: text, number, names."""
    added = done.listed.additions
    matters = [row["name"]["zh"] for row in added.get("categories", ())]
    laws = [row["title"]["zh"] for row in added.get("laws", ())]
    for text, names in (
        (N_("{count} matters are new to the law book and marked unverified: {names}"), matters),
        (N_("Articles of {count} laws are new to the law book and marked unverified: {names}"), laws),
        (N_("{count} columns were not used: {names}"), list(done.listed.unused)),
    ):
        if names:
            shown = ", ".join(names[:NAMES_SHOWN])
            yield text, len(names), shown if len(names) <= NAMES_SHOWN else f"{shown}, …"


def unload() -> None:
    """Retire the loaded competence list."""
    settings = Settings()
    with open_store(settings) as session:
        was_there = unload_list(session)
    gone = N_("The local competence list is retired; statutory powers alone remain.")
    out.print(say(settings.lang, gone if was_there else N_("No local competence list is loaded.")))


def list_versions() -> None:
    """Print the current versions of the law's datasets."""
    settings = Settings()
    with open_store(settings) as session:
        versions = fetch_law_versions(session)
    heads = (N_("Dataset"), N_("Version"), N_("Title"), N_("Provenance"), N_("Loaded"))
    rows = (
        (
            one.dataset,
            one.version,
            one.title[settings.lang],
            say(settings.lang, N_("official") if one.official else N_("not official")),
            f"{one.loaded_at.astimezone(CHINA):%Y-%m-%d %H:%M}",
        )
        for one in versions
    )
    print_rows(heads, rows, settings.lang)
