"""What is decided before gradio sees a request: from where, to which route, with what body, how often;
and when gradio's answers go out."""

from demo.hosting.gate.middleware import Gate
from demo.hosting.gate.tally import Tally

__all__ = ["Gate", "Tally"]
