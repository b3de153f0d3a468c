"""The law in the store: documents in ``law/…`` datasets, built into a cached ``LawBook``.

A loaded competence list (``LOCAL_LIST``) takes the place of the shipped list and leaves the statutory powers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import BadData, StoreUnavailable
from core.i18n import N_, Lang, say
from facts import SourceRef
from law import (
    ADDED_SECTIONS,
    EntryRow,
    LawBook,
    LawDataError,
    check_sections,
    parse_rows,
    section_rows,
    with_additions,
)
from layers.registry.sources import Dataset
from store.schema import Source

LOCAL_LIST: Final = "law/competence_local"
LOCAL_LIST_DOCUMENT: Final = "competence_local"


class InvalidLaw(BadData):
    """Legal data that cannot be used; ``detail`` lists its issues, in the reader's language."""

    def __init__(
        self, message: str, cause: LawDataError, *, field: str = "law", hint: str = "", **values: object
    ) -> None:
        super().__init__(message, field=field, hint=hint, **values)
        self.issues = cause.issues

    def lines(self, lang: Lang) -> list[str]:
        """Every issue in words."""
        return [issue.line(lang) for issue in self.issues]

    def detail(self, lang: Lang) -> str:
        """What is wrong, in words."""
        lines = self.lines(lang)
        text = lines[0] if len(lines) == 1 else "".join(f"\n  {line}" for line in lines)
        return say(lang, self.message, fault=text, **self.values)


def document_name(dataset: str) -> str:
    """The document of a dataset: 'law/rules' → 'rules'."""
    return dataset.rpartition("/")[2]


def build_book(documents: Mapping[str, Any]) -> LawBook:
    """Build a book from parsed documents. Raises :class:`InvalidLaw`."""
    own = {name: document for name, document in documents.items() if name != LOCAL_LIST_DOCUMENT}
    try:
        book = LawBook.from_documents(own)
    except LawDataError as fault:
        raise InvalidLaw(N_("The law data are wrong: {fault}"), fault) from fault
    return book if len(own) == len(documents) else _with_local_list(book, documents)


def _with_local_list(book: LawBook, documents: Mapping[str, Any]) -> LawBook:
    """The book with the entries of the local list, checked against its articles, categories and kinds."""
    local = {LOCAL_LIST_DOCUMENT: documents[LOCAL_LIST_DOCUMENT]}
    try:
        check_sections(local, {LOCAL_LIST_DOCUMENT: frozenset({"entries", *ADDED_SECTIONS})})
        return with_additions(book, local[LOCAL_LIST_DOCUMENT]).with_entries(
            parse_rows(EntryRow, LOCAL_LIST_DOCUMENT, section_rows(local, LOCAL_LIST_DOCUMENT, "entries"))
        )
    except LawDataError as fault:
        raise InvalidLaw(
            N_("The local competence list does not fit the law: {fault}"),
            fault,
            hint=N_("Load a corrected list (`zhijie law load`), or remove it (`zhijie law unload`)."),
        ) from fault


def book_of_files(datasets: Iterable[Dataset]) -> LawBook:
    """The book of the law files of a data folder."""
    texts = {
        document_name(d.dataset): d.path.read_text(encoding="utf-8") for d in datasets if d.role == "law"
    }
    return build_book({name: yaml.safe_load(text) for name, text in texts.items()})


def fetch_book(session: Session, sources: Iterable[SourceRef]) -> LawBook:
    """The book of these versions of the law; queries the store only if it is not cached."""
    return _get_book(session, {(source.dataset, source.checksum): source.id for source in sources})


def cached_book(sources: Iterable[SourceRef]) -> LawBook | None:
    """The book of these versions of the law if it is cached, else None. Never queries the store."""
    return _BOOKS.get(frozenset((source.dataset, source.checksum) for source in sources))


# By content, so that no entry can be outdated; none is evicted, since laws change rarely.
_BOOKS: dict[frozenset[tuple[str, str]], LawBook] = {}


def _get_book(session: Session, versions: Mapping[tuple[str, str], int]) -> LawBook:
    if not versions:
        raise StoreUnavailable(
            N_("No law is loaded."), field="law", hint=N_("Load the data with `zhijie load`.")
        )
    key = frozenset(versions)
    if key not in _BOOKS:
        _BOOKS[key] = build_book(_fetch_documents(session, versions.values()))
    return _BOOKS[key]


def _fetch_documents(session: Session, ids: Iterable[int]) -> dict[str, Any]:
    rows = session.execute(select(Source.dataset, Source.content).where(Source.id.in_(ids)))
    return {document_name(row.dataset): parse_document(row.content) for row in rows}


def parse_document(content: dict[str, Any]) -> Any:  # noqa: ANN401 - unchecked YAML
    """The document in a version's content: a shipped one is stored as YAML text, a local list as rows."""
    return yaml.safe_load(content["yaml"]) if "yaml" in content else content


def current_book(session: Session, *, local: bool = True) -> LawBook:
    """The book of the law that is current in the store; ``local`` False: without the local list."""
    query = select(Source.id, Source.dataset, Source.checksum).where(
        Source.role == "law", Source.retired_at.is_(None)
    )
    rows = session.execute(query if local else query.where(Source.dataset != LOCAL_LIST))
    return _get_book(session, {(row.dataset, row.checksum): row.id for row in rows})
