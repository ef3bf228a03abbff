"""The app around `llu_core`: its page, its endpoints, and what keeps it up."""

import os

# Read when gradio and the hub's client are imported: neither may tell anyone that it runs.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

# Read when numpy and torch are imported. Threads that spin while they wait for each other keep a machine's few cores
# from those who have work: a training among thirty visitors takes ten times as long. numpy has small matrices only.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
