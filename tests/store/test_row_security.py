"""Row security: a raw SQL session with the server's role sees what its credential may see, and no more."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import psycopg2
import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.orm import Session
from support.credentials import ALL_HATS, hire
from support.parcel_copies import like_parcel

from accounts.accounts import NewAccount, add_account, find_account, set_locked
from accounts.passwords import password_proof
from accounts.postings import NewPosting
from accounts.sessions import sign_in
from core.errors import StoreUnavailable
from core.settings import Settings
from reports.filing import Reporter, Submission, file_report
from store.access import RIGHTS, ROLE_RIGHTS, enter, refuse_unbound_roles
from store.engine import make_engine, open_session
from store.journal.append import append_step
from store.schema.access import JournalRow
from store.schema.base import Base
from store.schema.datasets import Report
from store.schema.parcels import Parcel
from verdict.inquiry import Inquiry, Limits

HERE, NEXT = "140522201", "140522100"  # 寺头乡 and a neighbour in the same county
COUNTY = "140522"
REFERENCE = {
    "source",
    "unit",
    "unit_piece",
    "zone",
    "zone_piece",
    "zone_kind",
    "grid_cell",
    "permit",
    "role_right",
}
BOUND = {
    *("report", "verdict", "evidence", "report_private", "journal", "hand", "report_tally", "report_month"),
    "parcel",
}
CLOSED = {"account", "posting", "credential", "installation", "journal_head"}


@pytest.fixture(scope="module")
def filed(http_engine: Engine, limits: Limits) -> dict[str, int]:
    """One report of the township, one of its neighbour, one of the county at large, one outside."""
    codes = {"own": HERE, "neighbour": NEXT, "parent": COUNTY, "outside": None}
    found: dict[str, int] = {}
    with open_session(http_engine) as session:
        for name, code in codes.items():
            inquiry = Inquiry("livestock_farm", 112.395, 35.625, as_of=dt.date(2022, 8, 21))
            reporter = Reporter("张三", "13900000000", protected=name == "neighbour", lon=112.4, lat=35.63)
            report = file_report(session, Submission(inquiry, name, reporter=reporter), name, limits).report
            report.unit_code = code
            found[name] = report.id
    return found


@pytest.fixture(scope="module")
def parcels(http_engine: Engine) -> dict[str, str]:
    """A parcel of the township, of its neighbour, of the county at large, and one of nobody's."""
    codes = {"own": HERE, "neighbour": NEXT, "parent": COUNTY, "none": None}
    with open_session(http_engine) as session:
        shipped = session.scalars(select(Parcel).order_by(Parcel.id).limit(1)).one()
        for name, code in codes.items():
            session.add(like_parcel(shipped, number=f"of-{name}", unit_code=code))
    return {name: f"of-{name}" for name in codes}


@pytest.fixture
def raw(web_engine: Engine, http_engine: Engine, filed: dict[str, int]) -> Callable[..., Session]:
    """Open a raw session with the server's role and the credential of a new account."""
    opened: list[Session] = []

    def make(*posts: NewPosting, scopes: list[str] | None = None) -> Session:
        session = Session(web_engine)
        opened.append(session)
        assert enter(session, hire(http_engine, *posts, scopes=scopes)) is not None
        return session

    yield make
    for session in opened:
        session.close()


def _seen(session: Session) -> set[str]:
    return set(session.scalars(select(Report.description)))


def test_every_table_is_reference_bound_or_closed(session: Session) -> None:
    assert set(Base.metadata.tables) == REFERENCE | BOUND | CLOSED
    bound = session.execute(
        text("SELECT relname FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace")
    ).scalars()
    assert set(bound) == BOUND
    granted = session.execute(
        text(
            "SELECT DISTINCT table_name FROM information_schema.role_table_grants"
            " WHERE grantee = 'zhijie_app'"
        )
    ).scalars()
    assert set(granted) == REFERENCE | BOUND | {"alembic_version", "report_coarse"}


def test_a_township_sees_no_row_of_its_neighbour_or_parent(raw: Callable[..., Session]) -> None:
    session = raw(NewPosting("officer", HERE))
    assert _seen(session) == {"own"}
    for table in ("verdict", "evidence"):
        strangers = session.execute(
            text(f"SELECT count(*) FROM {table} WHERE report_id NOT IN (SELECT id FROM report)")
        ).scalar()
        assert strangers == 0
    units = set(session.execute(text("SELECT unit FROM journal")).scalars())
    assert units <= {HERE}


@pytest.mark.parametrize(
    ("reach", "seen"),
    [
        (COUNTY, {"own", "neighbour", "parent"}),
        ("140500", {"own", "neighbour", "parent"}),
        ("1405", {"own", "neighbour", "parent"}),
        ("", {"own", "neighbour", "parent", "outside"}),
        (NEXT, {"neighbour"}),
        ("140581", set()),
    ],
)
def test_a_reach_is_its_ground_and_all_below(raw: Callable[..., Session], reach: str, seen: set[str]) -> None:
    assert _seen(raw(NewPosting("reviewer", reach))) == seen


def test_steps_of_a_report_of_no_unit_are_for_the_reach_of_the_whole_store(
    raw: Callable[..., Session], http_engine: Engine, filed: dict[str, int]
) -> None:
    with open_session(http_engine) as session:
        append_step(session, "status", f"report/{filed['outside']}", unit=None)
        append_step(session, "posting", "account/1", unit=None)

    def read(role: str, reach: str) -> set[str | None]:
        with raw(NewPosting(role, reach)) as session:
            return set(session.scalars(select(JournalRow.subject).where(JournalRow.unit.is_(None))))

    subject = f"report/{filed['outside']}"
    assert "account/1" in read("supervisor", HERE)
    for reach in (HERE, COUNTY, "140500"):
        assert not {one for one in read("supervisor", reach) if one and one.startswith("report/")}
    assert subject in read("supervisor", "")
    assert subject in read("officer", "")
    assert subject not in read("admin", "")


def test_a_township_sees_no_parcel_of_its_neighbour(
    raw: Callable[..., Session], parcels: dict[str, str]
) -> None:
    def seen(role: str, reach: str, scopes: list[str] | None = None) -> set[str]:
        with raw(NewPosting(role, reach), scopes=scopes) as session:
            numbers = _numbers(session)
        return {name for name, number in parcels.items() if number in numbers}

    for role in ("grid_worker", "officer", "reviewer", "analyst", "gis"):
        assert seen(role, HERE) == {"own"}
    assert seen("officer", NEXT) == {"neighbour"}
    assert seen("command", COUNTY) == {"own", "neighbour", "parent"}
    assert seen("supervisor", "140500") == {"own", "neighbour", "parent"}
    assert seen("supervisor", "") == set(parcels)
    assert seen("admin", "") == set()
    assert seen("officer", "", scopes=["check", "read"]) == set()


def test_without_a_credential_no_parcel_is_seen(web_engine: Engine, parcels: dict[str, str]) -> None:
    with Session(web_engine) as session:
        assert _numbers(session) == set()


def _numbers(session: Session) -> set[str]:
    return set(session.scalars(select(Parcel.number)))


def test_postings_add_up_and_are_dated(raw: Callable[..., Session]) -> None:
    assert _seen(raw(NewPosting("officer", HERE), NewPosting("officer", NEXT))) == {"own", "neighbour"}
    gone = NewPosting("officer", "", ends=dt.date(2020, 1, 1))
    coming = NewPosting("officer", "", begins=dt.date(2999, 1, 1))
    assert _seen(raw(gone, coming, NewPosting("officer", HERE))) == {"own"}


def test_a_right_counts_only_where_its_role_is(raw: Callable[..., Session]) -> None:
    assert _seen(raw(NewPosting("gis", ""), NewPosting("officer", HERE))) == {"own"}


def test_a_key_may_no_more_than_its_scopes(raw: Callable[..., Session]) -> None:
    assert _seen(raw(NewPosting("officer", HERE), scopes=["check"])) == set()


def test_without_a_credential_nothing_is_seen(web_engine: Engine, filed: dict[str, int]) -> None:
    with Session(web_engine) as session:
        assert _seen(session) == set()
        assert session.execute(text("SELECT count(*) FROM journal")).scalar() == 0
        assert session.execute(text("SELECT count(*) FROM report_coarse")).scalar() == 0


def test_a_pass_cannot_be_forged_copied_or_kept(raw: Callable[..., Session], web_engine: Engine) -> None:
    session = raw(*ALL_HATS)
    shown = session.scalar(select(func.current_setting("zhijie.pass")))
    assert len(_seen(session)) == 4
    session.commit()  # the next transaction of the same connection has to show its credential anew
    assert _seen(session) == set()
    session.execute(select(func.set_config("zhijie.pass", shown, False)))
    assert _seen(session) == set()
    with Session(web_engine) as other:
        other.execute(select(func.set_config("zhijie.pass", shown, True)))
        assert _seen(other) == set()
        forged = "0" * 64 + shown[64:]
        other.execute(select(func.set_config("zhijie.pass", forged, True)))
        assert _seen(other) == set()
        with pytest.raises(ProgrammingError, match="permission denied"):
            other.execute(select(func.zhijie_mac(shown[64:])))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM account",
        "UPDATE parcel SET unit_code = '140522201'",
        "INSERT INTO parcel SELECT * FROM parcel",
        "SELECT * FROM credential",
        "SELECT secret FROM installation",
        "SELECT * FROM report_private",
        "SELECT * FROM journal_head",
        "UPDATE report SET unit_code = '140522201'",
        "DELETE FROM report",
        "INSERT INTO journal (seq, body, prev, hash) VALUES (1, '{}', '', '')",
        "UPDATE journal SET body = '{}'",
        "DELETE FROM journal",
        "TRUNCATE journal",
        "ALTER TABLE report DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE journal DISABLE TRIGGER ALL",
        "DROP POLICY report_read ON report",
        "SET ROLE zhijie",
        "SET SESSION AUTHORIZATION zhijie",
        "INSERT INTO role_right VALUES ('gis', 'read')",
        "CREATE TABLE mine (a int)",
    ],
)
def test_the_servers_role_may_not(raw: Callable[..., Session], statement: str) -> None:
    with pytest.raises(DBAPIError) as fault:
        raw(*ALL_HATS).execute(text(statement))
    assert re.search("permission denied|must be owner|does not exist", str(fault.value.orig))


def test_row_security_cannot_be_switched_off(raw: Callable[..., Session]) -> None:
    session = raw(NewPosting("officer", HERE))
    session.execute(text("SET LOCAL row_security = off"))  # PostgreSQL then refuses rather than shows
    with pytest.raises(ProgrammingError, match="row-level security"):
        _seen(session)


def test_nobody_files_in_the_name_of_another(raw: Callable[..., Session], filed: dict[str, int]) -> None:
    session = raw(NewPosting("officer", HERE))
    with pytest.raises(ProgrammingError, match="row-level security"):
        session.execute(
            text(
                "INSERT INTO report (filed_by, idempotency_key, request_hash, act_date, category,"
                " description, channel, sample, status, effect, certainty, location, geom)"
                " SELECT 1, 'x', request_hash,"
                " act_date, category, description, channel, sample, status, effect, certainty, location, geom"
                " FROM report LIMIT 1"
            )
        )


def test_who_reported_is_shown_to_few_and_every_look_is_written_down(
    raw: Callable[..., Session], filed: dict[str, int], http_engine: Engine
) -> None:
    def look(session: Session, name: str) -> object:
        return session.scalar(select(func.zhijie_reporter(filed[name], "回电核实")))

    command, everywhere = raw(NewPosting("command", COUNTY)), raw(*ALL_HATS)
    others = [raw(NewPosting(role, "")) for role in ("grid_worker", "reviewer", "analyst", "gis", "admin")]
    officer = raw(NewPosting("officer", COUNTY))
    told = {"name": "张三", "telephone": "13900000000", "protected": False, "lon": 112.4, "lat": 35.63}
    assert look(officer, "own") == told
    assert look(officer, "neighbour") is None  # protected
    assert look(officer, "outside") is None
    steps = officer.execute(
        text("SELECT action FROM journal WHERE subject = :s ORDER BY seq"), {"s": f"report/{filed['own']}"}
    ).scalars()
    assert list(steps)[-1] == "sensitive_view"
    officer.commit()  # who writes into the journal keeps others from it until the transaction ends
    assert look(command, "neighbour") == {**told, "protected": True}
    command.commit()
    for other in others:
        assert look(other, "own") is None
        other.commit()
    assert everywhere.scalar(select(func.zhijie_reporter(filed["own"], "  "))) is None


def test_coarse_figures_name_no_place_finer_than_a_square(
    raw: Callable[..., Session], filed: dict[str, int], http_engine: Engine, web_engine: Engine
) -> None:
    rows = raw(NewPosting("gis", NEXT)).execute(text("SELECT * FROM report_coarse")).mappings().all()
    assert sum(row["reports"] for row in rows) == 4
    placed = [row for row in rows if row["side"] is not None]
    assert [(row["lon"], row["lat"], row["side"], row["reports"]) for row in placed] == [
        (112.395, 35.625, 0.01, 3)
    ]
    assert set(rows[0]) == {
        "county",
        "category",
        "effect",
        "status",
        "sample",
        "month",
        "lon",
        "lat",
        "reports",
        "side",
    }
    with open_session(http_engine) as session:
        session.execute(text("UPDATE installation SET public_view = true"))
    with Session(web_engine) as session:
        assert session.execute(text("SELECT sum(reports) FROM report_coarse")).scalar() == 4
    with open_session(http_engine) as session:
        session.execute(text("UPDATE installation SET public_view = false"))


def test_the_rights_of_the_database_are_those_of_the_program(session: Session) -> None:
    stored = {(row.role, row.right) for row in session.execute(text('SELECT role, "right" FROM role_right'))}
    assert stored == {(role, right) for role, rights in ROLE_RIGHTS.items() for right in rights}
    assert {right for _, right in stored} == set(RIGHTS)


def test_a_server_does_not_start_as_a_role_that_is_not_bound(http_engine: Engine) -> None:
    engine = make_engine(Settings(), http_engine.url.render_as_string(hide_password=False))
    refuse_unbound_roles(engine)
    with pytest.raises(StoreUnavailable, match="would bypass row security"), open_session(engine) as s:
        s.execute(text("SELECT 1"))
    engine.dispose()


def test_guessing_lets_an_account_rest_and_tells_nobody(http_engine: Engine, web_engine: Engine) -> None:
    with open_session(http_engine) as session:
        add_account(session, NewAccount("wang", "王", "correct horse"), NewPosting("officer", HERE))

    def attempt(name: str, word: str) -> str | None:
        with open_session(web_engine) as session:
            return sign_in(session, name, word, 1)

    assert attempt("wang", "correct horse") is not None
    assert attempt("Wang ", "correct horse") is not None
    assert [attempt("wang", "wrong") for _ in range(5)] == [None] * 5
    assert attempt("wang", "correct horse") is None  # it rests
    assert attempt("nobody", "correct horse") is None
    with open_session(http_engine) as session:
        session.execute(text("UPDATE account SET resting_until = now() - interval '1 s' WHERE name = 'wang'"))
    token = attempt("wang", "correct horse")
    assert token is not None
    with open_session(web_engine) as session:
        assert enter(session, token) is not None
    with open_session(http_engine) as session:
        set_locked(session, find_account(session, "wang"), locked=True)
    assert attempt("wang", "correct horse") is None
    with open_session(web_engine) as session:
        assert enter(session, token) is None


def test_a_name_that_nobody_has_gets_a_salt_that_stays(web_engine: Engine, http_engine: Engine) -> None:
    with open_session(http_engine) as session:
        add_account(session, NewAccount("zhao", "赵", "another password"), NewPosting("officer", HERE))
    with open_session(web_engine) as session:
        known, unknown, again = (
            session.scalar(select(func.zhijie_salt(name, "$argon2id$v=19$m=65536,t=3,p=4$")))
            for name in ("zhao", "nobody", "nobody")
        )
    assert unknown == again != known
    assert len(unknown) == len(known)
    assert password_proof("x", unknown) != password_proof("x", known)


def test_the_server_cannot_read_what_signs_in(web_login: tuple[str, str], http_engine: Engine) -> None:
    url = http_engine.url.set(username=web_login[0], password=web_login[1])
    arguments, values = http_engine.dialect.create_connect_args(url)
    with psycopg2.connect(*arguments, **values) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT zhijie_sign_in('wang', %s, %s, 1)", (b"guess", b"token"))
        assert cursor.fetchone() == (False,)
    connection.close()
