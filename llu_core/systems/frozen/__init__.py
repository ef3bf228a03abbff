"""Five compared systems that work on frozen embeddings alone, one file each."""
