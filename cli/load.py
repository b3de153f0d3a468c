"""`zhijie load`: bring the store in step with a data folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from cli.console import notes, out, plain
from core.i18n import N_, Lang, say
from core.settings import Settings
from layers import load_folder
from layers.registry import Dataset, LoadResult
from store import make_engine, migrate, open_session


def load(
    folder: Annotated[Path | None, typer.Argument(help="Data folder; by default the project's own")] = None,
) -> None:
    """Load a data folder and print what became of each dataset."""
    settings = Settings()
    for loaded in load_data(settings, folder or settings.data_dir):
        out.print(f"{loaded.dataset} {loaded.version}: {outcome(loaded, settings.lang)}")
        for note in loaded.notes:
            notes.print(plain(note.text(settings.lang)))


def load_data(settings: Settings, folder: Path) -> list[LoadResult]:
    """Migrate the schema and load a data folder, with a progress bar on standard error."""
    engine = make_engine(settings)
    migrate(engine)
    label = say(settings.lang, N_("Loading reference data"))

    def progress(datasets: Iterable[Dataset]) -> Iterable[Dataset]:
        # As a list, whose length the bar needs.
        return track(list(datasets), description=label, console=notes, transient=True)

    with open_session(engine) as session:
        return load_folder(session, folder, progress)


def outcome(loaded: LoadResult, lang: Lang) -> str:
    """What became of a dataset, as a sentence."""
    texts = {
        "loaded": N_("loaded, {rows} rows") if loaded.rows else N_("loaded"),
        "restored": N_("an earlier version is current again"),
        "unchanged": N_("unchanged"),
    }
    return say(lang, texts[loaded.outcome], rows=loaded.rows)
