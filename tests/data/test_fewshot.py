"""Few-shot sets: CoOp's draw, halving, choosing and adding classes."""

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from llu_core.data.draws import draw_shots
from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings
from llu_core.errors import LluError


def rows_of(labels: list[int], prefix: str = "train", thumbnails: bool = False) -> LabelledEmbeddings:
    generator = torch.Generator().manual_seed(len(labels))
    return LabelledEmbeddings(
        F.normalize(torch.randn(len(labels), 4, generator=generator), dim=1),
        torch.tensor(labels, dtype=torch.int64),
        tuple(f"{prefix} {row}" for row in range(len(labels))),
        np.full((len(labels), 2, 2, 3), 7, dtype=np.uint8) if thumbnails else None,
    )


def make_set(names: str = "abcde", train: tuple[int, ...] = (0, 0, 1, 2, 3, 4), **changes) -> FewShotSet:
    whole = FewShotSet(
        name="letters",
        class_names=tuple(names),
        class_embeddings=F.normalize(torch.randn(len(names), 4, generator=torch.Generator().manual_seed(9)), dim=1),
        train=rows_of(list(train)),
        test=rows_of([0, 1, 4], "test"),
        base_classes=3,
    )
    return replace(whole, **changes)


def test_draw_takes_classes_in_order_of_first_appearance_from_one_generator():
    labels = [2, 0, 2, 0, 2, 1, 0, 2]  # class 2 at 0, 2, 4, 7; class 0 at 1, 3, 6; class 1 at 5, too few to draw
    generator = random.Random(1)
    expected = generator.sample([0, 2, 4, 7], 2) + generator.sample([1, 3, 6], 2) + [5]
    assert draw_shots(labels, 2, seed=1) == expected == [2, 4, 1, 3, 5]


def test_draw_of_exactly_all_samples_uses_the_generator():
    assert draw_shots([0, 0, 0], 3, seed=5) == random.Random(5).sample([0, 1, 2], 3)


def test_sample_leaves_test_rows_and_classes_alone():
    whole = make_set(train=(0,) * 9 + (1,) * 2)
    drawn = whole.sample(4, seed=3)
    assert drawn.shots_per_class.tolist() == [4, 2, 0, 0, 0]
    assert drawn.test is whole.test
    assert drawn.class_names == whole.class_names
    for row, name in enumerate(drawn.train.names):
        assert torch.equal(drawn.train.embeddings[row], whole.train.embeddings[int(name.split()[1])])


def test_sampling_needs_at_least_one_shot():
    with pytest.raises(LluError, match="0 shots"):
        make_set().sample(0, seed=1)


def test_the_halves_are_two_closed_problems():
    base, new = (make_set().select_classes(half) for half in make_set().halves())
    assert (base.class_names, new.class_names) == (("a", "b", "c"), ("d", "e"))
    assert (base.base_classes, new.base_classes) == (3, 2)
    assert base.train.labels.tolist() == [0, 0, 1, 2]
    assert new.train.labels.tolist() == [0, 1]
    assert (base.test.names, new.test.names) == (("test 0", "test 1"), ("test 2",))
    assert new.test.labels.tolist() == [1]
    assert torch.equal(new.class_embeddings, make_set().class_embeddings[3:])


def test_halves_without_new_classes_is_an_error():
    with pytest.raises(LluError, match="needs new ones"):
        make_set(base_classes=5).halves()


def test_classes_with_shots_are_the_seen_ones():
    assert make_set(train=(3, 0, 3)).seen_classes == (0, 3)


def test_a_base_class_without_shots_is_named():
    make_set(train=(0, 1, 2)).require_shots()
    with pytest.raises(LluError, match=r"'b'.*1 more"):
        make_set(train=(0, 3)).require_shots()


def test_an_empty_class_is_named():
    make_set().require_rows()
    make_set(train=(0, 2, 3)).require_rows()
    with pytest.raises(LluError, match=r"letters: class 'c' \(and 1 more\) has no picture at all"):
        make_set(train=(0, 1)).require_rows()


def test_selected_classes_are_reindexed_in_ascending_order():
    part = make_set().select_classes([4, 1])
    assert part.class_names == ("b", "e")
    assert part.base_classes == 1
    assert part.train.names == ("train 2", "train 5")
    assert part.train.labels.tolist() == [0, 1]


def test_selecting_no_class_is_an_error():
    with pytest.raises(LluError, match="no class is left"):
        make_set().select_classes([])


def test_added_names_are_new_classes_after_the_trained_ones():
    more = make_set().add_classes(["f"], torch.eye(4)[:1])
    assert more.class_names == tuple("abcdef")
    assert more.base_classes == 5
    assert more.seen_classes == (0, 1, 2, 3, 4)
    assert torch.equal(more.class_embeddings[5], torch.eye(4)[0])


def test_adding_to_a_set_with_unseen_classes_keeps_its_base():
    assert make_set(train=(0, 1, 2)).add_classes(["f"], torch.eye(4)[:1]).base_classes == 3


def test_adding_a_known_name_is_an_error():
    with pytest.raises(LluError, match="'b' is there already"):
        make_set().add_classes(["b"], torch.eye(4)[:1])


def test_rows_keep_their_thumbnails_when_selected_and_joined():
    rows = rows_of([0, 1], thumbnails=True)
    selected = rows.select([1])
    assert selected.thumbnails is not None
    assert selected.thumbnails.shape == (1, 2, 2, 3)
    joined = rows.concat(selected)
    assert joined.thumbnails is not None
    assert len(joined.thumbnails) == len(joined) == 3
    assert rows.concat(rows_of([1])).thumbnails is None


def test_joining_nothing_changes_nothing():
    rows = rows_of([0, 1], thumbnails=True)
    assert rows.concat(LabelledEmbeddings.empty(4)) is rows
    assert LabelledEmbeddings.empty(4).concat(rows) is rows


def test_disagreeing_lengths_are_a_programming_error():
    with pytest.raises(ValueError, match="disagree"):
        LabelledEmbeddings(torch.eye(2), torch.zeros(3, dtype=torch.int64), ("a", "b"))
