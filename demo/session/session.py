"""A visitor's session: one frozen value from which everything on the page is derived."""

import uuid
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from demo.session.draft import empty_draft, require_within, stored_pictures
from demo.session.memory import pieces_of
from demo.session.projection import Projection, project_pca
from demo.session.readers import Reader, Readers
from demo.settings import MB, Limits
from llu_core.data.controls import usable
from llu_core.data.fewshot import Control, FewShotSet, LabelledEmbeddings
from llu_core.data.pictures import ImageSource
from llu_core.encoders.encoder import Encoder
from llu_core.errors import LluError
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.elsewhere.accuracy import ElsewhereSweep
from llu_core.method.elsewhere.names import EverydayNames, NamesSweep
from llu_core.method.sweep import Sweep

MAX_UNDO = 20
UNLABELLED = -1


@dataclass(frozen=True, eq=False)
class Model:
    """A trained adapter with all that the explorer shows of it.

    shots: the embeddings it was trained and is tested on; queries: further pictures, labelled UNLABELLED. The rows
    of sweep are the training images, the test images and the queries; projection has the first two and the pictures
    of all controls. elsewhere: the controls that share no class with the set; everyday: the names whose encoder reads
    the set, None where nobody knows it. source: the set it was trained on, None for a reopened adapter. seconds:
    training time, encoding aside; None for a reopened adapter.
    """

    id: str
    trained: TrainedAdapter
    shots: FewShotSet
    queries: LabelledEmbeddings
    sweep: Sweep
    elsewhere: ElsewhereSweep
    everyday: NamesSweep | None
    projection: Projection
    source: ImageSource | FewShotSet | None
    seconds: float | None

    @property
    def parts(self) -> tuple[LabelledEmbeddings, LabelledEmbeddings, LabelledEmbeddings]:
        """The sweep's rows: training images, test images, queries."""
        return self.shots.train, self.shots.test, self.queries

    @property
    def controls(self) -> tuple[Control, ...]:
        """The problems of `elsewhere`; one that shares a class with the set, as it now is, has no say."""
        return usable(self.shots.controls, self.shots.class_names)[0]

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
        grown = replace(self, trained=trained, shots=shots, sweep=_sweep(trained, shots, self.queries))
        everyday = self.everyday and self.everyday.without(names)
        return replace(grown, elsewhere=ElsewhereSweep.of(trained.adapter, grown.controls), everyday=everyday)


def build_model(
    trained: TrainedAdapter,
    shots: FewShotSet,
    *,
    source: ImageSource | FewShotSet | None,
    seconds: float | None,
    queries: LabelledEmbeddings | None = None,
    everyday: EverydayNames | None = None,
) -> Model:
    """Everything the explorer needs of an adapter, with PCA as its first map."""
    names = everyday and NamesSweep.of(trained.adapter, everyday, shots.class_names)
    queries = queries or LabelledEmbeddings.empty(shots.width)
    return Model(
        id=uuid.uuid4().hex[:12],
        trained=trained,
        shots=shots,
        queries=queries,
        sweep=_sweep(trained, shots, queries),
        elsewhere=ElsewhereSweep.of(trained.adapter, usable(shots.controls, shots.class_names)[0]),
        everyday=names,
        projection=project_pca(map_points(shots)),
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


def map_points(shots: FewShotSet) -> np.ndarray:
    """What the map is fitted to, (n, d): training images, test images, pictures of the controls.

    The anchors are training images. Pictures elsewhere that were placed amid others later would lie on them.
    """
    return torch.cat([part.embeddings for part in (shots.train, shots.test, *_pictures(shots.controls))]).numpy()


def _pictures(controls: tuple[Control, ...]) -> list[LabelledEmbeddings]:
    return [control.pictures for control in controls]


@dataclass(frozen=True, eq=False)
class Edit:
    """What the set was before a change, who read it, and what the change was called."""

    label: str
    draft: ImageSource
    features: FewShotSet | None
    preset: str | None
    reader: Reader


@dataclass(frozen=True, eq=False)
class Session:
    """encoder: reads the set; shared between visitors and never changed. readers: who reads an example and who an own
    set, None once one model was chosen for everything. beta, gamma: where the visitor's sliders stand.

    draft: the visitor's pictures; features: a set that came as embeddings and takes the draft's place, or None.
    history: earlier states of the set, newest last; limits: what a set may be. given: the adapter that came with an
    example. lineage: stays the same while a set is edited, and is another one once it is deleted or replaced.
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
    given: TrainedAdapter | None = None
    lineage: object = field(default_factory=object)
    readers: Readers | None = None

    @property
    def source(self) -> ImageSource | FewShotSet:
        """The set on the left of the page."""
        return self.features or self.draft

    def for_own_set(self) -> "Session":
        """The session with the model that reads visitors' own sets."""
        own = self.readers and self.readers.own
        return self if own is None else replace(self, encoder=own.encoder, encoder_name=own.name)

    def encoder_of(self, model: Model) -> Encoder:
        """The encoder that the model's embeddings come from: the set's, or one that read what was there before.

        Raises LluError where neither is it, and for a set that came as embeddings of an unknown one.
        """
        if not model.shots.encoder_identity:
            raise LluError("this set came as embeddings and names no encoder, so nothing can be added to it")
        reader = self.reader_of(model.trained)
        model.trained.require_encoder(reader.encoder.identity, reader.encoder.width)
        return reader.encoder

    def reader_of(self, trained: TrainedAdapter) -> Reader:
        """Who read what the adapter was trained on, or else who reads the set."""
        known = (self.readers.examples, self.readers.own) if self.readers else ()
        readers = (Reader(self.encoder_name, self.encoder), *known)
        return next((each for each in readers if each.encoder.identity == trained.encoder_identity), readers[0])

    def edited(self, label: str, draft: ImageSource, *, anew: bool = False) -> "Session":
        """The session with another set of pictures; `label` says in the Undo button what was done.

        anew: whether the set is no longer what it was with a change, but the visitor's own from here on.

        Raises LluError if it is over the limits. Where only Undo makes it so, the oldest steps are forgotten.
        """
        require_within(len(draft.train) + len(draft.test), draft.class_names, self.limits, len(draft.templates))
        return self._changed(label, anew, draft=draft, features=None, preset=None).within_memory(self)

    def within_memory(self, before: "Session") -> "Session":
        """The session, without its oldest steps to undo where all of it is more than one visitor may hold.

        Raises LluError if it is more without any, and more than `before`: what makes a session smaller always goes.
        """
        kept, most = self, self.limits.visitor_mb * MB
        while kept.held_bytes > max(most, 0 if kept.history else before.held_bytes):
            if not kept.history:
                raise LluError(
                    f"your pictures, embeddings and adapter would take {kept.held_bytes // MB} MB in memory; the page "
                    f"keeps {self.limits.visitor_mb} MB for one visitor; delete some first"
                )
            kept = replace(kept, history=kept.history[1:])
        return kept

    def require_same_set(self, before: "Session") -> None:
        """Raise LluError if the set of `before`, on which work began, was deleted or replaced since."""
        if self.lineage is not before.lineage:
            raise LluError("the set was deleted or replaced meanwhile, so what was begun before was left; begin again")

    def with_features(self, features: FewShotSet) -> "Session":
        """The session with a set of embeddings in place of pictures."""
        return self._changed(f"open {features.name}", True, draft=empty_draft(), features=features, preset=None)

    def _changed(self, label: str, anew: bool, **changes) -> "Session":
        before = Edit(label, self.draft, self.features, self.preset, Reader(self.encoder_name, self.encoder))
        changed = replace(self, history=(*self.history, before)[-MAX_UNDO:], **changes)
        return changed.for_own_set() if anew else changed

    def undone(self) -> "Session":
        """The set as it was before the last edit; the model stays."""
        if not self.history:
            return self
        last = self.history[-1]
        before = replace(self, draft=last.draft, features=last.features, preset=last.preset, history=self.history[:-1])
        if self.readers is None:  # a model that was chosen stays
            return before
        return replace(before, encoder=last.reader.encoder, encoder_name=last.reader.name)

    @property
    def holdings(self) -> tuple[object, ...]:
        """Whatever takes memory; two sessions that hold the very same objects take the same."""
        return self.draft, self.features, self.model, self.history

    @cached_property
    def pieces(self) -> dict[int, int]:
        """Bytes of every picture, tensor and text of this session by its identity, those that Undo has included."""
        return pieces_of(self.holdings)

    @cached_property
    def held_bytes(self) -> int:
        """All the memory that the session takes."""
        return sum(self.pieces.values())

    @property
    def stored_bytes(self) -> int:
        """Memory that the visitor's pictures take, those that Undo would bring back included."""
        drafts = self.draft, *(edit.draft for edit in self.history)
        return sum({id(data): len(data) for draft in drafts for data in stored_pictures(draft)}.values())

    @property
    def untouched(self) -> bool:
        """Whether nothing in it is the visitor's own work: it is empty, or an example as it came."""
        model = self.model
        as_it_came = model is None or (model.trained is self.given and not len(model.queries))
        nothing_added = self.preset is not None or (not self.draft.class_names and self.features is None)
        return as_it_came and nothing_added and not self.history

    def is_still(self, example: "Session") -> bool:
        """Whether this is the example as it came; its map may be a better one meanwhile."""
        same = self.lineage is example.lineage and self.encoder is example.encoder and self.draft is example.draft
        return same and self.untouched and (self.beta, self.gamma) == (example.beta, example.gamma)

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
