"""A visitor's session: one frozen value from which everything on the page is derived."""

import threading
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np
import torch

from demo.draft import empty_draft, stored_bytes
from demo.projection import Projection, project_pca
from llu_core.checkpoint import TrainedAdapter
from llu_core.encoder import Encoder
from llu_core.fewshot import FewShotSet
from llu_core.sources import ImageSource
from llu_core.sweep import Sweep


@dataclass(frozen=True, eq=False)
class Model:
    """A trained adapter with all that the explorer shows of it.

    shots: the embeddings it was trained and is tested on. The rows of sweep and of projection are the training
    images, then the test images; projection goes on with the image anchors. draft: the set it was trained on, None
    for a reopened adapter. seconds: training time, encoding aside; None for a reopened adapter.
    """

    id: str
    trained: TrainedAdapter
    shots: FewShotSet
    sweep: Sweep
    projection: Projection
    draft: ImageSource | None
    seconds: float | None


def build_model(
    trained: TrainedAdapter, shots: FewShotSet, *, draft: ImageSource | None, seconds: float | None
) -> Model:
    """Everything the explorer needs of an adapter, with PCA as its first map."""
    images = torch.cat([shots.train.embeddings, shots.test.embeddings])
    return Model(
        id=uuid.uuid4().hex[:12],
        trained=trained,
        shots=shots,
        sweep=Sweep.of(trained.adapter, images, shots.class_embeddings),
        projection=project_pca(map_points(trained, shots)),
        draft=draft,
        seconds=seconds,
    )


def map_points(trained: TrainedAdapter, shots: FewShotSet) -> np.ndarray:
    """What the map shows, (n + m, d): training images, test images, image anchors."""
    return torch.cat([shots.train.embeddings, shots.test.embeddings, trained.adapter.image.anchors]).numpy()


@dataclass(frozen=True, eq=False)
class Session:
    """encoder: shared between visitors and never changed. beta, gamma: where the visitor's sliders stand."""

    encoder: Encoder
    encoder_name: str
    draft: ImageSource = field(default_factory=empty_draft)
    preset: str | None = None
    model: Model | None = None
    beta: float = 0.5
    gamma: float = 20.0

    @property
    def changed_since_training(self) -> bool:
        """Whether the draft on the left is no longer what the model on the right was trained on."""
        return self.model is not None and self.model.draft is not self.draft

    def why_not_trainable(self) -> str | None:
        """What is missing before training makes sense, or None."""
        if not self.draft.train:
            return "Add pictures of at least one class first."
        if len(self.draft.class_names) < 2:
            return "Add a second class, or name an unseen one, so that there is something to tell apart."
        return None


class SessionStore:
    """Sessions by visitor, bounded in number, age and memory; a visitor's session is dropped when the page closes.

    The page holds only an id: sessions carry tensors, which must neither be copied with every event nor be shared.
    """

    def __init__(self, first: Session, *, capacity: int = 64, seconds: float = 3600.0, max_bytes: int = 1 << 30):
        self._first, self._capacity, self._seconds, self._max_bytes = first, capacity, seconds, max_bytes
        self._sessions: OrderedDict[str, tuple[float, Session]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, visitor: str) -> Session:
        """The visitor's session; a new visitor gets the trained example."""
        with self._lock:
            self._forget_old()
            if visitor not in self._sessions:
                return self._first
            session = self._sessions[visitor][1]
            self._sessions[visitor] = (time.monotonic(), session)
            self._sessions.move_to_end(visitor)
            return session

    def put(self, visitor: str, session: Session) -> None:
        with self._lock:
            self._sessions[visitor] = (time.monotonic(), session)
            self._sessions.move_to_end(visitor)
            self._forget_old()

    def drop(self, visitor: str) -> None:
        with self._lock:
            self._sessions.pop(visitor, None)

    def __len__(self) -> int:
        return len(self._sessions)

    def _forget_old(self) -> None:
        """Drop the longest unused ones until all bounds hold; the newest always stays."""
        now = time.monotonic()
        size = sum(stored_bytes(session.draft) for _, session in self._sessions.values())
        for visitor, (used, session) in list(self._sessions.items())[:-1]:
            if now - used > self._seconds or len(self._sessions) > self._capacity or size > self._max_bytes:
                size -= stored_bytes(session.draft)
                del self._sessions[visitor]
