"""Trainings that were done a moment ago, so that a grid over what is set after training does none twice."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable

from llu_core.data.fewshot import FewShotSet
from llu_core.method.adapter import LocalizedAdapter

MAX_KEPT_BYTES = 2**28
"""Enough for the folds of a grid: at a width of 512 an adapter of 500 shots has 4 MB."""


class Trainings:
    """The latest adapters by what they were trained on, as many as fit; threads take turns."""

    def __init__(self) -> None:
        self._turns = threading.Lock()
        self._kept: OrderedDict[str, LocalizedAdapter] = OrderedDict()

    def of(self, shots: FewShotSet, settings: str, train: Callable[[], LocalizedAdapter]) -> LocalizedAdapter:
        """The adapter of these shots and settings, trained now unless it is among the latest."""
        key = _digest(shots, settings)
        with self._turns:
            adapter = self._kept[key] if key in self._kept else train()
            self._kept[key] = adapter
            self._kept.move_to_end(key)
            while len(self._kept) > 1 and self._bytes() > MAX_KEPT_BYTES:
                self._kept.popitem(last=False)
        return adapter

    def _bytes(self) -> int:
        return sum(_bytes(adapter) for adapter in self._kept.values())


def _digest(shots: FewShotSet, settings: str) -> str:
    digest = hashlib.sha256(f"{settings} {shots.logit_scale!r}".encode())
    for part in (shots.train.embeddings, shots.train.labels, shots.class_embeddings):
        digest.update(f" {tuple(part.shape)} ".encode())
        digest.update(part.contiguous().numpy().tobytes())
    return digest.hexdigest()


def _bytes(adapter: LocalizedAdapter) -> int:
    parts = [each for side in (adapter.image, adapter.text) for each in (side.update.weight, side.anchors)]
    return sum(each.nbytes for each in parts) + (adapter.statistics.images.nbytes if adapter.statistics else 0)
