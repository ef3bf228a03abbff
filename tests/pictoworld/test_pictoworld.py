"""The picture world: the same seed gives the same picture, captions are true, held-out pairs stay out."""

from pathlib import Path

import numpy as np
import pytest
import torch

from llu_core.data.built_in import open_set, set_names
from llu_core.errors import LluError
from llu_core.pictoworld.batches import COARSE, FINE, MIXED, draw_batch, scene_codes, truth_matrix
from llu_core.pictoworld.captions import ATTRIBUTES, caption
from llu_core.pictoworld.exam import examine
from llu_core.pictoworld.pretrain import Curriculum, contrastive_loss, pretrain
from llu_core.pictoworld.render import render, sample_scene
from llu_core.pictoworld.vocabulary import (
    COLOURS,
    DOMAINS,
    SHAPES,
    TEXTURES,
    Scene,
    colour_held_out,
    texture_held_out,
)  # fmt: skip


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("texture", TEXTURES)
def test_a_seed_decides_every_byte(domain, texture):
    first, second = (render(Scene("star", "red", texture), np.random.default_rng(3), domain) for _ in range(2))
    assert first.shape == (64, 64, 3)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_shows_on_every_background(shape):
    rng = np.random.default_rng(0)
    for _ in range(5):
        picture = render(sample_scene(rng, shape=shape, texture="solid"), rng)
        assert picture.astype(float).std() > 5


def test_the_world_is_as_large_as_promised():
    assert len(SHAPES) >= 16
    assert len(COLOURS) >= 12
    assert len(TEXTURES) >= 10


def test_a_quarter_of_the_pairs_is_held_out():
    assert np.mean([colour_held_out(c, s) for c in COLOURS for s in SHAPES]) == 0.25
    assert np.mean([texture_held_out(t, s) for t in TEXTURES for s in SHAPES]) == 0.25


def test_every_word_is_still_seen_in_pretraining():
    for words, held_out in ((list(COLOURS), colour_held_out), (TEXTURES, texture_held_out)):
        assert not any(all(held_out(word, shape) for shape in SHAPES) for word in words)
        assert not any(all(held_out(word, shape) for word in words) for shape in SHAPES)


def test_pretraining_scenes_avoid_held_out_pairs():
    rng = np.random.default_rng(1)
    for scene in (sample_scene(rng, allow_held_out=False) for _ in range(500)):
        assert not colour_held_out(scene.colour, scene.shape)
        assert not texture_held_out(scene.texture, scene.shape)


def test_captions_name_what_they_say_they_name():
    rng = np.random.default_rng(2)
    for _ in range(300):
        scene = sample_scene(rng)
        sentence, named = caption(scene, rng)
        assert named
        assert named <= set(ATTRIBUTES)
        assert ("background" in sentence) == bool(named & {"background", "backdrop"})
        if "size" in named:
            assert scene.size in sentence


def test_a_caption_is_true_of_all_scenes_that_share_what_it_states():
    scenes = [Scene("star", "red", "dotted"), Scene("star", "blue", "dotted"), Scene("fish", "red", "dotted")]
    codes = torch.tensor([scene_codes(scene) for scene in scenes])
    stated = torch.full_like(codes, -1)
    stated[0, 0] = codes[0, 0]  # "a star"
    stated[1, 1:3] = codes[1, 1:3]  # "something blue and dotted"
    stated[2] = codes[2]
    expected = [[True, True, False], [False, True, False], [False, False, True]]
    assert truth_matrix(stated, codes).tolist() == expected


def test_true_pairs_are_left_out_of_the_contrast():
    """With every other pair true, nothing is left to tell apart: the loss is zero whatever the embeddings."""
    rows = torch.nn.functional.normalize(torch.randn(4, 8, generator=torch.Generator().manual_seed(0)), dim=1)
    scale = torch.tensor(10.0)
    assert contrastive_loss(rows, rows.flip(0), scale, torch.ones(4, 4, dtype=torch.bool)).item() == pytest.approx(0)
    assert contrastive_loss(rows, rows.flip(0), scale, torch.eye(4, dtype=torch.bool)).item() > 0.1


def test_a_blind_encoder_fails_the_exam():
    rows = np.eye(8)
    scores = examine(lambda b: rows[np.zeros(len(b), int)], lambda t: rows[np.arange(len(t)) % 8], pictures=2)
    assert set(scores) >= {"shapes", "textures", "colours", "counts", "texture-shape held out"}
    assert all(score < 50 for score in scores.values())


def test_pretraining_resumes_where_it_stopped(tmp_path: Path):
    """Two epochs in one go, and one epoch continued by another, end with the same weights."""
    curriculum = Curriculum(pictures=64, epochs=2, coarse_epochs=0, fine_epochs=1, batch=16, warmup_steps=2)
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    pretrain(curriculum, whole, tmp_path / "a", torch.device("cpu"))
    pretrain(curriculum, halves, tmp_path / "b", torch.device("cpu"), until=1)
    assert not (tmp_path / "b").exists()
    pretrain(curriculum, halves, tmp_path / "b", torch.device("cpu"))
    first, second = ((tmp_path / name / "open_clip_model.safetensors").read_bytes() for name in "ab")
    assert first == second
    assert len((tmp_path / "b" / "training_log.jsonl").read_text().splitlines()) == 3


@pytest.mark.parametrize("composition", [COARSE, MIXED, FINE])
def test_batches_are_full_and_often_of_few_shapes(composition):
    rng = np.random.default_rng(3)
    codes = np.array([scene_codes(sample_scene(rng)) for _ in range(2000)])
    batches = [draw_batch(codes, 64, composition, rng) for _ in range(40)]
    assert {len(rows) for rows in batches} == {64}
    commonest = [np.bincount(codes[rows, 0]).max() for rows in batches]
    assert np.mean(commonest) > 2 * 64 / len(SHAPES)


def test_there_is_a_set_for_every_task_and_domain():
    assert len(set_names()) == 5 * len(DOMAINS) + 2


@pytest.mark.parametrize("name", set_names())
def test_sets_have_a_fixed_split_shots_for_base_classes_and_tests_for_all(name: str):
    source = open_set(name)
    assert source.base_classes == (len(source.class_names) + 1) // 2
    train = np.bincount([p.label for p in source.train], minlength=len(source.class_names))
    assert (train[: source.base_classes] == 16).all()
    assert (train[source.base_classes :] == 0).all()
    assert np.bincount([p.label for p in source.test]).min() >= 10
    assert source.train[0].read().tobytes() == open_set(name).train[0].read().tobytes()


def test_new_classes_of_pair_sets_were_never_shown_in_pretraining():
    for name, held_out in (("coloured-shapes", colour_held_out), ("patterned-shapes", texture_held_out)):
        source = open_set(name)
        assert [held_out(*c.split(" ", 1)) for c in source.class_names] == [False] * 20 + [True] * 20


def test_an_unknown_set_lists_the_known_ones():
    with pytest.raises(LluError, match="night-counts"):
        open_set("nothing")
