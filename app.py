"""LLU Explorer: `python app.py`; `python app.py --help` tells the options."""

import sys

from demo.settings import read_settings

settings = read_settings(sys.argv[1:] if __name__ == "__main__" else [])

from demo.launch import build  # noqa: E402  so late that --help and a wrong option are answered before torch is loaded

app = build(settings)
demo = app.demo

if __name__ == "__main__":
    app.launch()
