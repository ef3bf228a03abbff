"""Augmented views: drawn like torchvision's, and the same whoever draws them."""

import random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from llu_core.data.augmentation import RATIO, random_crop, view


def noise(width: int = 40, height: int = 30) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 10_000))
def test_a_crop_lies_in_the_picture(width: int, height: int, seed: int):
    left, top, right, bottom = random_crop(width, height, random.Random(seed))
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height


def test_crops_are_distributed_as_torchvisions():
    from torchvision.transforms import RandomResizedCrop

    width, height, generator = 300, 200, random.Random(0)
    ours = np.array([random_crop(width, height, generator) for _ in range(3000)], dtype=float)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        image = torch.empty(1, height, width)
        drawn = [RandomResizedCrop.get_params(image, [0.08, 1.0], [3 / 4, 4 / 3]) for _ in range(3000)]
    theirs = np.array([(left, top, left + w, top + h) for top, left, h, w in drawn], dtype=float)
    np.testing.assert_allclose(ours.mean(axis=0), theirs.mean(axis=0), atol=5)
    for cut in (0.1, 0.5, 0.9):
        np.testing.assert_allclose(np.quantile(ours, cut, axis=0), np.quantile(theirs, cut, axis=0), atol=10)
    areas = [(crop[:, 2] - crop[:, 0]) * (crop[:, 3] - crop[:, 1]) / (width * height) for crop in (ours, theirs)]
    assert areas[0].mean() == pytest.approx(areas[1].mean(), abs=0.02)
    assert 0.079 < areas[0].min() < 0.09


@pytest.mark.parametrize(
    ("size", "expected"), [((300, 10), (143, 0, 156, 10)), ((10, 300), (0, 143, 10, 156)), ((1, 1), (0, 0, 1, 1))]
)
def test_a_strip_gives_its_centre(size: tuple[int, int], expected: tuple[int, int, int, int]):
    assert random_crop(*size, random.Random(0)) == expected
    assert size == (1, 1) or (expected[2] - expected[0]) / (expected[3] - expected[1]) <= RATIO[1]


def test_views_depend_on_seed_picture_and_number_alone():
    first = view(noise(), 8, seed=1, name="a.jpg", number=0)
    assert first.size == (8, 8)
    random.random()
    assert view(noise(), 8, seed=1, name="a.jpg", number=0).tobytes() == first.tobytes()
    others = [(2, "a.jpg", 0), (1, "b.jpg", 0), (1, "a.jpg", 1)]
    for seed, name, number in others:
        assert view(noise(), 8, seed=seed, name=name, number=number).tobytes() != first.tobytes()


def test_about_half_of_the_views_are_flipped():
    ramp = Image.fromarray(np.tile(np.arange(0, 256, 4, dtype=np.uint8), (64, 1))).convert("RGB")
    views = [np.asarray(view(ramp, 8, seed=0, name="", number=number))[0, :, 0].astype(int) for number in range(200)]
    assert 70 < sum(row[0] > row[-1] for row in views) < 130
