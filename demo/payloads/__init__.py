"""What the page is told: JSON, pictures and sentences made of a session; nothing here knows gradio."""
