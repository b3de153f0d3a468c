"""Descriptions of datasets, and their versions in the store."""
