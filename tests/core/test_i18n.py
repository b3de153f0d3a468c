"""The catalogues are complete: every message in the code has its Chinese, with the same places in it."""

from __future__ import annotations

import ast
import string
import sys

import pytest

from core.i18n import LOCALES, catalogue, pick_lang, say
from core.settings import ROOT

sys.path.insert(0, str(ROOT / "tools"))
from catalogue import code_files, messages

pytestmark = pytest.mark.docs


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_message_has_its_chinese() -> None:
    assert sorted(messages().keys() - catalogue("zh").keys()) == []


def test_no_chinese_is_left_over() -> None:
    assert sorted(catalogue("zh").keys() - messages().keys()) == []


def test_translations_fill_the_same_places() -> None:
    wrong = [message for message, text in catalogue("zh").items() if _places(message) != _places(text)]
    assert wrong == []


def test_chinese_is_chinese() -> None:
    bare = [
        m for m, text in catalogue("zh").items() if not any("\u4e00" <= letter <= "\u9fff" for letter in text)
    ]
    assert [message for message in bare if _has_words(message)] == []


def _has_words(message: str) -> bool:
    """A message that is more than places, figures and names of standards."""
    return any(letter.islower() for letter in "".join(part for part, *_ in string.Formatter().parse(message)))


def test_nothing_is_said_that_extraction_cannot_see() -> None:
    hidden = [
        f"{path.name}:{node.lineno}"
        for path in code_files()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "say"
        and len(node.args) > 1
        and isinstance(node.args[1], ast.Constant)
    ]
    assert hidden == []


@pytest.mark.parametrize(
    ("wish", "lang"),
    [
        ("en", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("fr, en;q=0.5", "en"),
        ("fr", "zh"),
        (None, "zh"),
        ("", "zh"),
    ],
)
def test_the_language_is_picked_from_a_wish(wish: str | None, lang: str) -> None:
    assert pick_lang(wish) == lang


def test_unknown_messages_stand_as_they_are() -> None:
    assert say("zh", "no such {thing}", thing="x") == "no such x"
    assert LOCALES.is_dir()
