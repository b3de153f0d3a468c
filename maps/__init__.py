"""The web pages: Folium maps and forms, their markup, texts and scripts, all served from this host.

The room knows no table and no request: builders take plain values (roles, states, dates) and return HTML.
Scripts fill the pages from the API. It imports ``core`` only.
"""
