"""From decisions to Arrow columns, and counts of such columns."""
