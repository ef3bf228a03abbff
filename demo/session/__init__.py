"""A visitor's state and what can be done with it; nothing here knows gradio."""
