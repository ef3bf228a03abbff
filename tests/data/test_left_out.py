"""The rule for pictures that cannot be read: which classes are left, for whole pools and for draws."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
import torch
from PIL import Image

from llu_core.data.draws import Draw
from llu_core.data.embedding import embed, extract
from llu_core.data.fewshot import Rejected
from llu_core.data.left_out import leave_out, validation_left_out, with_stand_ins
from llu_core.data.pictures import ImageSource, Picture
from llu_core.errors import LluError
from llu_core.files.images import UnreadablePicture
from support.toy_encoder import ToyEncoder

NAMES = ("ant", "bee", "cat", "dog", "emu")
"""Class names, of which the last is known by a test picture alone."""

Broken = Callable[[str], bool]


def pool(part: str, labels: Sequence[int], broken: Broken, tried: list[str]) -> tuple[Picture, ...]:
    """Pictures called "train/ant/0" and so on."""

    def picture(name: str, label: int) -> Picture:
        def read() -> Image.Image:
            tried.append(name)
            if broken(name):
                raise UnreadablePicture(name, "damaged")
            return Image.new("RGB", (4, 4), (len(tried), label, 0))

        return Picture(name, label, read)

    number = {label: iter(range(99)) for label in labels}
    return tuple(picture(f"{part}/{NAMES[label]}/{next(number[label])}", label) for label in labels)


def pets(broken: Broken = lambda name: False, tried: list[str] | None = None) -> ImageSource:
    """Six training and two validation pictures of four classes in turn, two of them base; a test picture of all."""
    tried = [] if tried is None else tried
    return ImageSource(
        name="pets",
        class_names=NAMES,
        base_classes=2,
        train=pool("train", [0, 1, 2, 3] * 6, broken, tried),
        validation=pool("validation", [0, 1, 2, 3] * 2, broken, tried),
        test=pool("test", [0, 1, 2, 3, 4], broken, tried),
        class_ids=tuple(f"n{label}" for label in range(5)),
        rejected=(Rejected("readme.md", "no picture"),),
    )


def no_bees(name: str) -> bool:
    return name.startswith("train/bee/")


def test_a_lost_class_takes_its_rows_and_its_name_along(toy_encoder: ToyEncoder):
    features = extract(pets(no_bees), toy_encoder, views=2)
    problem = features.problem
    assert problem.class_names == ("ant", "cat", "dog", "emu")
    assert problem.base_classes == 1
    assert features.class_ids == ("n0", "n2", "n3", "n4")
    assert torch.equal(problem.class_embeddings, embed(pets(no_bees), toy_encoder).class_embeddings)
    for rows in (problem.train, problem.test, features.validation):
        assert [problem.class_names[label] for label in rows.labels] == [name.split("/")[1] for name in rows.names]
        assert not any("bee" in name for name in rows.names)
    assert features.views is not None
    assert features.views.shape[1] == len(problem.train) == 18
    told = [each.name for each in problem.rejected]
    assert told == ["readme.md", *(f"train/bee/{number}" for number in range(6)), "bee"]


def test_every_draw_has_the_classes_that_are_left(toy_encoder: ToyEncoder):
    features = extract(pets(lambda name: no_bees(name) or name.endswith("/3")), toy_encoder, views=1)
    for shots, seed in ((1, 1), (1, 2), (1, 3), (2, 1), (6, 1)):
        drawn = features.draw(shots, seed)
        assert drawn.problem.seen_classes == (0, 1, 2)
        assert drawn.problem.class_names == features.problem.class_names
        assert set(drawn.validation.labels.tolist()) == {0, 1, 2}
        base, new = drawn.split()
        assert (base.problem.class_names, new.problem.class_names) == (("ant",), ("cat", "dog", "emu"))


def test_a_class_that_never_had_training_pictures_stays(toy_encoder: ToyEncoder):
    problem = embed(pets(lambda name: name == "test/emu/0"), toy_encoder)
    assert problem.class_names == NAMES
    assert [each.name for each in problem.rejected] == ["readme.md", "8 validation pictures", "test/emu/0"]


def test_a_set_of_pictures_and_its_embeddings_lose_the_same_classes(toy_encoder: ToyEncoder):
    source = pets(no_bees)
    unreadable = [Rejected(f"train/bee/{number}", "damaged") for number in range(6)]
    readable = replace(source, train=tuple(each for each in source.train if not no_bees(each.name)))
    left, problem = leave_out(readable, source.seen_classes, unreadable), embed(source, toy_encoder)
    assert (left.class_names, left.base_classes) == (problem.class_names, problem.base_classes)
    told = [each for each in problem.rejected if each not in validation_left_out(source)]
    assert [*left.rejected] == told
    assert [each.label for each in left.train] == problem.train.labels.tolist()
    assert [each.label for each in left.test] == problem.test.labels.tolist()
    assert left.class_ids == ("n0", "n2", "n3", "n4")


def test_a_draw_misses_what_cannot_be_read_until_a_class_would_be_empty():
    source = pets()
    draw = Draw(train=(0, 4, 5), validation=(1,))  # two ants and a bee
    assert with_stand_ins(draw, source, set()) == draw
    assert with_stand_ins(draw, source, {0}).train == (0, 4, 5)
    assert with_stand_ins(draw, source, {0, 4}).train == (0, 4, 5, 8)
    assert with_stand_ins(draw, source, {0, 4, 5, 1, 8}).train == (0, 4, 5, 12, 9)
    assert with_stand_ins(draw, source, set(range(1, 24, 4))).train == (0, 4, 5)


def test_before_a_class_is_lost_its_whole_pool_is_tried(toy_encoder: ToyEncoder):
    tried: list[str] = []
    source = pets(lambda name: no_bees(name) and name != "train/bee/3", tried)
    drawn = [source.train[at].name for at in source.draw(1, 1).train]
    assert "train/bee/4" in drawn  # which cannot be read
    features = extract(source, toy_encoder, draws=[(1, 1)])
    assert features.problem.class_names == NAMES
    expected = {*drawn, "train/bee/3"} - {"train/bee/4"}
    assert set(features.draw(1, 1).problem.train.names) == expected
    assert [name for name in tried if no_bees(name)] == [f"train/bee/{number}" for number in (4, 0, 1, 2, 3)]
    assert [each.name for each in features.problem.rejected[1:]] == [f"train/bee/{number}" for number in (0, 1, 2, 4)]


def test_the_classes_do_not_depend_on_what_is_drawn(toy_encoder: ToyEncoder):
    def broken(name: str) -> bool:
        return no_bees(name) or (name.startswith("train/cat/") and not name.endswith("/5"))

    for draws in (None, [(1, 1)], [(1, 2), (2, 3)], [(6, 1)]):
        assert extract(pets(broken), toy_encoder, draws=draws).problem.class_names == ("ant", "cat", "dog", "emu")


def test_no_class_is_lost_where_no_training_picture_is_asked_for(toy_encoder: ToyEncoder):
    tried: list[str] = []
    assert extract(pets(no_bees, tried), toy_encoder, draws=()).problem.class_names == NAMES
    assert {name.split("/")[0] for name in tried} == {"test"}


@pytest.mark.parametrize("draws", [None, [(2, 1)]])
def test_no_training_picture_is_an_error(toy_encoder: ToyEncoder, draws: list[tuple[int, int]] | None):
    with pytest.raises(LluError, match=r"pets has no readable training picture; left out: train/\w+/0 \(damaged\)"):
        extract(pets(lambda name: name.startswith("train/")), toy_encoder, draws=draws)
