"""Loads data folders into the store, and single changed files temporarily, for previews."""
