"""A toy encoder that is loaded later, as the app's embedded models are."""

import time
from collections.abc import Callable
from typing import cast

from demo.hosting.encoders import RecentEncoder
from demo.session.readers import Facts, LaterEncoder
from llu_core.encoders.encoder import OpenClipEncoder
from llu_core.encoders.hub import BEAT_SECONDS
from support.toy_encoder import ToyEncoder


def later_toy(identity: str = "toy 1", before: Callable[[], object] = lambda: None) -> LaterEncoder:
    """before: called when it is loaded."""
    toy = ToyEncoder(identity)

    def load() -> OpenClipEncoder:
        before()
        return cast("OpenClipEncoder", toy)

    return LaterEncoder(Facts(toy.identity, toy.title, toy.note, toy.width, toy.logit_scale, None), load)


def slow_toy() -> RecentEncoder:
    """One that takes a while to load, and remembers besides."""
    return RecentEncoder(later_toy(before=lambda: time.sleep(3 * BEAT_SECONDS)))
