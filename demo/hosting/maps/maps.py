"""Which maps are known, and whose are drawn: one at a time, behind everything else."""

import threading
from collections.abc import Callable
from dataclasses import replace
from weakref import WeakKeyDictionary

import numpy as np

from demo.hosting.maps.drawer import Drawer
from demo.hosting.shipped.maps import shipped_map
from demo.session.model import map_points
from demo.session.projection import Projection
from demo.session.session import Session
from demo.session.shelf.together import draw_map, together
from llu_core.method.adapter import LocalizedAdapter


class Maps:
    """The UMAP of every adapter for which it was drawn; visitors of one example share one."""

    def __init__(self, drawer: Drawer | None = None):
        self._drawer = drawer or Drawer()
        # Weak, because a visitor's embeddings must not outlive the session.
        self._drawn: WeakKeyDictionary[LocalizedAdapter, Projection] = WeakKeyDictionary()
        self._one_at_a_time = threading.Lock()

    def draw(self, session: Session, wanted: Callable[[], bool] = lambda: True) -> Session:
        """The session with its map's PCA replaced by UMAP, the model and its id as they were; this takes seconds. Of
        sets that act together one map of all is drawn.

        wanted: asked when its turn has come; whoever trains anew meanwhile waits for the newer map only.
        """
        joined, model = together(session), session.model
        if joined is not None:
            if joined.projection.name != "UMAP":
                with self._one_at_a_time:
                    if wanted():
                        draw_map(session, self._drawn_by_umap)
            return session
        if model is None or model.projection.name == "UMAP":
            return session
        adapter = model.trained.adapter
        if adapter not in self._drawn:  # asked before the lock: a map that is there does not wait for another one
            with self._one_at_a_time:
                if adapter not in self._drawn and wanted():
                    self._keep(adapter, self._drawn_by_umap(map_points(model.shots)))
        return self.known(session)

    def shipped(self, session: Session) -> Session:
        """The session with the map that comes with the app, where it is an example as the embedded model sees it."""
        model = session.require_model()
        rows = map_points(model.shots)
        self._keep(model.trained.adapter, _projection(rows, shipped_map(rows)))
        return self.known(session)

    def known(self, session: Session) -> Session:
        """The session with the UMAP of its adapter, where it was drawn before."""
        model = session.model
        drawn = None if model is None else self._drawn.get(model.trained.adapter)
        if model is None or drawn is None or model.projection is drawn:
            return session
        return replace(session, model=replace(model, projection=drawn))

    def forget_old(self) -> None:
        """Let go of what only drawing needs, if nothing was drawn for long."""
        self._drawer.forget_old()

    def close(self) -> None:
        """The app ends; what is being drawn is left."""
        self._drawer.close()

    def _drawn_by_umap(self, rows: np.ndarray) -> Projection | None:
        return _projection(rows, self._drawer.draw(rows))

    def _keep(self, adapter: LocalizedAdapter, projection: Projection | None) -> None:
        if projection is not None:
            self._drawn[adapter] = projection


def _projection(rows: np.ndarray, points: np.ndarray | None) -> Projection | None:
    return None if points is None else Projection("UMAP", points, rows)
