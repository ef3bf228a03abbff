"""What pretraining sees: a pool of rendered pictures, fresh captions of them, and batches hard to tell apart."""

import multiprocessing
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from llu_core.pictoworld.captions import ATTRIBUTES, caption
from llu_core.pictoworld.render import SIDE, render, sample_scene
from llu_core.pictoworld.vocabulary import BACKDROPS, BACKGROUNDS, COLOURS, COUNTS, SHAPES, SIZES, TEXTURES, Scene

TRAINING_STREAM = 0
"""Second word of the seeds used here; the exam uses 1, the benchmark sets 2."""

_VALUES = (SHAPES, list(COLOURS), TEXTURES, COUNTS, SIZES, list(BACKGROUNDS), BACKDROPS)


def scene_codes(scene: Scene) -> list[int]:
    """The scene as indices into the vocabulary, in the order of `captions.ATTRIBUTES`."""
    return [list(values).index(value) for values, value in zip(_VALUES, astuple(scene), strict=True)]


def truth_matrix(stated: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
    """(captions, pictures) bool: whether caption i is true of picture j.

    `stated` (n, 7): the code a caption states per attribute, -1 where it says nothing; `codes` (m, 7).
    """
    return ((stated[:, None] == codes[None]) | (stated[:, None] < 0)).all(-1)


def _render_one(job: tuple[int, int]) -> tuple[np.ndarray, list[int]]:
    seed, index = job
    rng = np.random.default_rng([seed, TRAINING_STREAM, index])
    scene = sample_scene(rng, allow_held_out=False)
    return render(scene, rng), scene_codes(scene)


def render_pool(count: int, seed: int, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """The training pictures (n, 64, 64, 3) uint8 and their codes (n, 7), rendered once and kept in `folder`."""
    pictures_file, codes_file = folder / "pictures.npy", folder / "codes.npy"
    if not codes_file.exists():
        shape = (count, SIDE, SIDE, 3)
        pictures = np.lib.format.open_memmap(pictures_file, mode="w+", dtype=np.uint8, shape=shape)
        codes = np.empty((count, len(ATTRIBUTES)), dtype=np.int8)
        jobs = ((seed, index) for index in range(count))
        with multiprocessing.Pool() as workers:
            rendered = workers.imap(_render_one, jobs, chunksize=256)
            for index, (picture, code) in enumerate(tqdm(rendered, total=count, desc="rendering")):
                pictures[index], codes[index] = picture, code
        pictures.flush()
        np.save(codes_file, codes)
    return np.load(pictures_file, mmap_mode="r"), np.load(codes_file)


def fresh_captions(codes: np.ndarray, rng: np.random.Generator, texture_rate: float) -> tuple[list[str], np.ndarray]:
    """A fresh caption per picture, and the codes it states (n, 7), -1 where it says nothing."""
    sentences, stated = [], np.full(codes.shape, -1)
    for row, code in enumerate(codes):
        scene = Scene(*(list(values)[index] for values, index in zip(_VALUES, code, strict=True)))
        sentence, named = caption(scene, rng, texture_rate=texture_rate)
        sentences.append(sentence)
        columns = [ATTRIBUTES.index(name) for name in named]
        stated[row, columns] = code[columns]
    return sentences, stated


@dataclass(frozen=True)
class Composition:
    """How a batch is made up: equal groups, each of a kind drawn from `kinds`: "any" pictures, of few "shapes", of few
    "colours", or of few of "both". texture_rate: how often the captions name the texture.

    Where shape and colour agree, the contrast has to come from the texture and the count, which a random batch
    hardly ever asks for.
    """

    groups: int
    shapes: int
    colours: int
    both: tuple[int, int]
    kinds: tuple[str, ...] = ("any", "shapes", "colours", "both")
    texture_rate: float = 0.6


COARSE = Composition(groups=1, shapes=3, colours=2, both=(6, 4))
MIXED = Composition(groups=4, shapes=2, colours=1, both=(2, 2))
FINE = Composition(groups=4, shapes=1, colours=1, both=(1, 1), kinds=("any", "both", "both", "both"), texture_rate=0.9)
"""The stages of the curriculum, in order. Groups that share a batch keep its normalisation statistics the world's."""


def draw_batch(codes: np.ndarray, size: int, composition: Composition, rng: np.random.Generator) -> np.ndarray:
    """Indices of a batch."""
    rows = [_draw_group(codes, size // composition.groups, composition, rng) for _ in range(composition.groups)]
    return np.sort(np.concatenate(rows))


def _draw_group(codes: np.ndarray, size: int, composition: Composition, rng: np.random.Generator) -> np.ndarray:
    kind = composition.kinds[rng.integers(len(composition.kinds))]
    shapes = {"shapes": composition.shapes, "both": composition.both[0]}.get(kind)
    colours = {"colours": composition.colours, "both": composition.both[1]}.get(kind)
    wanted = np.ones(len(codes), dtype=bool)
    if shapes:
        wanted &= np.isin(codes[:, 0], rng.permutation(len(SHAPES))[:shapes])
    if colours:
        wanted &= np.isin(codes[:, 1], rng.permutation(len(COLOURS))[:colours])
    candidates = np.flatnonzero(wanted)
    if len(candidates) == 0:  # a shape and a colour may be a held-out pair
        candidates = np.arange(len(codes))
    return rng.choice(candidates, size, replace=len(candidates) < size)


def augment(pictures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mirror at random and shift by up to two pixels: cheap variety that no caption mentions."""
    mirrored = rng.random(len(pictures)) < 0.5
    pictures = np.where(mirrored[:, None, None, None], pictures[:, :, ::-1], pictures)
    down, right = rng.integers(0, 5, 2)
    return np.pad(pictures, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge")[:, down : down + SIDE, right : right + SIDE]
