"""Articles of law as cited: dated by version, and marked whether the statute's text was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pydantic import Field

from core.i18n import N_
from law.errors import DataIssue, LawDataError, data_issue, raise_issues
from law.parsing import DatedRow, Row, TextRow, parse_rows, period_issues, section_rows
from law.values import Period, Text, chinese_number

DOCUMENT = "articles"


@dataclass(frozen=True, slots=True)
class Article:
    """One article of one version of a law.

    Attributes:
        id: ``law/article``, such as ``urp/65``.
        article: the number in digits; empty where it is not known or the text has no numbered articles.
        label: the number as written in a citation, such as 第六十五条.
        verified: somebody has read the statute's text.
        new: the law did not exist before ``valid_from`` in any version. Otherwise, what was the law before
            the first version in the book is unknown.
        gist: what the article says, in one sentence.
        short: the law's short title.
    """

    id: str
    law: Text
    article: str
    label: Text
    valid_from: date | None
    valid_to: date | None
    verified: bool
    source: str
    gist: Text
    short: Text
    new: bool = False

    @property
    def period(self) -> Period:
        """When this version of the article is in force."""
        return Period(self.valid_from, self.valid_to)

    def citation(self) -> Text:
        """As written in a letter: 《城乡规划法》第六十五条."""
        return Text(f"《{self.short.zh}》{self.label.zh}", f"{self.short.en}, {self.label.en}")


class ArticleRow(Row):
    """Row of ``articles`` inside a law; ``verified`` deissues to that of the law."""

    id: str = Field(pattern=r"^[a-z0-9_-]+$")
    number: int | None = Field(None, gt=0, lt=10_000)
    label: TextRow | None = None
    gist: TextRow
    verified: bool | None = None


class LawRow(DatedRow):
    """Row of ``laws``: one version of a law with the articles cited from it."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    title: TextRow
    short: TextRow
    new: bool = False
    verified: bool
    source: str = Field(min_length=1)
    articles: tuple[ArticleRow, ...]


def parse_articles(documents: Mapping[str, object]) -> dict[str, Article]:
    """Parse and check all articles, by id ("law/article").

    Raises:
        LawDataError: a row does not fit the schema, an id repeats, an article has neither number nor label,
            or dates are reversed.
    """
    laws = parse_rows(LawRow, DOCUMENT, section_rows(documents, DOCUMENT, "laws"))
    raise_issues(f for law in laws for f in period_issues(DOCUMENT, law.id, law.period))
    raise_issues(f for law in laws for f in _law_issues(law))
    return {f"{law.id}/{row.id}": _article(law, row) for law in laws for row in law.articles}


def _law_issues(law: LawRow) -> list[DataIssue]:
    ids = [row.id for row in law.articles]
    issues = [
        data_issue(DOCUMENT, f"{law.id}/{i}", "id", N_("is used by two rows"))
        for i in set(ids)
        if ids.count(i) > 1
    ]
    for row in law.articles:
        if row.number is None and row.label is None:
            message = N_("an article without a number needs a label that says so")
            issues.append(data_issue(DOCUMENT, f"{law.id}/{row.id}", "number", message))
    return issues


def _article(law: LawRow, row: ArticleRow) -> Article:
    return Article(
        id=f"{law.id}/{row.id}",
        law=law.title.text(),
        article="" if row.number is None else str(row.number),
        label=_label(row),
        valid_from=law.valid_from,
        valid_to=law.valid_to,
        verified=law.verified if row.verified is None else row.verified,
        source=law.source,
        gist=row.gist.text(),
        short=law.short.text(),
        new=law.new,
    )


def _label(row: ArticleRow) -> Text:
    """The given label, else one made from the number."""
    if row.label is not None:
        return row.label.text()
    number = row.number or 0
    return Text(f"第{chinese_number(number)}条", f"Art. {number}")


def cite(articles: Mapping[str, Article], ids: tuple[str, ...]) -> tuple[Article, ...]:
    """The articles of ``ids``, in their order. ``citation_issues`` must have checked the ids."""
    return tuple(articles[i] for i in ids)


def citation_issues(
    articles: Mapping[str, Article], document: str, row: str, cited: tuple[tuple[str, ...], Period]
) -> list[DataIssue]:
    """Check that a row cites articles that exist and are in force throughout the row's period.

    Args:
        document: name of the row's document.
        row: id of the row.
        cited: ids of the articles, and the period for which the row cites them.
    """
    ids, period = cited
    issues = []
    for i in ids:
        if i not in articles:
            issues.append(data_issue(document, row, "articles", N_("unknown article: {article}"), article=i))
        elif not articles[i].period.contains(period):
            message = N_("article {article} is in force {has}, the row claims it for {wants}")
            has, wants = articles[i].period.words(), period.words()
            issues.append(data_issue(document, row, "articles", message, article=i, has=has, wants=wants))
    return issues


def require_article(articles: Mapping[str, Article], article: str) -> Article:
    """The article that the code itself relies on, such as the one on choice of law.

    Raises:
        LawDataError: the book lacks it.
    """
    if article not in articles:
        raise LawDataError(data_issue(DOCUMENT, article, "id", N_("the law book must have this article")))
    return articles[article]
