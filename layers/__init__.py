"""The layers room: datasets and files of places, read, checked and loaded into the store.

Data folders (``registry``) become versions of datasets in the store (``readers``, ``loading``): units, zones,
roads, permits, parcels, land classes, and the law with its calendar and competence list (``lawbook``). Files
of places of any size are read and written in batches of Arrow (``formats``), and their datum is checked
against known places (``datum_check``). What goes in is a path, what comes out rows, an immutable law book or
batches, or a :class:`~core.errors.BadData` that names the feature. Nothing here decides on a place, and
nothing knows of reports' progress, users or HTTP.
"""
