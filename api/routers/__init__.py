"""The endpoints, one module a subject. Their docstrings are what ``/docs`` shows.

``name=`` in a decorator keeps an operation id of the published API where the function's name differs from it.
"""
