"""The workflow of a report: its states, due dates, assignments and urgency."""
