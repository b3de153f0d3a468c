"""The tables as SQLAlchemy classes; ``store/migrations`` creates them, and a test compares the two."""
