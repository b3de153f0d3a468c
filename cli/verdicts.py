"""`zhijie verdict …`: a stored verdict, read or computed again."""

from __future__ import annotations

import difflib
import json
from typing import Annotated

import typer

from cli.common import open_store, out, plain, print_verdict
from core.errors import NotFound
from core.i18n import N_, say
from core.settings import Settings
from store.schema.datasets import StoredVerdict
from verdict.replay import Replay
from verdict.replay import replay as compute_again

app = typer.Typer(help="A stored verdict, read or computed again.", no_args_is_help=True)
Id = Annotated[int, typer.Argument(help="Number of the verdict (a report's `verdict_id`)")]
DIFFERENT = 4


@app.command()
def show(
    number: Id,
    trace: Annotated[bool, typer.Option("--trace", help="Print every rule that was tried")] = False,
) -> None:
    """Print a stored verdict in words."""
    settings = Settings()
    with open_store(settings) as session:
        stored = session.get(StoredVerdict, number)
        if stored is None:
            raise NotFound(N_("There is no verdict {id}."), field="id", id=number)
        body = json.loads(stored.body)
    print_verdict(body, settings.lang, trace=trace)


@app.command()
def replay(number: Id) -> None:
    """Compute a stored verdict again on the dataset versions of its day; status 4 where it differs."""
    settings = Settings()
    with open_store(settings) as session:
        again = compute_again(session, number)
    if again.same:
        size = len(again.stored.encode())
        out.print(say(settings.lang, N_("Verdict {id}: the same {size} bytes."), id=number, size=size))
        return
    out.print(say(settings.lang, N_("Verdict {id} comes out differently:"), id=number))
    for line in _difference(again):
        out.print(plain(line))
    raise SystemExit(DIFFERENT)


def _difference(again: Replay) -> list[str]:
    stored, computed = (
        json.dumps(json.loads(body), ensure_ascii=False, indent=1, sort_keys=True).splitlines()
        for body in (again.stored, again.computed)
    )
    return list(difflib.unified_diff(stored, computed, "stored", "computed", lineterm="", n=0))
