"""The endpoints, one module a subject. Their docstrings are what ``/docs`` shows."""
