"""Bars, charts and the picture of an explorer, by matplotlib alone."""
