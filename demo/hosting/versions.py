"""What runs here, in one line for the foot of the page and the health answer."""

import platform
from importlib.metadata import version

from llu_core import __version__

SHOWN = ("gradio", "torch", "open_clip_torch")


def versions() -> str:
    """This project's version, Python's, and those of the packages that matter most in a report of a fault."""
    others = (f"{name} {version(name)}" for name in SHOWN)
    return " · ".join((f"LLU Explorer {__version__}", f"Python {platform.python_version()}", *others))
