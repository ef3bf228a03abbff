"""The app around `llu_core`: its page, its endpoints, and what keeps it up."""

import os

# Read when gradio and the hub's client are imported: neither may tell anyone that it runs.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
