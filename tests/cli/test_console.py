"""What is printed commands no terminal."""

from __future__ import annotations

import pytest

from cli.console import plain, print_rows, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("a\x07\x08\x7f", r"a\x07\x08\x7f"),
        ("\x9b31m", r"\x9b31m"),  # CSI in one sign
        ("\u202egnp", r"\u202egnp"),  # turns what follows
        ("a\tb\nc\r", r"a\tb\nc\r"),
        ("采石 é 👩\u200d🌾", "采石 é 👩\u200d🌾"),
    ],
)
def test_what_a_terminal_obeys_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_texts_of_several_lines_keep_them() -> None:
    assert plain("a\nb\t[c]\x1b") == "a\nb\t\\[c]\\x1b"


def test_rows_of_a_pipe_keep_their_columns(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(("No.", "Reason"), [("1", "a\tb\x1b]0;x\x07"), ("2", "")], "en")
    assert capsys.readouterr().out == "1\ta\\tb\\x1b]0;x\\x07\n2\n"
