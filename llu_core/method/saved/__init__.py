"""What a saved adapter tells of itself beside its numbers: what it was taught with, and its card."""
