"""Verdicts, the law and changes of the law in words, Chinese or English, for screens and the command line."""
