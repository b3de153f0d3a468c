"""`zhijie verdict replay`: a stored verdict computed again."""

from __future__ import annotations

import difflib
import json
from typing import Final

from cli.console import out, plain
from cli.session import open_store
from cli.verdict import VerdictId
from core.i18n import N_, say
from core.settings import Settings
from verdict import Replay
from verdict import replay as compute_again

DIFFERENT: Final = 4  # exit status where the verdict differs


def replay(number: VerdictId) -> None:
    """Print whether the verdict comes out byte for byte the same, or the lines that differ."""
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
