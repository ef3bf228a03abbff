"""A drawer without a process of its own, for tests that are about something else."""

import numpy as np

from demo.hosting.maps.drawer import Drawer
from demo.session.projection import project_umap


class InProcess(Drawer):
    """Draws in the test's own process."""

    def draw(self, embeddings: np.ndarray) -> np.ndarray | None:
        drawn = project_umap(embeddings)
        return drawn.points if drawn.name == "UMAP" else None
