"""The built-in examples, each trained once: what a visitor sees first, and what the example list answers with."""

import threading

from demo.callbacks import PRESETS, draw_umap, load_preset, train_adapter
from demo.session import Session
from llu_core.encoder import Encoder
from llu_core.fitting import warm_up
from llu_core.recipes import RECIPES
from llu_core.steps import drain


class Examples:
    """Trained sessions by example title, for one encoder."""

    def __init__(self, encoder: Encoder, encoder_name: str):
        self._blank = Session(encoder, encoder_name)
        self._trained: dict[str, Session] = {}
        self._lock = threading.Lock()

    @property
    def first(self) -> Session:
        """The example that a new visitor sees."""
        return self.get(self._blank, next(iter(PRESETS)))

    def get(self, session: Session, title: str) -> Session:
        """The example in place of what `session` holds; untrained where the visitor has chosen another encoder."""
        loaded = load_preset(session, title)
        if session.encoder is not self._blank.encoder:
            return loaded
        with self._lock:
            if title not in self._trained:
                self._trained[title] = _trained(load_preset(self._blank, title))
            return self._trained[title]

    def prepare(self) -> None:
        """Train the others in the background, and draw UMAP of the first, which lets numba compile meanwhile."""
        threading.Thread(target=self._prepare, name="examples", daemon=True).start()

    def _prepare(self) -> None:
        drawn = draw_umap(self.first).model
        if drawn is not None:  # numba compiles the placing of a new picture too
            drawn.projection.place(drawn.shots.train.embeddings[:1].numpy())
        for title in PRESETS:
            self.get(self._blank, title)


def _trained(session: Session) -> Session:
    warm_up()  # so that the seconds on the page are those of the training
    return drain(train_adapter(session, RECIPES["fast"]))
