"""Backups of database and evidence, each verified by restoring it, and their restoration."""
