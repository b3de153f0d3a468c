"""The facts room: everything known about a place on a day, as one :class:`~facts.model.PlaceFacts`.

``lookup.facts_of_days`` is the way in. Two engines answer with equal facts. PostGIS (``postgis``, ``sql``)
is the reference, and has past dataset versions, too. Snapshots of the current versions in memory
(``memory``) are far faster. Facts are measurements: nothing here decides.
"""
