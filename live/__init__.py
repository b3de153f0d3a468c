"""What changes while pages are open: the hub that feeds their event streams, and the cache of their tiles.

Both listen to notifications of the journal in the database, so that all processes see what one of them
writes.
"""
