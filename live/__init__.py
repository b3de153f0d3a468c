"""The live room: what changes while pages are open.

``hub`` feeds the event streams of one process, ``events`` gives events the form that pages receive, and
``tile_cache`` holds vector tiles. Hub and cache follow the notifications that the database sends for each
journal step, so that every process sees what any process writes. The room knows no HTTP: an endpoint joins a
:class:`~live.hub.Stream` to the hub and sends what it takes from it. Who may read which event is decided by
the database.
"""
