"""A store with many reports, spread over Jincheng's townships, for the live map: kept from run to run."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, text

from accounts.accounts import NewAccount, add_account
from accounts.keys import KeyRequest, make_key
from accounts.postings import NewPosting
from benchmarks.results import FULL
from benchmarks.world import HOME
from core.settings import ROOT, Settings
from layers.loading.load import load_folder
from store.cluster.cluster import Cluster, default_home
from store.engine import make_engine, migrate, open_session

REPORTS: Final = {FULL: 1_000_000, "quick": 20_000}
UNBOUND: Final = "1000000/second"
CITY: Final = "140500"
FILL: Final = """
WITH place AS (
    SELECT u.code, u.name, (ST_Dump(ST_GeneratePoints(
        u.geom, greatest(1, (:n * ST_Area(u.geom) / sum(ST_Area(u.geom)) OVER ())::integer), 7))).geom AS geom
    FROM unit u JOIN source s ON s.id = u.source_id
    WHERE s.retired_at IS NULL AND u.level = 'township' AND u.valid @> current_date)
INSERT INTO report (idempotency_key, request_hash, received_at, act_date, category, description, channel,
    sample, status, unit_code, unit_name, effect, certainty, location, geom, due_on, overdue, urgent)
SELECT 'bench-' || row_number() OVER (), '2:bench', now() - random() * interval '365 days', current_date,
    (ARRAY['livestock_farm', 'rural_dwelling', 'rural_building', 'quarrying', 'dumping', 'tomb', 'other'])
        [1 + floor(random() * 7)::integer],
    'bench', 'bench', true,
    (ARRAY['new', 'assigned', 'verifying', 'confirmed', 'dismissed', 'done'])
        [1 + floor(random() * 6)::integer],
    code, name,
    (ARRAY['prohibited', 'permit_required', 'clear', 'unknown'])[1 + floor(random() * 4)::integer],
    'certain', '{}', geom, current_date + 5 + (random() * 20)::integer, random() < 0.2, random() < 0.1
FROM place ORDER BY random()"""  # in no order of place, as they come in


@dataclass(frozen=True)
class LiveStore:
    """A running store: its settings, and how many reports it holds."""

    settings: Settings
    reports: int

    def environment(self) -> dict[str, str]:
        """The settings as a process takes them."""
        named = ("database_url", "app_database_url", "check_rate")
        return {f"ZHIJIE_{name.upper()}": str(getattr(self.settings, name)) for name in named}


@contextmanager
def open_live_store(size: str) -> Iterator[LiveStore]:
    """A store with a size's number of reports, made where it is not there; stopped afterwards."""
    cluster = Cluster(default_home(None, HOME / f"live-{size}-{REPORTS[size]}"), fast=True)
    try:
        owner, web = (url.replace("+psycopg2", "") for url in (cluster.start(), cluster.app_url))
        settings = Settings(database_url=owner, app_database_url=web, check_rate=UNBOUND)
        engine = make_engine(settings)
        _fill(engine, REPORTS[size])
        engine.dispose()
        yield LiveStore(settings, REPORTS[size])
    finally:
        cluster.stop()


def _fill(engine: Engine, wanted: int) -> None:
    migrate(engine)
    with open_session(engine) as session:
        load_folder(session, ROOT / "data")
        if (session.scalar(text("SELECT count(*) FROM report")) or 0) >= wanted:
            return
        session.execute(text("SET LOCAL statement_timeout = 0"))
        session.execute(text("SELECT setseed(0.5)"))
        session.execute(text("SET LOCAL session_replication_role = replica"))  # counted once, afterwards
        session.execute(text(FILL), {"n": wanted})
        session.execute(text("SELECT count_reports()"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE"))


def hired(store: LiveStore, role: str = "command", reach: str = CITY) -> str:
    """An API key of somebody new with a role in a reach."""
    engine = make_engine(store.settings)
    try:
        with open_session(engine) as session:
            account = add_account(
                session, NewAccount(f"bench-{secrets.token_hex(6)}", ""), NewPosting(role, reach)
            )
            return make_key(session, account, KeyRequest("benchmark", None, 1))[1]
    finally:
        engine.dispose()
