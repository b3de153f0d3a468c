"""Changes of rows and files that the owner of the database or of the disk can make.

``docs/journal.md`` shows this table; ``tests/store/test_tampering.py`` makes each change and verifies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Disk = Callable[[Path], None]  # what is done to the file of evidence


@dataclass(frozen=True)
class Tampering:
    """One change.

    ``does``: SQL with {report}, {other} (a report without anything), {account} and {dataset}, or a change of
    the evidence file. ``told``: what the sentence of ``verify`` holds; None where it cannot be found.
    ``why``: the reason then.
    """

    what: str
    does: str | Disk
    told: str | None
    why: str = ""


def _swap(path: Path) -> None:
    path.unlink()
    path.write_bytes(b"another file")


def _same_length(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    path.write_bytes(content)


def _truncate(path: Path) -> None:
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:-1])


def _append(path: Path) -> None:
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content + b"\0")


def _empty(path: Path) -> None:
    path.unlink()
    path.touch()


def _link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("/etc/hostname")


REPORT = "report/{report}: the report"
REST = (
    "request_hash, act_date, category, description, channel, sample, status, effect, certainty,"
    " location, geom"
)
LAUNDER = "SELECT zhijie_journal('sensitive_view', 'report/{report}', NULL, 'x', NULL, NULL)"
TAMPERINGS = (
    Tampering(
        "a report's text edited", "UPDATE report SET description = 'x' WHERE id = {report}", f"{REPORT}: not"
    ),
    Tampering(
        "a report moved",
        "UPDATE report SET geom = ST_Translate(geom, 1e-9, 0) WHERE id = {report}",
        f"{REPORT}: not",
    ),
    Tampering(
        "a report dated back",
        "UPDATE report SET received_at = received_at - interval '1 day' WHERE id = {report}",
        f"{REPORT}: not",
    ),
    Tampering(
        "a report's day of the act changed", "UPDATE report SET act_date = act_date - 1", f"{REPORT}: not"
    ),
    Tampering(
        "a report's effect changed",
        "UPDATE report SET effect = 'clear' WHERE id = {report}",
        f"{REPORT}: not",
    ),
    Tampering(
        "a report closed",
        "UPDATE report SET status = 'dismissed' WHERE id = {report}",
        "report/{report}: its state: not",
    ),
    Tampering(
        "a deadline put off",
        "UPDATE report SET due_on = due_on + 30 WHERE id = {report}",
        "report/{report}: its state: not",
    ),
    Tampering("a report deleted", "DELETE FROM report WHERE id = {other}", "report/{other} is missing"),
    Tampering(
        "a report deleted, what hangs on it left",
        "SET LOCAL session_replication_role = replica; DELETE FROM report WHERE id = {report}",
        f"{REPORT}: 0 rows",
    ),
    Tampering(
        "a report inserted",
        f"INSERT INTO report (id, idempotency_key, {REST}) SELECT 999999, 'x', {REST} FROM report"
        " WHERE id = {report}",
        "report/999999 has no row in the journal",
    ),
    Tampering(
        "a verdict edited",
        "UPDATE verdict SET body = replace(body, 'prohibited', 'clear') WHERE report_id = {report}",
        "report/{report}: its verdict: not",
    ),
    Tampering(
        "a verdict's inquiry edited",
        "UPDATE verdict SET inquiry = '{{}}' WHERE report_id = {report}",
        "report/{report}: its verdict: not",
    ),
    Tampering(
        "a verdict dated back",
        "UPDATE verdict SET created_at = created_at - interval '1 s' WHERE report_id = {report}",
        "report/{report}: its verdict: not",
    ),
    Tampering(
        "a verdict deleted",
        "DELETE FROM verdict WHERE report_id = {report}",
        "report/{report}: its verdict: 0 rows",
    ),
    Tampering(
        "a verdict added",
        "INSERT INTO verdict (report_id, source_ids, body) SELECT report_id, source_ids, body FROM verdict"
        " WHERE report_id = {report}",
        "report/{report}: its verdict: 2 rows",
    ),
    Tampering(
        "evidence renamed",
        "UPDATE evidence SET filename = 'x' WHERE report_id = {report}",
        "report/{report}: its evidence: not",
    ),
    Tampering(
        "evidence given another hash",
        "UPDATE evidence SET sha256 = repeat('ab', 32) WHERE report_id = {report}",
        "report/{report}: its evidence: not",
    ),
    Tampering(
        "what a photo says of its place edited",
        "UPDATE evidence SET found = '{{}}' WHERE report_id = {report}",
        "report/{report}: its evidence: not",
    ),
    Tampering(
        "evidence dated back",
        "UPDATE evidence SET added_at = added_at - interval '1 s' WHERE report_id = {report}",
        "report/{report}: its evidence: not",
    ),
    Tampering(
        "a row of evidence deleted",
        "DELETE FROM evidence WHERE report_id = {report}",
        "report/{report}: its evidence: 0 rows",
    ),
    Tampering(
        "evidence moved to another report",
        "UPDATE evidence SET report_id = {other}",
        "report/{other}: its evidence: 1 rows",
    ),
    Tampering(
        "a reporter's name edited",
        "UPDATE report_private SET name = 'x' WHERE report_id = {report}",
        "report/{report}: its reporter: not",
    ),
    Tampering(
        "a reporter's protection lifted",
        "UPDATE report_private SET protected = NOT protected WHERE report_id = {report}",
        "report/{report}: its reporter: not",
    ),
    Tampering(
        "a reporter deleted",
        "DELETE FROM report_private WHERE report_id = {report}",
        "report/{report}: its reporter: 0 rows",
    ),
    Tampering(
        "a reporter added",
        "INSERT INTO report_private (report_id, name) VALUES ({other}, 'x')",
        "report/{other}: its reporter: 1 rows",
    ),
    Tampering(
        "an assignment's reason edited",
        "UPDATE hand SET reason = 'x' WHERE report_id = {report}",
        "report/{report}: its assignments: not",
    ),
    Tampering(
        "an assignment dated back",
        "UPDATE hand SET since = since - interval '1 day' WHERE report_id = {report}",
        "report/{report}: its assignments: not",
    ),
    Tampering(
        "an assignment deleted",
        "DELETE FROM hand WHERE report_id = {report}",
        "report/{report}: its assignments: 0 rows",
    ),
    Tampering(
        "an assignment added",
        "INSERT INTO hand (report_id, unit_code, reason) VALUES ({other}, '140522', 'x')",
        "report/{other}: its assignments: 1 rows",
    ),
    Tampering(
        "a posting added",
        "INSERT INTO posting (account_id, role, reach, valid) VALUES ({account}, 'command', '', '[,)')",
        "account/{account}: its postings: 2 rows",
    ),
    Tampering(
        "a posting's role changed",
        "UPDATE posting SET role = 'command' WHERE account_id = {account}",
        "account/{account}: its postings: not",
    ),
    Tampering(
        "a posting prolonged",
        "UPDATE posting SET valid = daterange(lower(valid), '2099-01-01') WHERE account_id = {account}",
        "account/{account}: its postings: not",
    ),
    Tampering(
        "a posting deleted",
        "DELETE FROM posting WHERE account_id = {account}",
        "account/{account}: its postings: 0 rows",
    ),
    Tampering(
        "an account added",
        "INSERT INTO account (id, name, shown) VALUES (999999, 'intruder', '')",
        "account/999999 has no row in the journal",
    ),
    Tampering(
        "an account renamed",
        "UPDATE account SET shown = 'x' WHERE id = {account}",
        "account/{account}: the account: not",
    ),
    Tampering(
        "a password replaced",
        "UPDATE account SET proof = sha256('x') WHERE id = {account}",
        "account/{account}: its password: not",
    ),
    Tampering(
        "an account locked",
        "UPDATE account SET locked_at = now() WHERE id = {account}",
        "account/{account}: its lock: not",
    ),
    Tampering(
        "an account deleted", "DELETE FROM account WHERE id = {account}", "account/{account} is missing"
    ),
    Tampering(
        "a session added",
        "INSERT INTO credential (account_id, kind, token_hash, expires_at)"
        " VALUES ({account}, 'session', sha256('x'), now() + interval '1 day')",
        "account/{account}: its sessions: 1 rows",
    ),
    Tampering(
        "a key's scopes widened",
        "UPDATE credential SET scopes = NULL WHERE account_id = {account} AND kind = 'key'",
        "account/{account}: its keys: not",
    ),
    Tampering(
        "a right given to a role",
        "INSERT INTO role_right VALUES ('gis', 'read')",
        "role gis was given the right read",
    ),
    Tampering(
        "a right taken from a role",
        "DELETE FROM role_right WHERE role = 'officer' AND \"right\" = 'read'",
        "role officer lacks the right read",
    ),
    Tampering(
        "a dataset's version edited",
        "UPDATE source SET official = NOT official WHERE dataset = '{dataset}'",
        "dataset/{dataset}: its versions: not",
    ),
    Tampering(
        "a dataset's version added",
        'INSERT INTO source SELECT (jsonb_populate_record(s, \'{{"id": 999999, "version": "x",'
        ' "retired_at": "2020-01-01"}}\')).* FROM source s'
        " WHERE dataset = '{dataset}' LIMIT 1",
        "dataset/{dataset}: its versions: ",
    ),
    Tampering(
        "the public view opened",
        "UPDATE installation SET public_view = true",
        "installation has no row in the journal",
    ),
    Tampering(
        "a verdict edited, and a step written over it",
        "UPDATE verdict SET body = '{{}}' WHERE report_id = {report}; " + LAUNDER,
        "report/{report}: its verdict: changed between rows",
    ),
    Tampering(
        "a report dated back, and a step written over it",
        "UPDATE report SET received_at = now() - interval '9 days' WHERE id = {report}; " + LAUNDER,
        "report/{report}: the report: changed between rows",
    ),
    Tampering(
        "a row of the journal edited",
        "UPDATE journal SET body = replace(body, '140522', '140523')"
        " WHERE subject = 'report/{report}' AND action = 'verdict'",
        "was edited",
    ),
    Tampering("a row of the journal deleted", "DELETE FROM journal WHERE seq = 2", "Row 2 is missing"),
    Tampering(
        "the last row of the journal dated back, rightly chained",
        'UPDATE journal SET body = ((body::jsonb) || \'{{"at": "2020-01-01T00:00:00.000000Z"}}\')::text'
        " WHERE seq = (SELECT seq FROM journal_head);"
        "UPDATE journal SET hash = zhijie_link(prev, body) WHERE seq = (SELECT seq FROM journal_head);"
        "UPDATE journal_head h SET hash = j.hash FROM journal j WHERE j.seq = h.seq",
        "is dated 2020-01-01T00:00:00.000000Z, before",
    ),
    Tampering(
        "the journal's triggers left off",
        "ALTER TABLE journal DISABLE TRIGGER journal_keeps_rows",
        "journal_keeps_rows",
    ),
    Tampering(
        "the function that digests rows replaced",
        "CREATE OR REPLACE FUNCTION zhijie_seal(sealed jsonb[]) RETURNS text LANGUAGE sql"
        " AS $$ SELECT '1:0' $$",
        "zhijie_seal",
    ),
    Tampering("a file of evidence swapped", _swap, "its file was altered"),
    Tampering("one bit of a file flipped", _same_length, "its file was altered"),
    Tampering("a file cut short", _truncate, "its file was altered"),
    Tampering("a file made longer", _append, "its file was altered"),
    Tampering("a file emptied", _empty, "its file was altered"),
    Tampering("a file replaced by a link", _link, "its file was altered"),
    Tampering("a file deleted", Path.unlink, "its file is missing"),
    Tampering(
        "the whole chain written anew, with the head",
        "UPDATE report SET description = 'x' WHERE id = {report};"
        "UPDATE journal SET body = ((body::jsonb) || jsonb_build_object('rows', zhijie_rows(subject)))::text"
        " WHERE subject = 'report/{report}';"
        "DO $$ DECLARE j record; before text := repeat('0', 64); BEGIN"
        " FOR j IN SELECT * FROM journal ORDER BY seq LOOP"
        " UPDATE journal SET prev = before, hash = zhijie_link(before, body) WHERE seq = j.seq;"
        " before := zhijie_link(before, j.body); END LOOP;"
        " UPDATE journal_head SET hash = before; END $$",
        None,
        "nothing inside is inconsistent then; a published head finds it (`verify --head`)",
    ),
    Tampering(
        "a boundary, zone, permit or parcel of a dataset edited",
        "UPDATE unit SET name = 'x'",
        None,
        "the journal holds the checksum of the file that was loaded, not its many rows; "
        "replaying the verdicts that rest on them shows what differs (`zhijie verdict replay`)",
    ),
    Tampering(
        "a precomputed count edited",
        "UPDATE report_tally SET n = n + 1",
        None,
        "counts are derived; `SELECT count_reports()` makes them anew",
    ),
    Tampering(
        "the key of passes replaced",
        "UPDATE installation SET secret = sha256('x')",
        None,
        "it never was in the journal; the owner, who can replace it, could always read it",
    ),
)


def table() -> list[str]:
    """The table of the document."""
    lines = ["| change | found |", "|---|---|"]
    for one in TAMPERINGS:
        told = f"no: {one.why}" if one.told is None else f"“{_sample(one.told)}”"
        lines.append(f"| {one.what} | {told} |")
    return lines


def _sample(told: str) -> str:
    """The words of a sentence, with numbers as in an example."""
    whole = f"{told} what row 57 of the journal recorded" if told.endswith(": not") else told
    return whole.format(report=12, other=13, account=7, dataset="boundaries/counties")
