"""What a visitor sees first: the first example, trained, on the map."""

import threading

from demo.callbacks import PRESETS, draw_umap, load_preset, train_adapter
from demo.session import Session
from llu_core.encoder import Encoder
from llu_core.training import RECIPES


def first_session(encoder: Encoder, encoder_name: str) -> Session:
    """Train the first example; UMAP of it is drawn in the background, which also lets numba compile."""
    session = load_preset(Session(encoder, encoder_name), next(iter(PRESETS)))
    steps = train_adapter(session, RECIPES["fast"])
    while True:
        try:
            next(steps)
        except StopIteration as finished:
            session = finished.value
            break
    threading.Thread(target=draw_umap, args=(session,), name="first map", daemon=True).start()
    return session
