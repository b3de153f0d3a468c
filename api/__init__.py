"""The HTTP service: routers, schemas, middleware and problem documents; the only room that knows FastAPI.

Endpoints parse a request, call functions of the rooms below with plain values and a database session, and
turn the result into a response. No rule of the field is decided here.
"""
