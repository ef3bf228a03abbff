"""Several sets in one model: what was saved, and systems that learn one set after the other."""
