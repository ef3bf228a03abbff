"""Encoding pictures against the bare open_clip loop, decoding beside encoding, and what the cache saves."""

import copy
import logging
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from llu_core.bench.machine import Limit, Machine
from llu_core.bench.measurement import Measurement
from llu_core.bench.timing import alternately
from llu_core.data.embedding import embed
from llu_core.data.sources import open_source
from llu_core.encoders.backbones import RANDOM
from llu_core.encoders.cache import CachedEncoder
from llu_core.encoders.encoder import OpenClipEncoder
from llu_core.encoders.forms import FLOAT32
from llu_core.files.images import decode

PICTURES = 256
FILES, FILE_SIZE = 128, (1024, 768)
REPEATS = 5
NEARLY = 0.95
MODELS = (("picto", 256, NEARLY), ("photo", 64, 3.0), ("random:MobileCLIP2-S0", 16, 3.5), ("random:ViT-B-32", 16, 2.8))
"""Their pictures on a CPU, and how many times as fast as the bare float32 loop they should be there."""
ON_CUDA = ("picto", "photo", "random:ViT-B-16")
DISTANCE_BAR = 0.0005
CACHE_BAR = 50.0


def measurements(machine: Machine) -> Iterator[Measurement]:
    on_cpu = machine.device.type == "cpu"
    for name, count, bar in MODELS if on_cpu else [(name, PICTURES, NEARLY) for name in ON_CUDA]:
        encoder = OpenClipEncoder.load(name, device=machine.device)
        if name.startswith(RANDOM):
            bare = _as_open_clip_has_it(name.removeprefix(RANDOM), machine.device)
        else:
            bare = copy.deepcopy(encoder.model).to(memory_format=torch.contiguous_format)
        pictures = random_pictures(count, (encoder.image_size, encoder.image_size))
        yield _beside_the_bare_loop(machine, encoder, bare, pictures, NEARLY if encoder.exact else bar)
        if on_cpu and not encoder.exact:
            yield _distance(encoder, pictures)
        yield _beside_the_cache(machine, encoder, pictures)
    yield _decoding(machine, OpenClipEncoder.load("picto", device=machine.device))


def _as_open_clip_has_it(architecture: str, device: torch.device) -> Any:
    """The architecture with random weights, as fast as real ones, and with all branches that training wants."""
    from open_clip import create_model

    logging.disable(logging.WARNING)  # that the weights are random is what is wanted
    try:
        return create_model(architecture, load_weights=False, device=device).eval().requires_grad_(False)
    finally:
        logging.disable(logging.NOTSET)


def random_pictures(count: int, size: tuple[int, int]) -> list[Image.Image]:
    """Blurred noise, which neither JPEG nor a model finds unusual."""
    generator = np.random.default_rng(0)
    small = generator.integers(0, 256, (count, 24, 32, 3), dtype=np.uint8)
    return [Image.fromarray(each).resize(size, Image.Resampling.BICUBIC) for each in small]


def _bare_loop(encoder: OpenClipEncoder, model: Any, pictures: list[Image.Image]) -> torch.Tensor:
    half = encoder.precision != "fp32"
    with torch.inference_mode(), torch.autocast(encoder.device.type, torch.float16, enabled=half):
        pixels = torch.stack([encoder.preprocess(picture) for picture in pictures]).to(encoder.device)
        return F.normalize(model.encode_image(pixels), dim=-1).cpu()


def _beside_the_bare_loop(
    machine: Machine, encoder: OpenClipEncoder, model: Any, pictures: list[Image.Image], bar: float
) -> Measurement:
    batch = pictures[: encoder.batch_size]
    ours, bare = alternately(
        [lambda: encoder.encode_images(batch), lambda: _bare_loop(encoder, model, batch)],
        REPEATS,
        device=machine.device,
    )
    return Measurement(
        "encoding",
        f"{encoder.title}, {len(batch)} pictures of {encoder.image_size} px in {encoder.form}",
        ours.seconds,
        spread=ours.spread,
        peer="bare open_clip loop",
        peer_value=bare.seconds,
        limit=None if encoder.form != FLOAT32 else _least(machine, encoder, batch),
        ratio_bar=bar,
    )


def _distance(encoder: OpenClipEncoder, pictures: list[Image.Image]) -> Measurement:
    """1 - cosine to the rows that float32 gives, of the picture where it is largest."""
    rows = encoder.encode_images(pictures)
    plain = replace(encoder, exact=True).encode_images(pictures)
    largest = 1 - (rows * plain).sum(dim=1).min().item()
    what = f"{encoder.title}, largest 1 - cosine of {encoder.form} to float32"
    return Measurement("encoding", what, max(0.0, largest), unit="", bar=DISTANCE_BAR)


def _least(machine: Machine, encoder: OpenClipEncoder, pictures: list[Image.Image]) -> Limit:
    with FlopCounterMode(display=False) as counter:
        encoder.encode_images(pictures[:1])
    return machine.least_seconds(flops=counter.get_total_flops() * len(pictures))


def _beside_the_cache(machine: Machine, encoder: OpenClipEncoder, pictures: list[Image.Image]) -> Measurement:
    with tempfile.TemporaryDirectory() as folder:
        CachedEncoder(encoder, folder).encode_images(pictures)
        cached, ours = alternately(
            [
                lambda: CachedEncoder(encoder, folder).encode_images(pictures),  # a new one each time reads the files
                lambda: encoder.encode_images(pictures),
            ],
            REPEATS,
            device=machine.device,
        )
    return Measurement(
        "encoding",
        f"{encoder.title}, {len(pictures)} pictures from a warm cache",
        cached.seconds,
        spread=cached.spread,
        peer="encoding them",
        peer_value=ours.seconds,
        ratio_bar=CACHE_BAR if machine.device.type == "cpu" else None,  # on a GPU encoding is nearly as fast
    )


def _decoding(machine: Machine, encoder: OpenClipEncoder) -> Measurement:
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"class {number % 4}" / f"{number}.jpg" for number in range(FILES)]
        for file, picture in zip(files, random_pictures(FILES, FILE_SIZE), strict=True):
            file.parent.mkdir(exist_ok=True)
            picture.save(file, quality=90)
        source = open_source(folder)

        def one_after_the_other() -> None:
            encoder.encode_images([decode(file) for file in files])

        def together() -> None:
            embed(source, encoder, thumbnails=0)  # pyright: ignore[reportArgumentType]

        ours, serial = alternately([together, one_after_the_other], REPEATS, device=machine.device)
    return Measurement(
        "encoding",
        f"{encoder.title}, {FILES} JPEG files of {FILE_SIZE[0]} x {FILE_SIZE[1]}",
        ours.seconds,
        spread=ours.spread,
        peer="decoding, then encoding",
        peer_value=serial.seconds,
    )
