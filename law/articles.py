"""Articles of law: dated, replaceable, each saying whether somebody read it in the statute's text."""

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

    ``article`` is the number in digits, empty where it is not known (or the text has no articles);
    ``label`` is how people write it. ``verified`` says that the statute's text was read.
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

    @property
    def period(self) -> Period:
        """When this version of the article is in force."""
        return Period(self.valid_from, self.valid_to)

    def citation(self) -> Text:
        """As written in a letter: 《城乡规划法》第六十五条."""
        return Text(f"《{self.short.zh}》{self.label.zh}", f"{self.short.en}, {self.label.en}")


class ArticleRow(Row):
    """An article inside its law; ``verified`` is the law's unless the article says otherwise."""

    id: str = Field(pattern=r"^[a-z0-9_-]+$")
    number: int | None = Field(None, gt=0, lt=10_000)
    label: TextRow | None = None
    gist: TextRow
    verified: bool | None = None


class LawRow(DatedRow):
    """One version of a law with the articles that are cited."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    title: TextRow
    short: TextRow
    verified: bool
    source: str = Field(min_length=1)
    articles: tuple[ArticleRow, ...]


def parse_articles(documents: Mapping[str, object]) -> dict[str, Article]:
    """All articles by id ("law/article").

    Raises:
        LawDataError: a row does not fit, an id repeats, number and label are missing, dates are reversed.
    """
    laws = parse_rows(LawRow, DOCUMENT, section_rows(documents, DOCUMENT, "laws"))
    raise_issues(f for law in laws for f in period_issues(DOCUMENT, law.id, law.period))
    raise_issues(f for law in laws for f in _law_issues(law))
    return {f"{law.id}/{row.id}": _article(law, row) for law in laws for row in law.articles}


def _law_issues(law: LawRow) -> list[DataIssue]:
    ids = [row.id for row in law.articles]
    faults = [
        data_issue(DOCUMENT, f"{law.id}/{i}", "id", N_("is used by two rows"))
        for i in set(ids)
        if ids.count(i) > 1
    ]
    for row in law.articles:
        if row.number is None and row.label is None:
            message = N_("an article without a number needs a label that says so")
            faults.append(data_issue(DOCUMENT, f"{law.id}/{row.id}", "number", message))
    return faults


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
    )


def _label(row: ArticleRow) -> Text:
    if row.label is not None:
        return row.label.text()
    number = row.number or 0
    return Text(f"第{chinese_number(number)}条", f"Art. {number}")


def cite(articles: Mapping[str, Article], ids: tuple[str, ...]) -> tuple[Article, ...]:
    """The articles of ``ids``, in their order; ids are checked beforehand by ``citation_faults``."""
    return tuple(articles[i] for i in ids)


def citation_issues(
    articles: Mapping[str, Article], document: str, row: str, cited: tuple[tuple[str, ...], Period]
) -> list[DataIssue]:
    """Faults of a row that cites ``ids`` for ``period``: unknown, or not in force throughout."""
    ids, period = cited
    faults = []
    for i in ids:
        if i not in articles:
            faults.append(data_issue(document, row, "articles", N_("unknown article: {article}"), article=i))
        elif not articles[i].period.contains(period):
            message = N_("article {article} is in force {has}, the row claims it for {wants}")
            has, wants = articles[i].period.words(), period.words()
            faults.append(data_issue(document, row, "articles", message, article=i, has=has, wants=wants))
    return faults


def require_article(articles: Mapping[str, Article], article: str) -> Article:
    """An article that code itself relies on, such as the rule on old and new law.

    Raises:
        LawDataError: the book does not have it.
    """
    if article not in articles:
        raise LawDataError(
            data_issue(DOCUMENT, article, "id", N_("the law book needs this article and has it not"))
        )
    return articles[article]
