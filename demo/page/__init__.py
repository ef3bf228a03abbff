"""The page itself: its parts, its events and what they do. Only these modules import gradio."""
