"""`zhijie verdict show`: a stored verdict in words."""

from __future__ import annotations

import json

from cli.options import Trace
from cli.session import open_store
from cli.verdict import VerdictId
from cli.verdict_output import print_verdict
from core.errors import NotFound
from core.i18n import N_
from core.settings import Settings
from store.schema import StoredVerdict


def show(number: VerdictId, trace: Trace = False) -> None:
    """Print a stored verdict in words."""
    settings = Settings()
    with open_store(settings) as session:
        stored = session.get(StoredVerdict, number)
        if stored is None:
            raise NotFound(N_("There is no verdict {id}."), field="id", id=number)
        body = json.loads(stored.body)
    print_verdict(body, settings.lang, trace=trace)
