"""What keeps the app up: who is served and when, which models are loaded, what is remembered and logged."""
