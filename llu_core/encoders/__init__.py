"""CLIP-like models and what is asked of them: loading, encoding pictures and texts, and remembering the answers."""
