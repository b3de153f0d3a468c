"""The journal cannot be overwritten, tampering is detected, and third parties can check its proofs."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session
from support.tamperings import ROWS, TAMPERINGS, forged, linked, row_of, set_row

from cli import main as cli
from core.errors import BadData, BadInput, NotFound
from core.settings import ROOT, Settings
from demo.story import STORY
from reports.evidence.storage import open_blobs
from reports.filing import file_report
from store.journal.append import append_step
from store.journal.chain import GENESIS_HASH, Head, current_head, row_hash
from store.journal.proof import write_proof
from store.journal.verification import verify_journal
from verdict.inquiry import Limits

CHECKER = ROOT / "tools" / "check_proof.py"


@pytest.fixture(scope="module")
def journal(clone: Callable[..., Engine]) -> Engine:
    """A journal of ``ROWS`` committed rows."""
    engine = clone("zhijie_journal_test")
    with Session(engine) as session, session.begin():
        while current_head(session).seq < ROWS:
            number = current_head(session).seq + 1
            if number % 3 == 0:
                said = {"n": number}
                session.execute(
                    text(
                        "SELECT zhijie_journal"
                        "('look', 'report/' || :n, '1405', '寺头乡', NULL, CAST(:said AS jsonb))"
                    ),
                    {"n": number % 7, "said": json.dumps(said)},
                )
            else:
                append_step(
                    session, "step", f"report/{number % 7}", unit="140522", after={"n": number, "名": "知界"}
                )
    return engine


@pytest.fixture
def superuser(journal: Engine) -> Iterator[Session]:
    """A superuser's session with the triggers off, rolled back at the end."""
    with Session(journal) as session:
        session.execute(text("ALTER TABLE journal DISABLE TRIGGER ALL"))
        yield session
        session.rollback()


# ---- what the database refuses ---------------------------------------------------------------------------


@pytest.mark.parametrize("replica", [False, True])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET body = body WHERE seq = 5",
        "UPDATE journal SET seq = -seq",
        "DELETE FROM journal WHERE seq = 5",
        "TRUNCATE journal",
        "INSERT INTO journal (seq, body, prev, hash) SELECT seq, body, prev, hash FROM journal WHERE seq = 1"
        " ON CONFLICT (seq) DO UPDATE SET body = excluded.body",
    ],
)
def test_the_owner_cannot_write_over(journal: Engine, statement: str, replica: bool) -> None:
    """Although the owner is a superuser here, and even where ordinary triggers are off."""
    with Session(journal) as session:
        if replica:
            session.execute(text("SET LOCAL session_replication_role = replica"))
        with pytest.raises(ProgrammingError, match="never over"):
            session.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET body = body",
        "DELETE FROM journal",
        "TRUNCATE journal",
        "INSERT INTO journal (seq, body, prev, hash) VALUES (999, '{}', '', '')",
        "UPDATE journal_head SET seq = 0",
        "ALTER TABLE journal DISABLE TRIGGER ALL",
    ],
)
def test_the_server_cannot_touch_it(journal: Engine, statement: str) -> None:
    with Session(journal) as session:
        session.execute(text("SET LOCAL ROLE zhijie_app"))
        with pytest.raises(ProgrammingError, match="permission denied|must be owner"):
            session.execute(text(statement))


# ---- what verify finds -----------------------------------------------------------------------------------


def test_a_whole_journal_is_found_whole(journal: Engine) -> None:
    seen: list[int] = []
    with Session(journal) as session:
        head = current_head(session)
        found = verify_journal(session, [Head(0, GENESIS_HASH), head], seen.append)
    assert found.fault is None
    assert (found.rows, found.head) == (ROWS, head)
    assert found.first_at is not None and found.last_at is not None and found.first_at <= found.last_at


def test_an_empty_journal_is_whole(superuser: Session) -> None:
    superuser.execute(text("DELETE FROM journal"))
    superuser.execute(text("UPDATE journal_head SET seq = 0, hash = repeat('0', 64)"))
    assert verify_journal(superuser).fault is None


def test_rows_appended_while_it_is_read_do_no_harm(journal: Engine) -> None:
    with Session(journal) as session, Session(journal) as other:
        session.execute(text("SET LOCAL cursor_tuple_fraction = 0.01"))
        append_step(other, "meanwhile", "report/1")  # not committed
        assert verify_journal(session).fault is None
        other.rollback()


@pytest.mark.parametrize("part", range(10))
def test_a_thousand_tamperings_are_all_found(journal: Engine, part: int) -> None:
    """By a superuser with the triggers off; each fault names the first wrong row."""
    rng = random.Random(20260 + part)
    missed = []
    for number in range(100):
        with Session(journal) as session:
            session.execute(text("ALTER TABLE journal DISABLE TRIGGER ALL"))
            tamper = TAMPERINGS[(number + part) % len(TAMPERINGS)]
            seq = tamper(session, rng)
            fault = verify_journal(session).fault
            session.rollback()
        if fault is None or fault.seq != seq or str(seq) not in fault.say("en"):
            missed.append((tamper.__name__, seq, fault))
    assert missed == []


def test_columns_copied_from_the_text_are_compared(superuser: Session) -> None:
    superuser.execute(text("ALTER TABLE journal ALTER COLUMN subject DROP EXPRESSION"))
    set_row(superuser, 9, subject="report/99")
    fault = verify_journal(superuser).fault
    assert fault is not None
    assert (fault.seq, fault.values) == (9, {"column": "subject"})


@pytest.mark.parametrize("body", ["", "[]", "{", "[" * 100_000, '{"seq": true}', '{"seq": 9.0}', None])
def test_a_row_that_says_nothing_is_named(superuser: Session, body: str | None) -> None:
    for column in ("action", "subject", "unit"):
        superuser.execute(text(f"ALTER TABLE journal ALTER COLUMN {column} DROP EXPRESSION"))
    superuser.execute(text("ALTER TABLE journal ALTER COLUMN body DROP NOT NULL"))
    row = row_of(superuser, ROWS)
    new = {"body": body} if body is None else {"body": body, "hash": linked(superuser, body, row["prev"])}
    set_row(superuser, ROWS, **new)
    superuser.execute(text("UPDATE journal_head SET hash = :h"), {"h": row_of(superuser, ROWS)["hash"]})
    fault = verify_journal(superuser).fault
    assert fault is not None
    assert fault.seq == ROWS


def test_a_row_that_is_there_twice_is_named(superuser: Session) -> None:
    superuser.execute(text("ALTER TABLE journal DROP CONSTRAINT journal_pkey"))
    superuser.execute(
        text(
            "INSERT INTO journal (seq, body, prev, hash)"
            " SELECT seq, body, prev, hash FROM journal WHERE seq = 8"
        )
    )
    fault = verify_journal(superuser).fault
    assert fault is not None
    assert fault.seq == 8


@pytest.mark.parametrize(
    "statement", ["DELETE FROM journal_head", "INSERT INTO journal_head VALUES (false, 0, '')"]
)
def test_a_head_too_few_or_too_many_is_told(superuser: Session, statement: str) -> None:
    superuser.execute(text("ALTER TABLE journal_head DROP CONSTRAINT journal_head_one_check"))
    superuser.execute(text(statement))
    assert verify_journal(superuser).fault is not None
    with pytest.raises(BadData):
        current_head(superuser)


def _rewrite(session: Session, first: int) -> None:
    """Forge a row and recompute all hashes after it, the head's too: the database is consistent again."""
    prev = GENESIS_HASH if first == 1 else row_of(session, first - 1)["hash"]
    for seq in range(first, ROWS + 1):
        body = forged(session, seq, seq) if seq == first else row_of(session, seq)["body"]
        fresh = row_hash(prev, hashlib.sha256(body.encode()).hexdigest())
        set_row(session, seq, body=body, prev=prev, hash=fresh)
        prev = fresh
    session.execute(text("UPDATE journal_head SET hash = :h"), {"h": prev})


def test_a_chain_written_anew_is_found_by_a_published_head_only(superuser: Session) -> None:
    heads = [Head(seq, row_of(superuser, seq)["hash"]) for seq in (10, 40, ROWS)]
    _rewrite(superuser, 23)
    assert verify_journal(superuser).fault is None  # the limit of every chain whose end nobody else knows
    assert verify_journal(superuser, heads[:1]).fault is None
    fault = verify_journal(superuser, heads[::-1]).fault
    assert fault is not None
    assert (fault.seq, fault.values) == (40, {"kept": 10})


def test_a_chain_cut_short_is_found_by_a_published_head(superuser: Session) -> None:
    head = current_head(superuser)
    superuser.execute(text("DELETE FROM journal WHERE seq > 50"))
    superuser.execute(
        text("UPDATE journal_head SET seq = 50, hash = :h"), {"h": row_of(superuser, 50)["hash"]}
    )
    assert verify_journal(superuser).fault is None
    fault = verify_journal(superuser, [head]).fault
    assert fault is not None
    assert fault.seq == 51


@pytest.mark.parametrize(
    "said", ["", "5", "5:abc", "-1:" + GENESIS_HASH, "٥:" + GENESIS_HASH, "5:" + GENESIS_HASH + "0"]
)
def test_what_is_no_head_is_refused(said: str) -> None:
    with pytest.raises(BadInput, match="head"):
        Head.parse(said)


# ---- the proof -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def filed(clone: Callable[..., Engine], limits: Limits) -> tuple[Engine, int]:
    """A store with a report; rows about other subjects lie between those about it."""
    engine = clone("zhijie_proof_test")
    with Session(engine) as session, session.begin():
        append_step(session, "before", "report/77")
        report = file_report(session, STORY, "proof", limits).report.id
        append_step(session, "secret", "account/1", reason="of nobody's business")
        evidence = (
            "INSERT INTO evidence (report_id, sha256, size, kind, media_type, filename, found)"
            " VALUES (:r, :digest, 3, 'photo', 'image/jpeg', 'x.jpg', '{}')"
        )
        digest = open_blobs(Settings()).put_bytes(b"abc")
        session.execute(text(evidence), {"r": report, "digest": digest})
        append_step(
            session,
            "evidence",
            f"report/{report}",
            unit="140522",
            reason="复核\x1b[31m",
            after={"sha256": digest},
        )
        append_step(session, "after", "report/78")
    return engine, report


@pytest.fixture(scope="module")
def bundle(filed: tuple[Engine, int]) -> str:
    file = io.StringIO()
    with Session(filed[0]) as session:
        proved = write_proof(session, filed[1], file)
        assert proved.head == current_head(session)
    assert proved.unproved == ()
    assert (proved.shown, proved.rows) == (3, 5)
    return file.getvalue()


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(content: str, *heads: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "bundle.json"
        path.write_text(content, encoding="utf-8")
        command = [sys.executable, "-I", str(CHECKER), str(path), *heads]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    return run


Check = Callable[..., "subprocess.CompletedProcess[str]"]


def test_the_checking_script_has_twenty_lines_and_needs_python_alone() -> None:
    source = CHECKER.read_text(encoding="utf-8")
    tree = ast.parse(source)
    docstring = tree.body[0]
    said = range(docstring.lineno, (docstring.end_lineno or 0) + 1)
    lines = enumerate(source.splitlines(), 1)
    code = [line for number, line in lines if number not in said and line.strip() and line.strip()[0] != "#"]
    assert len(code) <= 20
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names


def test_a_proof_is_checked_by_a_third_person(bundle: str, check: Check) -> None:
    done = check(bundle)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"OK {json.loads(bundle)['head']}"


def test_a_proof_shows_only_digests_of_other_rows(bundle: str) -> None:
    assert "of nobody" not in bundle
    assert [len(row) for row in json.loads(bundle)["chain"]] == [3, 3, 2, 3, 2]


def test_a_proof_is_held_against_published_heads(
    filed: tuple[Engine, int], bundle: str, check: Check
) -> None:
    with Session(filed[0]) as session:
        first, last = json.loads(bundle)["start"][0], current_head(session).seq
        heads = [f"{seq}:{row_of(session, seq)['hash']}" for seq in range(first, last + 1)]
    done = check(bundle, *heads)
    assert done.returncode == 0, done.stderr
    wrong = check(bundle, heads[1], f"{heads[2].split(':')[0]}:{GENESIS_HASH}")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert GENESIS_HASH in wrong.stderr


def _forge_text(said: dict[str, Any]) -> None:
    said["chain"][3][2] = said["chain"][3][2].replace("复核", "無事")


def _forge_linked(said: dict[str, Any]) -> None:
    _forge_text(said)
    said["chain"][3][1] = hashlib.sha256(said["chain"][3][2].encode()).hexdigest()


def _cut(said: dict[str, Any]) -> None:
    del said["chain"][1]


def _cut_closed(said: dict[str, Any]) -> None:
    del said["chain"][2]
    for number, row in enumerate(said["chain"], said["start"][0] + 1):
        row[0] = number


def _cut_end(said: dict[str, Any]) -> None:
    said["chain"].pop()


def _exchange(said: dict[str, Any]) -> None:
    said["chain"][0], said["chain"][1] = said["chain"][1], said["chain"][0]


def _hidden(said: dict[str, Any]) -> None:
    said["chain"][2][1] = "0" * 64


def _moved_start(said: dict[str, Any]) -> None:
    said["start"][1] = GENESIS_HASH


def _other_head(said: dict[str, Any]) -> None:
    said["head"] = said["head"][:-1] + ("0" if said["head"][-1] != "0" else "1")


def _other_subject(said: dict[str, Any]) -> None:
    said["subject"] = "report/9999"


def _other_verdict(said: dict[str, Any]) -> None:
    said["things"][0][2] = said["things"][0][2].replace("prohibited", "clear")


def _other_verdict_digest(said: dict[str, Any]) -> None:
    _other_verdict(said)
    said["things"][0][1] = hashlib.sha256(said["things"][0][2].encode()).hexdigest()


def _other_evidence(said: dict[str, Any]) -> None:
    said["things"][1][1] = "cd" * 32


@pytest.mark.parametrize(
    ("tamper", "told"),
    [
        (_forge_text, "row 5"),
        (_forge_linked, "row 6"),
        (_cut, "row 3"),
        (_cut_closed, "row 4"),
        (_cut_end, "row 5"),
        (_exchange, "row 2"),
        (_hidden, "row 6"),
        (_moved_start, "row 6"),
        (_other_head, "row 6"),
        (_other_subject, "row 2"),
        (_other_verdict, "verdict/"),
        (_other_verdict_digest, "verdict/"),
        (_other_evidence, "evidence/"),
    ],
)
def test_a_tampered_proof_is_refused(
    bundle: str, check: Check, tamper: Callable[[dict[str, Any]], None], told: str
) -> None:
    said = json.loads(bundle)
    offset = said["start"][0] - 1  # rows of the reference data's loading stand before
    tamper(said)
    done = check(json.dumps(said, ensure_ascii=False))
    kind, _, number = told.partition(" ")
    wanted = f"{kind} {int(number) + offset}:" if number else told
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(wanted)


def test_what_no_row_vouches_for_is_told(filed: tuple[Engine, int]) -> None:
    with Session(filed[0]) as session:
        session.execute(text("UPDATE verdict SET body = replace(body, 'prohibited', 'clear')"))
        proved = write_proof(session, filed[1], io.StringIO())
        session.rollback()
    assert len(proved.unproved) == 1
    assert proved.unproved[0].startswith("verdict/")


def test_no_proof_comes_from_a_broken_journal_or_of_nothing(filed: tuple[Engine, int]) -> None:
    engine, report = filed
    with Session(engine) as session:
        with pytest.raises(NotFound):
            write_proof(session, 999_999, io.StringIO())
        session.execute(text("ALTER TABLE journal DISABLE TRIGGER ALL"))
        last = current_head(session).seq
        set_row(session, last, body=json.dumps(json.loads(row_of(session, last)["body"]) | {"reason": "x"}))
        with pytest.raises(BadData, match=str(last)):
            write_proof(session, report, io.StringIO())
        session.rollback()


# ---- the command -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def run(
    filed: tuple[Engine, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run the command in this process: starting one would take seconds each time."""
    monkeypatch.setenv("ZHIJIE_DATABASE_URL", filed[0].url.render_as_string(hide_password=False))
    monkeypatch.setenv("ZHIJIE_LANG", "en")

    def call(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["zhijie", "journal", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        status = ended.value.code
        return Done(status if isinstance(status, int) else 0, *capsys.readouterr())

    return call


def test_the_commands_verify_and_prove(
    run: Run, filed: tuple[Engine, int], tmp_path: Path, check: Check
) -> None:
    head = run("head").stdout.strip()
    whole = run("verify", "--head", head, "--head", f"0:{GENESIS_HASH}")
    assert whole.returncode == 0, whole.stderr
    assert head in whole.stdout
    shown = run("show", f"report/{filed[1]}")
    assert [line.split("\t")[3] for line in shown.stdout.splitlines()] == ["report", "verdict", "evidence"]
    assert r"复核\x1b[31m" in shown.stdout
    path = tmp_path / "proof.json"
    proved = run("prove", str(filed[1]), "-o", str(path))
    assert proved.returncode == 0, proved.stderr
    assert check(path.read_text(encoding="utf-8"), head).stdout == f"OK {head}\n"
    assert path.stat().st_mode & 0o077 == 0
    assert [file.name for file in tmp_path.iterdir() if ".part" in file.name] == []


def test_the_command_names_the_first_wrong_row_with_status_4(run: Run, filed: tuple[Engine, int]) -> None:
    head = run("head").stdout.strip()
    number = int(head.partition(":")[0])
    done = run("verify", "--head", f"{number}:{GENESIS_HASH}")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.count("\n") == 1
    assert f"row {number}" in done.stderr


def test_the_command_names_rows_and_files_with_status_4(run: Run, filed: tuple[Engine, int]) -> None:
    engine, report = filed
    file = Path(str(Settings().evidence_url), "ba", "78", hashlib.sha256(b"abc").hexdigest())
    with Session(engine) as session, session.begin():
        before = session.scalar(text("SELECT description FROM report WHERE id = :id"), {"id": report})
        session.execute(text("UPDATE report SET description = 'x' WHERE id = :id"), {"id": report})
    file.unlink()
    file.write_bytes(b"abd")
    rows, both = run("verify", "--no-files"), run("verify")
    with Session(engine) as session, session.begin():
        session.execute(
            text("UPDATE report SET description = :was WHERE id = :id"), {"was": before, "id": report}
        )
    file.write_bytes(b"abc")
    assert (rows.returncode, rows.stdout) == (both.returncode, both.stdout) == (4, "")
    assert [f"report/{report}: the report: not" in line for line in rows.stderr.splitlines()] == [True]
    assert f"of report/{report}: its file was altered" in both.stderr.splitlines()[1]
    whole = run("verify")
    assert (whole.returncode, whole.stderr) == (0, "")
    assert "as the journal recorded them" in whole.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["verify", "--head", "x"], "head"),
        (["show", "report/999999"], "report/999999"),
        (["prove", "999999"], "999999"),
        (["prove", "1", "-o", "/no/such/folder/x.json"], "output"),
    ],
)
def test_a_fault_is_one_line(run: Run, arguments: list[str], told: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr
