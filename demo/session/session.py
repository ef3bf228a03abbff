"""A visitor's session: one frozen value from which everything on the page is derived."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from demo.session.draft import empty_draft, require_within, stored_pictures
from demo.session.projection import Projection, project_pca
from demo.settings import MB, Limits
from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings
from llu_core.data.pictures import ImageSource
from llu_core.encoders.encoder import Encoder
from llu_core.errors import LluError
from llu_core.method.adapter import LocalizedAdapter
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.sweep import Sweep

MAX_UNDO = 20
UNLABELLED = -1


@dataclass(frozen=True, eq=False)
class Model:
    """A trained adapter with all that the explorer shows of it.

    shots: the embeddings it was trained and is tested on; queries: further pictures, labelled UNLABELLED. The rows
    of sweep are the training images, the test images and the queries; projection has the first two and the image
    anchors. source: the set it was trained on, None for a reopened adapter. seconds: training time, encoding aside;
    None for a reopened adapter.
    """

    id: str
    trained: TrainedAdapter
    shots: FewShotSet
    queries: LabelledEmbeddings
    sweep: Sweep
    projection: Projection
    source: ImageSource | FewShotSet | None
    seconds: float | None

    @property
    def parts(self) -> tuple[LabelledEmbeddings, LabelledEmbeddings, LabelledEmbeddings]:
        """The sweep's rows: training images, test images, queries."""
        return self.shots.train, self.shots.test, self.queries

    @property
    def images(self) -> Tensor:
        """(n, d), the embeddings of the sweep's rows."""
        return torch.cat([part.embeddings for part in self.parts])

    @property
    def row_names(self) -> tuple[str, ...]:
        """The names of the sweep's rows."""
        return tuple(name for part in self.parts for name in part.names)

    def with_queries(self, queries: LabelledEmbeddings) -> "Model":
        """The same adapter asked about other queries."""
        return replace(self, queries=queries, sweep=_sweep(self.trained, self.shots, queries))

    def with_classes(self, names: list[str], embeddings: Tensor) -> "Model":
        """The same adapter telling apart further classes, (len(names), d) unit rows."""
        shots = self.shots.add_classes(names, embeddings)
        trained = replace(self.trained, class_names=shots.class_names, class_embeddings=shots.class_embeddings)
        return replace(self, trained=trained, shots=shots, sweep=_sweep(trained, shots, self.queries))


def build_model(
    trained: TrainedAdapter,
    shots: FewShotSet,
    *,
    source: ImageSource | FewShotSet | None,
    seconds: float | None,
    queries: LabelledEmbeddings | None = None,
) -> Model:
    """Everything the explorer needs of an adapter, with PCA as its first map."""
    queries = queries or LabelledEmbeddings.empty(shots.width)
    return Model(
        id=uuid.uuid4().hex[:12],
        trained=trained,
        shots=shots,
        queries=queries,
        sweep=_sweep(trained, shots, queries),
        projection=project_pca(map_points(trained.adapter, shots.train, shots.test)),
        source=source,
        seconds=seconds,
    )


def _sweep(trained: TrainedAdapter, shots: FewShotSet, queries: LabelledEmbeddings) -> Sweep:
    images = torch.cat([shots.train.embeddings, shots.test.embeddings, queries.embeddings])
    return Sweep.of(trained.adapter, images, shots.class_embeddings)


def accuracies(model: Model, predictions: Tensor) -> dict[str, float | None]:
    """Percent right on the test images of seen and of unseen classes, None where there are no such images.

    predictions: (n,) labels for the rows of model.sweep, chosen among all classes.
    """
    labels = model.shots.test.labels
    right = predictions[len(model.shots.train) :][: len(labels)] == labels
    seen = torch.isin(labels, torch.tensor(model.trained.trained_classes))
    return {
        name: 100.0 * right[rows].float().mean().item() if rows.any() else None
        for name, rows in (("seen", seen), ("unseen", ~seen))
    }


def map_points(adapter: LocalizedAdapter, train: LabelledEmbeddings, test: LabelledEmbeddings) -> np.ndarray:
    """What the map is fitted to, (n + m, d): training images, test images, image anchors."""
    return torch.cat([train.embeddings, test.embeddings, adapter.image.anchors]).numpy()


def _arrays(*values: Any) -> Iterator[Tensor | np.ndarray]:
    """The tensors and arrays within dataclasses, however deep."""
    for value in values:
        if isinstance(value, Tensor | np.ndarray):
            yield value
        elif is_dataclass(value) and not isinstance(value, ImageSource):
            yield from _arrays(*(getattr(value, part.name) for part in fields(value)))


@dataclass(frozen=True, eq=False)
class Edit:
    """What the set was before a change, and what the change was called."""

    label: str
    draft: ImageSource
    features: FewShotSet | None
    preset: str | None


@dataclass(frozen=True, eq=False)
class Session:
    """encoder: shared between visitors and never changed. beta, gamma: where the visitor's sliders stand.

    draft: the visitor's pictures; features: a set that came as embeddings and takes the draft's place, or None.
    history: earlier states of the set, newest last; limits: what a set may be.
    """

    encoder: Encoder
    encoder_name: str
    draft: ImageSource = field(default_factory=empty_draft)
    features: FewShotSet | None = None
    preset: str | None = None
    model: Model | None = None
    beta: float = 0.5
    gamma: float = 20.0
    history: tuple[Edit, ...] = ()
    limits: Limits = field(default_factory=Limits)

    @property
    def source(self) -> ImageSource | FewShotSet:
        """The set on the left of the page."""
        return self.features or self.draft

    def edited(self, label: str, draft: ImageSource) -> "Session":
        """The session with another set of pictures; `label` says in the Undo button what was done.

        Raises LluError if it is over the limits. Where only Undo makes it so, the oldest steps are forgotten.
        """
        require_within(len(draft.train) + len(draft.test), draft.class_names, self.limits)
        changed = self._changed(label, draft=draft, features=None, preset=None)
        while changed.stored_bytes > self.limits.visitor_mb * MB:
            if not changed.history:
                raise LluError(
                    f"your pictures would take {changed.stored_bytes // MB} MB in memory; the page keeps "
                    f"{self.limits.visitor_mb} MB for one visitor; delete some first"
                )
            changed = replace(changed, history=changed.history[1:])
        return changed

    def with_features(self, features: FewShotSet) -> "Session":
        """The session with a set of embeddings in place of pictures."""
        return self._changed(f"open {features.name}", draft=empty_draft(), features=features, preset=None)

    def _changed(self, label: str, **changes) -> "Session":
        before = Edit(label, self.draft, self.features, self.preset)
        return replace(self, history=(*self.history, before)[-MAX_UNDO:], **changes)

    def undone(self) -> "Session":
        """The set as it was before the last edit; the model stays."""
        if not self.history:
            return self
        last = self.history[-1]
        return replace(self, draft=last.draft, features=last.features, preset=last.preset, history=self.history[:-1])

    @cached_property
    def pieces(self) -> dict[int, int]:
        """Bytes of every picture and tensor of this session by its identity, those that Undo would bring back too."""
        pictures = {id(data): len(data) for draft in self._drafts for data in stored_pictures(draft)}
        features = [self.features, *(edit.features for edit in self.history)]
        return pictures | {id(array): array.nbytes for array in _arrays(self.model, *features)}

    @property
    def _drafts(self) -> tuple[ImageSource, ...]:
        return self.draft, *(edit.draft for edit in self.history)

    @property
    def stored_bytes(self) -> int:
        """Memory that the visitor's pictures take, those that Undo would bring back included."""
        return sum({id(data): len(data) for draft in self._drafts for data in stored_pictures(draft)}.values())

    @property
    def changed_since_training(self) -> bool:
        """Whether the set on the left is no longer what the model on the right was trained on."""
        return self.model is not None and self.model.source is not self.source

    def require_model(self) -> Model:
        """The trained model; raises LluError where there is none."""
        if self.model is None:
            raise LluError("there is no trained adapter yet; train one first")
        return self.model

    @property
    def trained(self) -> TrainedAdapter:
        """The adapter with its mask where the sliders stand; raises LluError where there is none."""
        trained = self.require_model().trained
        return replace(trained, adapter=trained.adapter.with_mask(beta=self.beta, gamma=self.gamma))

    def why_not_trainable(self) -> str | None:
        """What is missing before training makes sense, or None."""
        if self.features is not None:
            return None
        if not self.draft.train:
            return "Add pictures of at least one class first."
        if len(self.draft.class_names) < 2:
            return "Add a second class, or name an unseen one, so that there is something to tell apart."
        return None
