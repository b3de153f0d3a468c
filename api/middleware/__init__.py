"""ASGI middleware, from the outside in: log and metrics, security headers, authentication and rates, body
limit, and the two that answer tiles and checks without the router.
"""
