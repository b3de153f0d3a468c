"""What every room may use: the errors that users see, settings, the day in China, languages, lazy imports.

Settings come from the environment (``settings``), errors are classes without HTTP (``errors``), and all
texts are message ids with a Chinese catalogue (``i18n``). This room imports no other and knows nothing of
places, law or the database.
"""
