"""Request and response bodies of ``/api/check/batch`` (JSON, GeoJSON, Arrow), and its cache of screeners."""
