"""Bytes that strangers made, read within bounds: pictures, zips, and listings of both."""
