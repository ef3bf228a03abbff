"""The table is true: sizes and speeds are counted again, and what is built is what open_clip builds."""

from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch.utils.flop_counter import FlopCounterMode

from llu_core.encoders import loading
from llu_core.encoders.backbones import pretrained_config
from llu_core.encoders.encoder import OpenClipEncoder
from llu_core.encoders.model_table import BACKBONES, EMBEDDED_FOLDER, FAST, MEDIUM, Backbone
from llu_core.encoders.photo import parts
from llu_core.encoders.text_tower import TextTower, models_with_towers
from llu_core.errors import LluError
from support.fake_hub import FakeHub, hub_for

REAL = [backbone for name, backbone in BACKBONES.items() if name not in ("picto", "photo")]
NAMES = [backbone.name for backbone in REAL]
CONTEXTS = {"pe-core-t-16": 32, "pe-core-s-16": 32, "pe-core-b-16": 32, "siglip-vit-b-16": 64, "siglip2-vit-b-16": 64}
"""The tokens that a text may have where they are other than CLIP's 77."""


@cache
def without_numbers(architecture: str) -> Any:
    with torch.device("meta"):
        return loading._create(architecture, {}, device="meta")[0].eval().requires_grad_(False)


@pytest.mark.parametrize("backbone", REAL, ids=NAMES)
def test_megabytes_are_those_of_float32_weights(backbone: Backbone):
    numbers = without_numbers(backbone.model).state_dict().values()
    assert backbone.megabytes == round(sum(each.numel() for each in numbers) * 4 / 1e6)


def test_megabytes_of_embedded_models_are_those_of_their_files():
    def megabytes(*paths: Path) -> int:
        return round(sum(path.stat().st_size for path in paths) / 1e6)

    assert BACKBONES["picto"].megabytes == megabytes(EMBEDDED_FOLDER / "open_clip_model.safetensors")
    files = [
        Path(find_spec(package).origin or "").parent / file  # type: ignore[union-attr]
        for package, file in ((parts._TOWER[2], parts._TOWER_FILE), (parts._WORDS[2], next(iter(parts._WORD_FILES))))
    ]
    assert BACKBONES["photo"].megabytes == megabytes(*files)


@pytest.mark.parametrize("backbone", REAL, ids=NAMES)
def test_speed_follows_from_the_operations_for_a_picture(backbone: Backbone):
    model = without_numbers(backbone.model)
    size = model.visual.preprocess_cfg["size"]
    height, width = (size, size) if isinstance(size, int) else size
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        model.encode_image(torch.empty(1, 3, height, width, device="meta"))
    operations = counter.get_total_flops()
    assert backbone.speed == ("fast" if operations < FAST else "medium" if operations < MEDIUM else "slow")


@pytest.mark.parametrize("backbone", REAL, ids=NAMES)
def test_what_is_built_is_what_open_clip_builds_for_the_published_weights(
    backbone: Backbone, monkeypatch: pytest.MonkeyPatch
):
    import open_clip

    settings = pretrained_config(backbone.model, backbone.pretrained)
    assert settings["hf_hub"]
    with torch.device("meta"), loading._quiet_open_clip():
        ours, preprocess = loading._create(backbone.model, settings, device="meta")
        monkeypatch.setattr("open_clip.factory.download_pretrained", lambda *_, **__: "")
        theirs, _, expected = open_clip.create_model_and_transforms(
            backbone.model.removesuffix("-quickgelu"),
            pretrained=backbone.pretrained,
            load_weights=False,
            force_quick_gelu=settings.get("quick_gelu", False),
            device="meta",
        )
    assert ours.visual.preprocess_cfg == cast(Any, theirs).visual.preprocess_cfg
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8))
    assert torch.equal(preprocess(picture), cast(Any, expected)(picture))
    assert f"{ours}" == f"{theirs}"  # layer by layer, activations too
    assert ours.context_length == cast(Any, theirs).context_length == CONTEXTS.get(backbone.name, 77)
    assert (ours.logit_bias is None) == (cast(Any, theirs).logit_bias is None) == ("siglip" not in backbone.name)


@pytest.mark.parametrize("backbone", [each for each in REAL if "siglip" not in each.name])
def test_the_tokenizer_is_open_clips(backbone: Backbone):
    import open_clip

    config = loading._model_config(backbone.model)
    tokenize, texts = loading._tokenizer(backbone.model, config["text_cfg"], None), ["a cat", "long " * 100]
    assert torch.equal(tokenize(texts), open_clip.get_tokenizer(backbone.model.removesuffix("-quickgelu"))(texts))
    assert tokenize(texts).shape == (2, CONTEXTS.get(backbone.name, 77))


@pytest.mark.parametrize("name", ["siglip-vit-b-16", "siglip2-vit-b-16", "random:ViT-B-16-SigLIP2"])
def test_a_missing_package_is_named_before_anything_is_fetched(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loading, "find_spec", lambda _: None)
    monkeypatch.setattr(loading, "weights_steps", lambda _: pytest.fail("fetched"))
    with pytest.raises(LluError, match=f"^{name} cannot be loaded: its tokenizer needs .*pip install transformers"):
        OpenClipEncoder.load(name, device="cpu")


@pytest.mark.parametrize("backbone", REAL, ids=NAMES)
def test_models_whose_text_towers_prompts_can_be_learned_through_are_named(backbone: Backbone):
    parts: dict[str, Any] = dict.fromkeys([field.name for field in fields(OpenClipEncoder) if field.init])
    model = without_numbers(backbone.model)
    encoder = OpenClipEncoder(**parts | {"model": model, "device": torch.device("meta"), "title": backbone.title})
    if backbone.name in models_with_towers():
        assert TextTower.of(encoder).width == getattr(model, "text", model).token_embedding.embedding_dim
    else:
        with pytest.raises(
            LluError, match=r"through the text tower of .*; .* such as picto, .*mobileclip2-s0.*pe-core"
        ):
            TextTower.of(encoder)


def test_weights_that_are_not_for_everyone_say_so():
    for backbone in REAL:
        limited = "Apple" in backbone.licence or "NC" in backbone.licence
        assert limited == any(words in backbone.note for words in ("research only", "not for commercial use"))
        assert backbone.licence


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A hub and a cache that are gone afterwards: real models are large."""
    with TemporaryDirectory() as folder, hub_for(Path(folder), Path(folder) / "cache", monkeypatch) as hub:
        yield hub


def lively(model: Any) -> Any:
    """The model with statistics and scales as training leaves them; fresh ones would hide a wrong merge."""
    for name, value in model.state_dict().items():
        if name.endswith(("running_var", "gamma")):
            value.uniform_(0.5, 1.5)
        elif name.endswith("running_mean"):
            value.normal_(std=0.1)
    return model.eval()


@pytest.mark.parametrize(("name", "merged"), [("mobileclip2-s0", True), ("laion-vit-b-32", False)])
def test_a_real_model_comes_from_the_hub_and_encodes_as_open_clip_does(name: str, merged: bool, hub: FakeHub):
    import open_clip

    backbone, generator = BACKBONES[name], np.random.default_rng(0)
    with loading._quiet_open_clip():
        settings = pretrained_config(backbone.model, backbone.pretrained)
        theirs, preprocess = loading._create(backbone.model, settings)
    save_file(lively(theirs).state_dict(), hub.folder / "open_clip_model.safetensors")
    encoder = OpenClipEncoder.load(name, device="cpu")
    pictures = [Image.fromarray(generator.integers(0, 256, (40, 60, 3), dtype=np.uint8)) for _ in range(2)]
    texts = ["a cat", "a dog"]
    with torch.no_grad():
        expected = theirs.encode_image(torch.stack([preprocess(each) for each in pictures]), normalize=True)
        torch.testing.assert_close(encoder.encode_images(pictures), expected, atol=1e-5, rtol=0)
        expected = theirs.encode_text(open_clip.get_tokenizer(backbone.model)(texts), normalize=True)
        torch.testing.assert_close(encoder.encode_texts(texts), expected, atol=1e-5, rtol=0)
    assert merged == (sum(1 for _ in encoder.model.modules()) < sum(1 for _ in theirs.modules()))
    assert not any(parameter.requires_grad for parameter in encoder.model.parameters())
    assert encoder.identity == loading._identity(backbone, theirs, quick_gelu=False)
