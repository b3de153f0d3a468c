"""Places of reports: points with an accuracy, and footprints, validated and converted to CGCS2000."""
