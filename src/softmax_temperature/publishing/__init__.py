"""Notebooks become pages in which every explorer is live, and a site of such pages."""
