"""Texts of the pages and of their scripts, as message ids by key."""
