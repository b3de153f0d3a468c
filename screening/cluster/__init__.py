"""Screening on a Dask cluster: the store as a file for workers, the workers, and the parts of a file."""
