"""Draws from embedded pools: the pictures, their validation rows and their views stay together."""

import random
from dataclasses import replace

import pytest
import torch

from llu_core.data.draws import Draw, draw_with_validation
from llu_core.data.features import Drawn, Features
from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings
from llu_core.errors import LluError
from support.synthetic import problem, unit_rows


def pool(labels: list[int], seed: int) -> LabelledEmbeddings:
    names = tuple(f"{seed}/{row}" for row in range(len(labels)))
    return LabelledEmbeddings(unit_rows(len(labels), 8, seed), torch.tensor(labels, dtype=torch.int64), names)


TRAIN, VALIDATION = [2, 0, 1, 2, 0, 1, 2, 0, 1, 2], [1, 1, 0, 2, 0, 2, 1]


def features(unread: int | None = None) -> Features:
    """Three classes, two of them base; the training picture `unread` of the pool could not be read."""
    kept = [at for at in range(len(TRAIN)) if at != unread]
    train = pool([TRAIN[at] for at in kept], 1)
    return Features(
        problem=FewShotSet("set", ("a", "b", "c"), unit_rows(3, 8), train, pool([0, 1, 2], 3), base_classes=2),
        validation=pool(VALIDATION, 2),
        views=train.embeddings.roll(1, dims=1).repeat(2, 1, 1),
        class_ids=(),
        draw_pictures=lambda shots, seed: draw_with_validation(TRAIN, VALIDATION, shots, seed),
        train_row={at: kept.index(at) if at in kept else None for at in range(len(TRAIN))},
        validation_row={at: at for at in range(len(VALIDATION))},
    )


def test_validation_is_drawn_after_training_by_the_same_generator():
    generator = random.Random(7)
    train = [*generator.sample([0, 3, 6, 9], 2), *generator.sample([1, 4, 7], 2), *generator.sample([2, 5, 8], 2)]
    validation = [*generator.sample([0, 1, 6], 2), *generator.sample([2, 4], 2), *generator.sample([3, 5], 2)]
    assert draw_with_validation(TRAIN, VALIDATION, 2, 7) == Draw(tuple(train), tuple(validation))


def test_at_most_four_validation_pictures_of_a_class_are_drawn():
    drawn = draw_with_validation([0] * 20, [0] * 20, 16, 1)
    assert (len(drawn.train), len(drawn.validation)) == (16, 4)


def test_a_draw_takes_shots_validation_and_views_together():
    whole = features()
    drawn, expected = whole.draw(2, 7), draw_with_validation(TRAIN, VALIDATION, 2, 7)
    assert drawn.problem.train.names == tuple(f"1/{at}" for at in expected.train)
    assert drawn.validation.names == tuple(f"2/{at}" for at in expected.validation)
    assert drawn.views is not None
    for of_view in drawn.views:
        assert torch.equal(of_view, drawn.problem.train.embeddings.roll(1, dims=1))
    assert drawn.problem.test is whole.problem.test


def test_a_picture_that_cannot_be_read_is_missed_not_replaced():
    first = draw_with_validation(TRAIN, VALIDATION, 2, 7).train[0]
    drawn = features(unread=first).draw(2, 7)
    assert drawn.problem.shots_per_class.tolist() == [2, 2, 1]
    assert drawn.views is not None
    assert drawn.views.shape == (2, 5, 8)


def test_a_draw_that_was_not_embedded_is_told():
    with pytest.raises(LluError, match="set: 2 shots with seed 7 were not embedded"):
        replace(features(), train_row={}).draw(2, 7)


def test_halves_are_closed_problems_with_their_validation_and_views():
    base, new = features().draw(3, 1).split()
    assert (base.problem.class_names, new.problem.class_names) == (("a", "b"), ("c",))
    assert (base.validation.labels.unique().tolist(), new.validation.labels.unique().tolist()) == ([0, 1], [0])
    for half in (base, new):
        assert half.views is not None
        assert torch.equal(half.views[0], half.problem.train.embeddings.roll(1, dims=1))


def test_no_new_half_is_an_error():
    whole = features().draw(1, 1)
    with pytest.raises(LluError, match="needs new ones"):
        replace(whole, problem=replace(whole.problem, base_classes=3)).split()


def test_a_set_of_its_own_draws_as_it_samples():
    fewshot = problem(shots=8)
    drawn = Features.of(fewshot).draw(3, 2)
    assert drawn.problem.train.names == fewshot.sample(3, 2).train.names
    assert (len(drawn.validation), drawn.views) == (0, None)


def test_a_bundle_with_an_empty_class_is_refused():
    fewshot = problem()
    empty = replace(fewshot, train=fewshot.train.select([]), test=fewshot.test.select([]))
    Features.of(empty)
    with pytest.raises(LluError, match=r"b\.npz: train_labels and test_labels have no row of class 'class 0'"):
        Features.of(replace(empty, bundle="b.npz"))


def test_views_of_other_rows_are_a_programming_error():
    with pytest.raises(ValueError, match="views"):
        Drawn(problem(), LabelledEmbeddings.empty(32), torch.zeros(2, 3, 32))
