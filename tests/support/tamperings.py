"""Ways to tamper with a journal of ``ROWS`` rows, as a superuser whose triggers are off can.

Each takes a session and a source of chance, and returns the number of the first row that is wrong then.
"""

from __future__ import annotations

import hashlib
import json
import random
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from store.journal.chain import GENESIS_HASH

ROWS = 60


def linked(session: Session, body: str, prev: str) -> str:
    return str(session.scalar(text("SELECT zhijie_link(:prev, :body)"), {"prev": prev, "body": body}))


def row_of(session: Session, seq: int) -> dict[str, Any]:
    row = session.execute(text("SELECT seq, body, prev, hash FROM journal WHERE seq = :s"), {"s": seq})
    return dict(row.mappings().one())


def set_row(session: Session, seq: int, /, **values: object) -> None:
    wanted = ", ".join(f"{name} = :{name}" for name in values)
    session.execute(text(f"UPDATE journal SET {wanted} WHERE seq = :at"), {"at": seq, **values})


def _shift(session: Session, first: int, by: int) -> None:
    """Move the rows from ``first`` on to other numbers, as one who inserts or closes a gap must."""
    session.execute(text("UPDATE journal SET seq = -seq WHERE seq >= :first"), {"first": first})
    session.execute(text("UPDATE journal SET seq = -seq + :by WHERE seq < 0"), {"by": by})


def forged(session: Session, like: int, seq: int) -> str:
    """A body as the program would have written it, telling something else."""
    said = json.loads(row_of(session, like)["body"]) | {"seq": seq, "reason": "forged"}
    return json.dumps(said, ensure_ascii=False)


def _insert(session: Session, seq: int, prev: str) -> None:
    body = forged(session, max(1, min(seq, ROWS) - 1), seq)
    row = {"seq": seq, "body": body, "prev": prev, "hash": linked(session, body, prev)}
    session.execute(
        text("INSERT INTO journal (seq, body, prev, hash) VALUES (:seq, :body, :prev, :hash)"), row
    )


def _edit_body(session: Session, rng: random.Random) -> int:
    seq = rng.randint(1, ROWS)
    body = list(row_of(session, seq)["body"])
    spot = rng.choice([i for i, letter in enumerate(body) if letter.isdigit()])
    body[spot] = str((int(body[spot]) + rng.randint(1, 9)) % 10)
    try:
        with session.begin_nested():
            set_row(session, seq, body="".join(body))
    except Exception:  # no JSON any more, such as a number with a leading zero
        set_row(session, seq, body=forged(session, seq, seq))
    return seq


def _edit_space(session: Session, rng: random.Random) -> int:
    seq = rng.randint(1, ROWS)
    set_row(session, seq, body=row_of(session, seq)["body"] + " ")
    return seq


def _edit_hash(session: Session, rng: random.Random) -> int:
    seq = rng.randint(1, ROWS)
    set_row(session, seq, hash=hashlib.sha256(rng.randbytes(8)).hexdigest())
    return seq


def _edit_prev(session: Session, rng: random.Random) -> int:
    seq = rng.randint(1, ROWS)
    set_row(session, seq, prev=hashlib.sha256(rng.randbytes(8)).hexdigest())
    return seq


def _edit_linked(session: Session, rng: random.Random) -> int:
    """Another body with the hash that fits."""
    seq = rng.randint(1, ROWS)
    body = forged(session, seq, seq)
    set_row(session, seq, body=body, hash=linked(session, body, row_of(session, seq)["prev"]))
    return seq


def _edit_prev_linked(session: Session, rng: random.Random) -> int:
    """Another row before, with the hash that fits."""
    seq, prev = rng.randint(1, ROWS), hashlib.sha256(rng.randbytes(8)).hexdigest()
    set_row(session, seq, prev=prev, hash=linked(session, row_of(session, seq)["body"], prev))
    return seq


def _delete(session: Session, rng: random.Random) -> int:
    seq = rng.choice([1, ROWS, rng.randint(2, ROWS - 1)])
    session.execute(text("DELETE FROM journal WHERE seq = :s"), {"s": seq})
    return seq


def _delete_run(session: Session, rng: random.Random) -> int:
    first, last = sorted(rng.sample(range(1, ROWS + 1), 2))
    session.execute(text("DELETE FROM journal WHERE seq BETWEEN :a AND :b"), {"a": first, "b": last})
    return first


def _delete_closed(session: Session, rng: random.Random) -> int:
    """A row less, and those behind it moved up."""
    seq = rng.randint(1, ROWS - 1)
    session.execute(text("DELETE FROM journal WHERE seq = :s"), {"s": seq})
    _shift(session, seq + 1, -1)
    return seq


def _swap_bodies(session: Session, rng: random.Random) -> int:
    first, second = sorted(rng.sample(range(1, ROWS + 1), 2))
    one, two = row_of(session, first)["body"], row_of(session, second)["body"]
    set_row(session, first, body=two)
    set_row(session, second, body=one)
    return first


def _swap_rows(session: Session, rng: random.Random) -> int:
    """Two whole rows change places; half the time neighbours."""
    first = rng.randint(1, ROWS - 1)
    second = first + 1 if rng.random() < 0.5 else rng.randint(first + 1, ROWS)
    for seq, to in ((first, -1), (second, first), (-1, second)):
        set_row(session, seq, seq=to)
    return first


def _insert_linked(session: Session, rng: random.Random) -> int:
    """A row put in with the right hash, those behind it moved down and the head with them."""
    seq = rng.randint(2, ROWS)
    _shift(session, seq, 1)
    _insert(session, seq, row_of(session, seq - 1)["hash"])
    session.execute(text("UPDATE journal_head SET seq = seq + 1"))
    return seq


def _insert_end(session: Session, rng: random.Random) -> int:
    """A row behind the last one, with the right hash or any; the head stays."""
    right = rng.random() < 0.5
    _insert(session, ROWS + 1, row_of(session, ROWS)["hash"] if right else GENESIS_HASH)
    return ROWS + 1


def _insert_front(session: Session, rng: random.Random) -> int:
    seq = -rng.randint(0, 5)
    _insert(session, seq, GENESIS_HASH)
    return seq


def _replace_last(session: Session, rng: random.Random) -> int:
    """The last row taken off and another put there, rightly linked."""
    session.execute(text("DELETE FROM journal WHERE seq = :s"), {"s": ROWS})
    _insert(session, ROWS, row_of(session, ROWS - 1)["hash"])
    return ROWS


def _edit_head(session: Session, rng: random.Random) -> int:
    session.execute(
        text("UPDATE journal_head SET hash = :h"), {"h": hashlib.sha256(rng.randbytes(8)).hexdigest()}
    )
    return ROWS


def _cut_head(session: Session, rng: random.Random) -> int:
    """The head set back, the rows behind it left."""
    seq = rng.randint(0, ROWS - 1)
    before = GENESIS_HASH if seq == 0 else row_of(session, seq)["hash"]
    session.execute(text("UPDATE journal_head SET seq = :s, hash = :h"), {"s": seq, "h": before})
    return seq + 1


TAMPERINGS = (
    _edit_body,
    _edit_space,
    _edit_hash,
    _edit_prev,
    _edit_linked,
    _edit_prev_linked,
    _delete,
    _delete_run,
    _delete_closed,
    _swap_bodies,
    _swap_rows,
    _insert_linked,
    _insert_end,
    _insert_front,
    _replace_last,
    _edit_head,
    _cut_head,
)
