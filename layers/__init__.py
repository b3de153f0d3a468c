"""The layers room: datasets and files of places, read, checked and loaded into the store.

Data folders (``registry``) become versions of datasets in the store (``readers``, ``loading``): units, zones,
roads, permits, parcels, land classes, and the law with its calendar and competence list (``lawbook``). Files
of places of any size are read and written in batches of Arrow (``formats``), and their datum is checked
against known places (``datum_check``). What goes in is a path, what comes out rows, an immutable law book or
batches, or a :class:`~core.errors.BadData` that names the feature. Nothing here decides on a place, and
nothing knows of reports' progress, users or HTTP.
"""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = ["current_book", "load_folder", "open_source", "write_stream"]

if TYPE_CHECKING:
    from layers.formats.source import open_source
    from layers.formats.writer import write_stream
    from layers.lawbook.documents import current_book
    from layers.loading.load import load_folder
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "layers.formats.source": ["open_source"],
            "layers.formats.writer": ["write_stream"],
            "layers.lawbook.documents": ["current_book"],
            "layers.loading.load": ["load_folder"],
        },
    )
