"""Reads data files into checked rows, one module for each role of a dataset."""
