"""The form in which an image tower computes: chosen on a few pictures, never one that disagrees with float32."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from llu_core.encoders import forms
from llu_core.encoders.cache import CachedEncoder, FormShelves, ModelLoader
from llu_core.encoders.encoder import MANY, OpenClipEncoder
from llu_core.encoders.forms import FLOAT32, Form, fastest
from llu_core.errors import LluError

PIXELS = torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))


class Model(nn.Module):
    """Two convolutions with norms, and what may be done to the features."""

    def __init__(self, offset: float = 0.0):
        super().__init__()
        torch.manual_seed(0)
        norms = nn.BatchNorm2d(8), nn.BatchNorm2d(8)
        for norm in norms:
            norm.running_mean, norm.running_var = torch.randn(8), torch.rand(8) + 0.5
            nn.init.normal_(norm.weight)
            nn.init.normal_(norm.bias)
        self.visual: Any = nn.Sequential(
            nn.Conv2d(3, 8, 3), norms[0], nn.ReLU(), nn.Conv2d(8, 8, 3), norms[1], nn.AdaptiveAvgPool2d(1), nn.Flatten()
        )
        self.offset = offset
        self.eval().requires_grad_(False)

    def encode_image(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.visual(pixels) + self.offset - self.offset


@pytest.fixture(autouse=True)
def halves_are_fast(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(forms, "_WORTH_IT", 0)
    monkeypatch.setattr(forms, "_is_multiplied_faster", lambda numbers: True)
    monkeypatch.setattr(forms, "_seconds", lambda form, *_: 1.0 if form.numbers == FLOAT32 else 0.5)


def pictures(count: int) -> list[Image.Image]:
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 256, (40, 30, 3), dtype=np.uint8)) for _ in range(count)]


def test_norms_become_part_of_convolutions_and_the_model_stays(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(forms, "HALVES", {})
    model = Model()
    before, state = model.encode_image(PIXELS), {name: each.clone() for name, each in model.state_dict().items()}
    form = fastest(model, PIXELS, "it")
    merged = form.encode.__self__.visual  # pyright: ignore[reportFunctionMemberAccess]
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in merged.modules())
    torch.testing.assert_close(form(PIXELS), before)
    assert all(torch.equal(each, state[name]) for name, each in model.state_dict().items())
    assert torch.equal(model.encode_image(PIXELS), before)


def test_the_shorter_numbers_are_taken_where_they_agree():
    model = Model()
    form = fastest(model, PIXELS, "it")
    assert form.numbers in forms.HALVES
    rows, plain = F.normalize(form(PIXELS), dim=-1), F.normalize(model.encode_image(PIXELS), dim=-1)
    assert rows.dtype == torch.float32
    assert (rows * plain).sum(dim=1).min() > 0.9995
    assert next(model.parameters()).dtype == torch.float32


def test_shorter_numbers_that_disagree_are_not_taken():
    assert fastest(Model(offset=1000), PIXELS, "it").numbers == FLOAT32


def test_shorter_numbers_are_not_taken_for_a_little(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(forms, "_seconds", lambda form, *_: 1.0 if form.numbers == FLOAT32 else 0.9)
    assert fastest(Model(), PIXELS, "it").numbers == FLOAT32


def test_a_picture_out_of_range_is_computed_in_float32(tiny_model: str):
    encoder = OpenClipEncoder.load(tiny_model, device="cpu")
    expected = encoder.encode_images(pictures(2))
    encoder.place.form = Form("float16", lambda pixels: torch.full((len(pixels), encoder.width), torch.inf))
    assert torch.equal(encoder.encode_images(pictures(2)), expected)


def test_a_form_is_chosen_for_many_pictures_and_not_for_single_ones(tiny_model: str, monkeypatch: pytest.MonkeyPatch):
    encoder = OpenClipEncoder.load(tiny_model, device="cpu")
    for picture in pictures(MANY + 1):
        encoder.encode_images([picture])
    assert encoder.place.form is None
    encoder.encode_images(pictures(MANY))
    assert encoder.form in forms.HALVES


def test_float32_can_be_asked_for(tiny_model: str, monkeypatch: pytest.MonkeyPatch):
    asked = ModelLoader(tiny_model, "cpu", precision="float32")()
    monkeypatch.setenv("LLU_PRECISION", "float32")
    for encoder in (asked, OpenClipEncoder.load(tiny_model, device="cpu")):
        assert isinstance(encoder, OpenClipEncoder)
        encoder.encode_images(pictures(MANY))
        assert (encoder.precision, encoder.form, encoder.place.form) == ("fp32", FLOAT32, None)
    monkeypatch.setenv("LLU_PRECISION", "bf61")
    with pytest.raises(LluError, match="LLU_PRECISION is 'bf61'; set it to auto or float32"):
        OpenClipEncoder.load(tiny_model, device="cpu")


def test_the_cache_knows_the_form(tiny_model: str, tmp_path: Path):
    fast = OpenClipEncoder.load(tiny_model, device="cpu")
    rows = CachedEncoder(fast, tmp_path).encode_images(pictures(MANY))
    assert fast.form in forms.HALVES
    exact = OpenClipEncoder.load(tiny_model, device="cpu", precision="float32")
    assert exact.identity == fast.identity
    assert torch.equal(CachedEncoder(fast, tmp_path).encode_images(pictures(MANY)), rows)
    plain = exact.encode_images(pictures(MANY))
    assert not torch.equal(plain, rows)
    assert torch.equal(CachedEncoder(exact, tmp_path).encode_images(pictures(MANY)), plain)


def test_rows_of_float32_serve_every_form(tiny_model: str, tmp_path: Path):
    exact = OpenClipEncoder.load(tiny_model, device="cpu", precision="float32")
    row = {bytes(32): np.eye(1, exact.width, dtype=np.float32)[0]}
    FormShelves(tmp_path, exact).add(row)
    assert FormShelves(tmp_path, OpenClipEncoder.load(tiny_model, device="cpu")).get([bytes(32)]).keys() == row.keys()
