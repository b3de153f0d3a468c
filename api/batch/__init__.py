"""Request and response bodies of ``/api/check/batch`` (JSON, GeoJSON, Arrow), and the screeners it keeps."""
