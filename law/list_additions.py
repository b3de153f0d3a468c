"""Matters and articles that a competence list names and the law book lacks: added to it, marked unverified.

A published list is not refused for what this project has not compiled. Codes are made from the names, so that
one matter has one code in every list and version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from law.articles import parse_articles
from law.book import LawBook
from law.kinds import parse_categories
from law.values import chinese_number

ADDED_SECTIONS: Final = ("categories", "laws")
PREFIX: Final = "local_"
CODE_LETTERS: Final = 12
LETTERS: Final = "abcdefghijklmnop"  # one for each hexadecimal digit: codes of categories have no digits
SOURCE: Final = "competence list"
GIST: Final = {
    "zh": "清单所引条文，未核对原文。",
    "en": "Cited in the competence list; the text was not checked.",
}
UNCHECKED: Final = {"zh": "权限清单所列事项，法律库未核对。", "en": "From the competence list; not checked."}
NO_NUMBER: Final = {"zh": "（清单未载明条文号）", "en": "(no article stated in the list)"}


@dataclass(slots=True)
class Additions:
    """What rows of a list add to the book: matters by name; articles by law and number ("" if unknown)."""

    matters: dict[str, str] = field(default_factory=dict)
    articles: dict[tuple[str, str], str] = field(default_factory=dict)

    def matter(self, name: str) -> str:
        """The code of a matter that the book lacks."""
        return self.matters.setdefault(name, PREFIX + _letters(name))

    def article(self, law: str, number: str) -> str:
        """The id of an article that the book lacks."""
        return self.articles.setdefault((law, number), f"{PREFIX}{_letters(law)}/{number or 'text'}")

    def sections(self) -> dict[str, list[dict[str, Any]]]:
        """The sections ``categories`` and ``laws`` of a law document, those that have rows."""
        laws: dict[str, list[dict[str, Any]]] = {}
        for (law, number), name in self.articles.items():
            laws.setdefault(law, []).append(_article(number, name))
        found = {
            "categories": [_matter(name, code) for name, code in self.matters.items()],
            "laws": [_law(law, rows) for law, rows in laws.items()],
        }
        return {name: rows for name, rows in found.items() if rows}


def with_additions(book: LawBook, document: Mapping[str, object]) -> LawBook:
    """The book with the ``categories`` and ``laws`` of a list's document; its own take precedence.

    Raises LawDataError for rows that do not fit the schema.
    """
    sections = {name: document[name] for name in ADDED_SECTIONS if name in document}
    articles = parse_articles({"articles": {"laws": sections.get("laws", [])}})
    matters = parse_categories({"categories": {"categories": sections.get("categories", [])}}, articles)
    new = {code: matter for code, matter in matters.items() if code not in book.categories}
    return replace(book, articles={**articles, **book.articles}, categories={**book.categories, **new})


def _matter(name: str, code: str) -> dict[str, Any]:
    """A list says who punishes a matter, not what makes it unlawful: that stays to be checked."""
    return {"code": code, "name": {"zh": name, "en": name}, "unlawful": "listed", "note": UNCHECKED}


def _article(number: str, name: str) -> dict[str, Any]:
    row: dict[str, Any] = {"id": name.rpartition("/")[2], "gist": GIST}
    if not number:
        return row | {"label": NO_NUMBER}
    label = {"zh": f"第{chinese_number(int(number))}条", "en": f"Art. {number}"}
    return row | {"number": int(number), "label": label}


def _law(title: str, articles: Iterable[dict[str, Any]]) -> dict[str, Any]:
    name = {"zh": title, "en": title}
    return {
        "id": PREFIX + _letters(title),
        "title": name,
        "short": name,
        "verified": False,
        "source": SOURCE,
        "articles": list(articles),
    }


def _letters(name: str) -> str:
    digest = hashlib.sha256(name.encode()).hexdigest()[:CODE_LETTERS]
    return "".join(LETTERS[int(digit, 16)] for digit in digest)
