"""Request and response bodies as pydantic models. Their docstrings are what ``/docs`` shows."""
