"""The shelf on the page: its panel, its actions, and which event calls which."""
