"""Adapters trained on different sets over one backbone, asked together: who acts where, and their files."""
