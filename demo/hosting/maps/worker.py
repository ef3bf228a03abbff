"""The process that draws: `python -m demo.hosting.maps.worker` answers embeddings on stdin with a map on stdout.

It is behind all other work: it is nicer than the app, and ends with its input.
"""

import os
import sys

import numpy as np

from demo.hosting.maps.wire import receive, send
from demo.session.projection import keep_compiled, project_umap

NICENESS = 10
NO_MAP = np.empty((0, 2), dtype=np.float32)
"""The answer where PCA is as good."""


def main() -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    keep_compiled()
    while (embeddings := receive(sys.stdin.buffer)) is not None:
        drawn = project_umap(embeddings)
        send(drawn.points if drawn.name == "UMAP" else NO_MAP, answers)


if __name__ == "__main__":
    main()
