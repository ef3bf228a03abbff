"""The everyday names as each encoder reads them: encoded once, and moved by every adapter trained on that encoder."""

import threading
from collections import OrderedDict
from collections.abc import Generator

from llu_core.encoders.encoder import Encoder
from llu_core.method.elsewhere.names import EverydayNames, encode_everyday_names

ENCODERS_REMEMBERED = 4
"""So many encoders' names are kept, two megabytes each; the one that was asked for longest ago is forgotten."""

_read: OrderedDict[str, EverydayNames] = OrderedDict()
_lock = threading.Lock()


def read_everyday_names(encoder: Encoder, model: str) -> Generator[tuple[int, int], None, EverydayNames]:
    """The names that `model`, the encoder's name, can be asked about, in steps of (done, total); none once known."""
    known = known_everyday_names(encoder.identity)
    if known is not None:
        return known
    names = yield from encode_everyday_names(encoder, model)
    with _lock:
        _read[encoder.identity] = names
        while len(_read) > ENCODERS_REMEMBERED:
            _read.popitem(last=False)
    return names


def known_everyday_names(identity: str) -> EverydayNames | None:
    """The names as the encoder of this identity reads them, where they were read before."""
    with _lock:
        if identity in _read:
            _read.move_to_end(identity)
        return _read.get(identity)
