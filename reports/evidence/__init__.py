"""Evidence of reports: storage of files, inspection in a sandbox process, comparison with the report."""
