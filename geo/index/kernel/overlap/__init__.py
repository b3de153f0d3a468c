"""Compiled functions for layers whose areas may overlap, such as zones, grid cells and permits."""
