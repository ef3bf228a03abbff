"""The maps' better coordinates: those that come with the app, and those drawn by a process of their own."""
