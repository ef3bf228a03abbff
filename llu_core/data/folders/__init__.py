"""Folders and zips of labelled pictures: which file is what, and the set that they make."""
