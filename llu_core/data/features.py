"""Every picture of a data set as embeddings, and the few shots drawn from them.

Features.of(fewshot)                    an embedded set as it is: no validation rows, no views
load_features(path)                     a feature bundle (see `bundles`): with both where it has them
extract(source, encoder, views=10)      a source of pictures (see `embedding`): with both where there are any
features.problem                        FewShotSet of ALL classes; train: every row there is, test: all of it
features.draw(shots, seed) -> Drawn     CoOp's draw over all classes, or the draw cached beside the data
drawn.problem, .validation, .views      train holds the shots only; views are (K, n, d), views of these n rows
drawn.split() -> (base, new)            two closed problems as Drawn, labels from 0, validation and views with them
drawn.select_classes(labels)            any other closed problem, the same way
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from torch import Tensor

from llu_core.data.draws import Draw, draw_with_validation
from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings, new_labels
from llu_core.errors import LluError


@dataclass(frozen=True, eq=False)
class Drawn:
    """A few-shot problem as the protocols want it.

    problem: its train rows are the shots; validation: at most min(K, 4) rows per class, none where the source has no
    validation pictures; views: (K, n, d) unit rows, K augmented views of each of the n training rows, or None.
    """

    problem: FewShotSet
    validation: LabelledEmbeddings
    views: Tensor | None = None

    def __post_init__(self) -> None:
        check_views(self.views, self.problem.train)

    def select_classes(self, labels: Iterable[int]) -> "Drawn":
        """The closed problem of some classes, as `FewShotSet.select_classes` forms it."""
        problem = self.problem.select_classes(chosen := sorted(set(labels)))
        new_label = new_labels(chosen, len(self.problem.class_names))
        kept = new_label[self.problem.train.labels] >= 0
        views = None if self.views is None else self.views[:, kept]
        return Drawn(problem, self.validation.relabel(new_label), views)

    def split(self) -> tuple["Drawn", "Drawn"]:
        """The base half and the new half; raises LluError where there is no new half."""
        base, new = self.problem.halves()
        return self.select_classes(base), self.select_classes(new)


def check_views(views: Tensor | None, train: LabelledEmbeddings) -> None:
    """Raise ValueError unless `views` is None or (K, n, d) for the n rows of `train`."""
    if views is not None and (views.ndim != 3 or views.shape[1:] != train.embeddings.shape):
        raise ValueError("views must be (K, n, d), K views of each of the n training rows")


def without_thumbnails(problem: FewShotSet) -> FewShotSet:
    """The same set without pictures to look at, which no system needs: lighter on its way to other processes."""
    train, test = (replace(rows, thumbnails=None) for rows in (problem.train, problem.test))
    controls = tuple(replace(each, pictures=replace(each.pictures, thumbnails=None)) for each in problem.controls)
    return replace(problem, train=train, test=test, controls=controls)


@dataclass(frozen=True, eq=False)
class Features:
    """The embedded pools of a source.

    problem: all classes, every embedded training row, all test rows; validation: every embedded validation row;
    views: (K, n, d) views of problem.train, or None. class_ids: what tells classes of one name apart (ImageNet's
    wnids), () where a source has none.
    draw_pictures(shots, seed): the draw over the pools. train_row, validation_row: position in the pool -> row, None
    for a picture that cannot be read; positions that were not embedded are absent.
    remarks: what a report should say about the source. listed: a fingerprint of what listed its shots, "" where they
    are drawn at random.
    """

    problem: FewShotSet
    validation: LabelledEmbeddings
    views: Tensor | None
    class_ids: tuple[str, ...]
    draw_pictures: Callable[[int, int], Draw]
    train_row: Mapping[int, int | None]
    validation_row: Mapping[int, int | None]
    remarks: tuple[str, ...] = ()
    listed: str = ""

    @classmethod
    def of(cls, fewshot: FewShotSet) -> "Features":
        """A set whose train rows are the whole pool to draw from, such as a feature bundle.

        Raises LluError for a feature bundle with a class that has no rows.
        """
        if fewshot.bundle:  # in folders, a class known by name alone is meant; in a bundle, rows went astray
            fewshot.require_rows()
        return cls.whole(fewshot)

    @classmethod
    def whole(
        cls, problem: FewShotSet, validation: LabelledEmbeddings | None = None, views: Tensor | None = None
    ) -> "Features":
        """Pools of which every row is there, whether or not each class has some."""
        check_views(views, problem.train)
        rows = LabelledEmbeddings.empty(problem.width) if validation is None else validation
        return cls(
            problem=problem,
            validation=rows,
            views=views,
            class_ids=(),
            draw_pictures=partial(draw_with_validation, problem.train.labels.tolist(), rows.labels.tolist()),
            train_row={row: row for row in range(len(problem.train))},
            validation_row={row: row for row in range(len(rows))},
        )

    def draw(self, shots: int, seed: int) -> Drawn:
        """At most `shots` training rows and min(shots, 4) validation rows of every class.

        Pictures that cannot be read are drawn like others and then missed (see `left_out`).
        Raises LluError for a draw that needs pictures which were not embedded.
        """
        drawn = self.draw_pictures(shots, seed)
        try:
            train = [row for at in drawn.train if (row := self.train_row[at]) is not None]
            validation = [row for at in drawn.validation if (row := self.validation_row[at]) is not None]
        except KeyError:
            name = self.problem.name
            raise LluError(f"{name}: {shots} shots with seed {seed} were not embedded; extract that draw too") from None
        return Drawn(
            problem=replace(self.problem, train=self.problem.train.select(train)),
            validation=self.validation.select(validation),
            views=None if self.views is None else self.views[:, train],
        )
