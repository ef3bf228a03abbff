"""A picture is cut to what the model sees before it is enlarged: the same pixels, and no large picture on the way."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from open_clip.transform import image_transform
from PIL import Image
from timm.data import create_transform

from llu_core.encoders.framing import InBatches, framed

PHOTO: Any = create_transform((3, 224, 224), interpolation="bicubic", mean=(0.5,) * 3, std=(0.5,) * 3, crop_pct=0.875)
STEPS: dict[str, Any] = {
    "shortest": image_transform(224, False),
    "bilinear": image_transform(96, False, interpolation="bilinear"),
    "not square": image_transform((224, 160), False),
    "longest": image_transform(224, False, resize_mode="longest"),
    "squash": image_transform(224, False, resize_mode="squash"),
    "photo": PHOTO,
}
SIZES = [(224, 224), (640, 480), (481, 641), (97, 31), (1, 300), (700, 2), (1500, 1001), (256, 255)]


def picture(width: int, height: int) -> Image.Image:
    rng = np.random.default_rng(width * height)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", STEPS)
def test_the_pixels_are_those_of_the_plain_steps(name: str, size: tuple[int, int]):
    if name == "longest" and max(size) > 400 * min(size) / 2:
        pytest.skip("open_clip's own step may end at no pixel at all")
    plain, image = STEPS[name], picture(*size)
    if max(size) < 2 * min(size):
        assert torch.equal(framed(plain)(image), plain(image))
    levels = (framed(plain)(image) - plain(image)).abs() * 255 * float(plain.transforms[-1].std[0])
    assert levels.max() < 1.1, "a level of 255 that is rounded the other way"
    assert (levels > 0.5).float().mean() < 5e-3


@pytest.mark.parametrize("size", [(1, 1_000_000), (3_000_001, 1), (1, 50_000_001)], ids=str)
@pytest.mark.parametrize("name", STEPS)
def test_the_middle_of_a_thin_picture_is_seen(name: str, size: tuple[int, int]):
    image = Image.new("RGB", size, "black")
    x, y = size[0] // 2, size[1] // 2
    image.paste("white", (max(0, x - 9), max(0, y - 9), x + 9, y + 9))
    pixels = framed(STEPS[name])(image)
    assert pixels.shape[1:] == framed(STEPS[name])(picture(300, 200)).shape[1:]
    if name not in ("longest", "squash"):
        assert torch.equal(pixels, framed(STEPS[name])(Image.new("RGB", (300, 300), "white")))


@pytest.mark.parametrize("name", STEPS)
def test_a_batch_has_the_numbers_of_its_pictures_one_by_one(name: str):
    images = [picture(*size) for size in SIZES[:4]]
    in_batches = InBatches.of(framed(STEPS[name]))
    assert in_batches is not None
    one_by_one = torch.stack([framed(STEPS[name])(image) for image in images])
    assert torch.equal(in_batches.numbers(in_batches.pixels(images)), one_by_one)


def test_unknown_steps_are_left_alone():
    def own(image: Image.Image) -> torch.Tensor:
        return torch.zeros(3, *image.size)

    assert framed(own) is own
    assert framed(STEPS["squash"]) is STEPS["squash"]


def test_a_thin_picture_takes_no_memory_to_encode(tiny_model: str, tmp_path: Path):
    Image.new("RGB", (1, 200_000)).save(tmp_path / "thin.png")
    program = f"""
import resource
from PIL import Image
from llu_core import OpenClipEncoder
encoder = OpenClipEncoder.load({tiny_model!r}, device="cpu")
encoder.encode_images([Image.new("RGB", (32, 32))])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
encoder.encode_images([Image.open({str(tmp_path / "thin.png")!r})])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 50_000
