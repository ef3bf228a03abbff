"""The built-in examples, each trained once: what a visitor sees first, and what the example list answers with."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from demo.hosting.encoders import RecentEncoder
from demo.hosting.gpu import at_home
from demo.hosting.line import Cancelled, Watch
from demo.hosting.machine.memory import give_back
from demo.hosting.maps.maps import Maps
from demo.hosting.shipped.models import shipped_rows
from demo.session.presets import PRESETS, load_preset
from demo.session.readers import Reader, Readers
from demo.session.session import Session
from demo.session.training import train_adapter
from demo.settings import Limits
from llu_core.encoders.cache import CachedEncoder
from llu_core.encoders.encoder import Encoder
from llu_core.method.fitting import warm_up
from llu_core.method.recipes import RECIPES
from llu_core.steps import drain

HEAD_START_SECONDS = 5.0
"""So long after the first example the others are begun: who comes with the start of the app comes first."""
LAST_SECONDS = 20.0
"""What is being prepared when the app ends may take so long to notice."""


class Examples:
    """Trained sessions by example title, for one encoder.

    cache: folder in which their embeddings are kept for the next start where they do not come with the app, None for
    none; visitors' never go there.
    """

    def __init__(
        self,
        encoder: Encoder,
        encoder_name: str,
        *,
        own: Reader | None = None,
        limits: Limits | None = None,
        cache: Path | None = None,
        maps: Maps | None = None,
    ):
        """own: reads the sets of visitors, where it is another than reads the examples."""
        readers = None if own is None else Readers(Reader(encoder_name, encoder), own)
        self._blank = Session(encoder, encoder_name, limits=limits or Limits(), readers=readers)
        self._cache, self._maps = cache, maps or Maps()
        self._trained: dict[str, Session] = {}
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._preparing: threading.Thread | None = None

    @property
    def first(self) -> Session:
        """The example that a new visitor sees."""
        return self.get(self._blank, next(iter(PRESETS)))

    def get(self, session: Session, title: str) -> Session:
        """The example in place of what `session` holds; untrained where the visitor has chosen another encoder."""
        if session.readers is None and session.encoder is not self._blank.encoder:
            return load_preset(session, title)
        if title not in self._trained:  # looked up before the lock: a visitor does not wait for another example
            with self._lock:
                if title not in self._trained:
                    self._trained[title] = self._train(load_preset(self._blank, title))
        shown = self._trained[title] = self._maps.known(self._trained[title])
        return shown if shown.readers is session.readers else replace(shown, readers=session.readers)

    def _train(self, example: Session) -> Session:
        warm_up()  # so that the seconds on the page are those of the training
        steps = train_adapter(replace(example, encoder=self._embedder), RECIPES["fast"])
        with Watch(self._require_open):
            trained = drain(steps)
        shown = replace(trained, encoder=self._blank.encoder, given=trained.require_model().trained)
        return self._maps.shipped(shown)

    @cached_property
    def _embedder(self) -> Encoder:
        encoder = at_home(self._blank.encoder)
        if shipped_rows(encoder.identity):
            return encoder if isinstance(encoder, RecentEncoder) else RecentEncoder(encoder)  # which finds them
        return encoder if self._cache is None else CachedEncoder(encoder, self._cache)

    def prepare(self, show: Callable[[Session], object] = lambda first: None) -> None:
        """Train the examples in the background, and draw the map of the first, where it did not come with the app.

        show: makes of the first one what its page is drawn from, so that no visitor waits for it.
        """
        self._preparing = threading.Thread(target=self._prepare, args=(show,), name="examples", daemon=True)
        self._preparing.start()

    def close(self) -> None:
        """The app ends; what is still to be prepared is left, and nothing works on it any more afterwards.

        A thread that is still at work in torch when the interpreter ends takes the whole process down with it.
        """
        self._closed.set()
        if self._preparing is not None:
            self._preparing.join(LAST_SECONDS)

    def _require_open(self) -> None:
        if self._closed.is_set():
            raise Cancelled("the app is about to stop")

    def _prepare(self, show: Callable[[Session], object]) -> None:
        with suppress(Cancelled):
            show(self.first)
            self._maps.draw(self.first)
            self._closed.wait(HEAD_START_SECONDS)
            for title in PRESETS:
                self._require_open()
                self.get(self._blank, title)
            give_back()  # the pictures of all examples passed through memory
