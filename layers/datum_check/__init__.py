"""Checks whether the coordinates of a batch are in the datum that is declared for them."""
