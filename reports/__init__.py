"""Reports of violations: filing, export, the public view, parcel cards, evidence, and the workflow until a
report becomes a case.

Functions take a database session whose row security decides what they see, and never a request.
"""
