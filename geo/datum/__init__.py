"""Datums: conversion to CGCS2000 and back, plausibility of coordinates, detection of wrong declarations."""
