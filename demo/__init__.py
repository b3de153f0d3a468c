"""The demo room: fictional reports, places and accounts for ``make demo``, and their removal.

``sample_reports`` draws the reports of a year from a seeded generator and files them like real ones;
``story`` has the one report of the tour and a user for each role; ``clear`` removes all of it. Everything is
marked as a sample, in the database and in the texts, so that nobody mistakes it for a
real report and ``clear`` finds it. Only the command line uses this room.
"""
