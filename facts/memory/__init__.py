"""The engine in memory: snapshots of the current dataset versions, and views of a place on them.

``snapshot`` reads layers (``queries``) and indexes them (``build_index``); ``cache`` and ``files`` keep them;
``background`` keeps a server's snapshots current. ``point`` and ``footprint`` look up a place, and ``facts``
turns that into the same :class:`~facts.model.PlaceFacts` as PostGIS returns.
"""
