"""The law as the store holds it: YAML texts under ``law/…`` datasets, built into a ``LawBook`` once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.errors import BadData
from geo.facts import SourceRef
from geo.tables import Source
from law.book import LawBook
from law.errors import LawDataError
from layers.registry import Dataset
from words import N_

Texts = tuple[tuple[str, str], ...]


def document_name(dataset: str) -> str:
    """'law/rules' → 'rules'."""
    return dataset.rpartition("/")[2]


def build_book(documents: Mapping[str, Any]) -> LawBook:
    """A book of parsed documents, with the law's own errors as data errors."""
    try:
        return LawBook.from_documents(documents)
    except LawDataError as fault:
        raise BadData(N_("The law data are wrong: {fault}"), field="law", fault=fault) from fault


def book_of_files(datasets: Iterable[Dataset]) -> LawBook:
    """The book that the law files of a data folder make together."""
    texts = {
        document_name(d.dataset): d.path.read_text(encoding="utf-8") for d in datasets if d.role == "law"
    }
    return build_book({name: yaml.safe_load(text) for name, text in texts.items()})


def fetch_book(session: Session, sources: Iterable[SourceRef]) -> LawBook:
    """The book of these law versions; asks the store only for versions not met before."""
    return _cached(session, {(source.dataset, source.checksum): source.id for source in sources})


_BOOKS: dict[frozenset[tuple[str, str]], LawBook] = {}  # by content, so no entry can go stale


def _cached(session: Session, versions: Mapping[tuple[str, str], int]) -> LawBook:
    key = frozenset(versions)
    if key not in _BOOKS:
        _BOOKS[key] = _book_of_texts(_fetch_texts(session, versions.values()))
    return _BOOKS[key]


def _fetch_texts(session: Session, ids: Iterable[int]) -> Texts:
    rows = session.execute(
        select(Source.dataset, Source.content["yaml"].astext)
        .where(Source.id.in_(ids))
        .order_by(Source.dataset)
    )
    return tuple((dataset, text) for dataset, text in rows)


def _book_of_texts(texts: Texts) -> LawBook:
    return build_book({document_name(dataset): yaml.safe_load(text) for dataset, text in texts})


def current_book(session: Session) -> LawBook:
    """The book of the law versions that are current in the store."""
    rows = session.execute(
        select(Source.id, Source.dataset, Source.checksum).where(
            Source.role == "law", Source.retired_at.is_(None)
        )
    )
    return _cached(session, {(row.dataset, row.checksum): row.id for row in rows})
