"""LLU Explorer: `python app.py`; `python app.py --help` tells the options."""

import sys

from demo.hosting.address import why_not_served
from demo.settings import read_settings
from llu_core.terminal import prepare, remark

if __name__ == "__main__":
    prepare()
settings = read_settings(sys.argv[1:] if __name__ == "__main__" else [])
if __name__ == "__main__":
    if reason := why_not_served(settings.host, settings.port):
        remark(f"error: {reason}")
        sys.exit(2)

from demo.launch import build  # noqa: E402  so late that --help and a wrong option are answered before torch is loaded

app = build(settings)
demo = app.demo

if __name__ == "__main__":
    app.launch()
