"""A trained adapter with all that the explorer shows of it."""

import uuid
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from demo.session.projection import Projection, project_pca
from llu_core.data.controls import usable
from llu_core.data.fewshot import Control, FewShotSet, LabelledEmbeddings, new_labels
from llu_core.data.pictures import ImageSource
from llu_core.errors import LluError
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.elsewhere.accuracy import ElsewhereSweep
from llu_core.method.elsewhere.names import EverydayNames, NamesSweep
from llu_core.method.sweep import Sweep

UNLABELLED = -1


@dataclass(frozen=True, eq=False)
class Model:
    """A trained adapter with all that the explorer shows of it.

    shots: the embeddings it was trained and is tested on; queries: further pictures, labelled UNLABELLED. The rows
    of sweep are the training images, the test images and the queries; projection has the first two and the pictures
    of all controls. elsewhere: the controls that share no class with the set; names: everyday names as the set's
    encoder reads them, None where nobody knows it. source: the set it was trained on, of a reopened adapter its
    anchors. seconds: training time, encoding aside; None for a reopened adapter.
    """

    id: str
    trained: TrainedAdapter
    shots: FewShotSet
    queries: LabelledEmbeddings
    sweep: Sweep
    elsewhere: ElsewhereSweep
    names: NamesSweep | None
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
    def everyday(self) -> NamesSweep | None:
        """The names that are no classes of the set, as it now is."""
        return self.names and self.names.without(self.shots.class_names)

    @property
    def images(self) -> Tensor:
        """(n, d), the embeddings of the sweep's rows."""
        return torch.cat([part.embeddings for part in self.parts])

    @property
    def row_names(self) -> tuple[str, ...]:
        """The names of the sweep's rows."""
        return tuple(name for part in self.parts for name in part.names)

    def without_statistics(self) -> "Model":
        """The same update without class statistics beside it."""
        if self.trained.adapter.statistics is None:
            return self
        trained = replace(self.trained, adapter=replace(self.trained.adapter, statistics=None))
        alone = self.sweep.without_statistics(), self.elsewhere.without_statistics()
        return replace(self, trained=trained, sweep=alone[0], elsewhere=alone[1])

    def with_queries(self, queries: LabelledEmbeddings) -> "Model":
        """The same adapter asked about other queries."""
        return replace(self, queries=queries, sweep=_sweep(self.trained, self.shots, queries))

    def with_classes(self, names: list[str], embeddings: Tensor) -> "Model":
        """The same adapter telling apart further classes, (len(names), d) unit rows."""
        return self._telling_apart(self.shots.add_classes(names, embeddings), self.trained)

    def without_class(self, name: str) -> "Model":
        """The same adapter without a class that has no picture; raises LluError for any other."""
        if name not in self.answers:
            raise LluError(f"{name} is no answer that was added by its name; only those can be taken away")
        kept = [label for label, other in enumerate(self.shots.class_names) if other != name]
        new_label = new_labels(kept, len(self.shots.class_names))
        trained = replace(
            self.trained,
            trained_classes=tuple(new_label[list(self.trained.trained_classes)].tolist()),
            anchor_labels=new_label[self.trained.anchor_labels],
        )
        return self._telling_apart(self.shots.select_classes(kept), trained)

    def _telling_apart(self, shots: FewShotSet, trained: TrainedAdapter) -> "Model":
        trained = replace(trained, class_names=shots.class_names, class_embeddings=shots.class_embeddings)
        told = replace(self, trained=trained, shots=shots, sweep=_sweep(trained, shots, self.queries))
        return replace(told, elsewhere=ElsewhereSweep.of(trained.adapter, told.controls))

    @property
    def answers(self) -> tuple[str, ...]:
        """The classes that have no picture: known by their names only, they are possible answers and can be removed."""
        shots = self.shots
        pictured = {*self.trained.trained_classes, *shots.train.labels.tolist(), *shots.test.labels.tolist()}
        return tuple(name for label, name in enumerate(shots.class_names) if label not in pictured)


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
    queries = queries or LabelledEmbeddings.empty(shots.width)
    return Model(
        id=uuid.uuid4().hex[:12],
        trained=trained,
        shots=shots,
        queries=queries,
        sweep=_sweep(trained, shots, queries),
        elsewhere=ElsewhereSweep.of(trained.adapter, usable(shots.controls, shots.class_names)[0]),
        names=everyday and NamesSweep.of(trained.adapter, everyday),
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
    parts = shots.train, shots.test, *(control.pictures for control in shots.controls)
    return torch.cat([part.embeddings for part in parts]).numpy()
