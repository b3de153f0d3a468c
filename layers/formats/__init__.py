"""Reads and writes files of places in batches: GeoParquet, Arrow, CSV and GDAL's vector formats."""
