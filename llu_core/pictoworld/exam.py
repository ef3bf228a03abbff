"""What an encoder knows of the picture world, zero-shot, on pictures rendered with seeds training never used.

python -m llu_core.pictoworld.exam [--model NAME] [--pictures N] [--seed S]
"""

import argparse
from collections.abc import Callable

import numpy as np
from PIL import Image

from llu_core.pictoworld.render import render, sample_scene
from llu_core.pictoworld.vocabulary import (
    COLOURS,
    COUNT_WORDS,
    COUNTS,
    SHAPES,
    TEXTURES,
    Scene,
    colour_held_out,
    texture_held_out,
)  # fmt: skip

Encode = Callable[[list], np.ndarray]
Question = tuple[list[str], list[Scene], np.ndarray]
"""Texts of the candidates, the scenes to render, and for each scene the index of its true candidate."""

EXAM_STREAM = 1
"""Second word of the seeds used here; pretraining uses 0, the benchmark sets 2."""


def examine(encode_images: Encode, encode_texts: Encode, *, seed: int = 0, pictures: int = 10) -> dict[str, float]:
    """Zero-shot accuracy in percent per question, plain domain.

    `encode_images` takes a list of (64, 64, 3) uint8 arrays, `encode_texts` a list of sentences; both return
    unit rows (n, d). `pictures`: how many are rendered per candidate. Pictures show one object of medium or
    large size, except for the counts. Pair questions have 40 candidates drawn from the seen or held-out pairs.
    """
    rng = np.random.default_rng([seed, EXAM_STREAM])
    scores = {}
    for name, (texts, scenes, truth) in _questions(rng, pictures).items():
        images = encode_images([render(scene, rng) for scene in scenes])
        guess = (images @ encode_texts(texts).T).argmax(axis=1)
        scores[name] = float(100 * (guess == truth).mean())
    return scores


def _questions(rng: np.random.Generator, pictures: int) -> dict[str, Question]:
    questions = {
        "shapes": _question("a photo of a {}.", "shape", SHAPES, rng, pictures),
        "textures": _question("a photo of a {} shape.", "texture", TEXTURES, rng, pictures),
        "colours": _question("a photo of a {} shape.", "colour", list(COLOURS), rng, pictures),
        "counts": _counts(rng, pictures),
    }
    for held_out in (False, True):
        suffix = "held out" if held_out else "seen"
        questions[f"colour-shape {suffix}"] = _pairs("colour", list(COLOURS), colour_held_out, held_out, rng, pictures)
        questions[f"texture-shape {suffix}"] = _pairs("texture", TEXTURES, texture_held_out, held_out, rng, pictures)
    return questions


def _scene(rng: np.random.Generator, **fixed) -> Scene:
    """A single object of readable size; attributes that are not `fixed` pair with its shape as in pretraining."""
    return sample_scene(rng, allow_held_out=False, count=1, size=("medium", "large")[rng.integers(2)], **fixed)


def _question(template: str, attribute: str, words, rng: np.random.Generator, pictures: int) -> Question:
    scenes = [_seen_scene(attribute, word, rng) for word in words for _ in range(pictures)]
    return [template.format(word) for word in words], scenes, np.repeat(np.arange(len(words)), pictures)


def _seen_scene(attribute: str, word: str, rng: np.random.Generator) -> Scene:
    """A scene with that word; shapes that pretraining never showed with it are drawn again."""
    while True:
        scene = _scene(rng, **{attribute: word})
        if attribute == "shape" or not _pair_held_out(attribute, scene):
            return scene


def _pair_held_out(attribute: str, scene: Scene) -> bool:
    return (
        colour_held_out(scene.colour, scene.shape)
        if attribute == "colour"
        else texture_held_out(scene.texture, scene.shape)
    )


def _counts(rng: np.random.Generator, pictures: int) -> Question:
    per_count = pictures * 8
    scenes = [sample_scene(rng, allow_held_out=False, count=count) for count in COUNTS for _ in range(per_count)]
    texts = [f"a photo of {word} {'thing' if word == 'one' else 'things'}." for word in COUNT_WORDS]
    return texts, scenes, np.repeat(np.arange(len(COUNTS)), per_count)


def _pairs(attribute: str, words, is_held_out, held_out: bool, rng: np.random.Generator, pictures: int) -> Question:
    pairs = [(word, shape) for word in words for shape in SHAPES if is_held_out(word, shape) == held_out]
    chosen = [pairs[i] for i in rng.permutation(len(pairs))[:40]]
    scenes = [_scene(rng, **{attribute: word, "shape": shape}) for word, shape in chosen for _ in range(pictures)]
    texts = [f"a photo of a {word} {shape}." for word, shape in chosen]
    return texts, scenes, np.repeat(np.arange(len(chosen)), pictures)


def main() -> None:
    from llu_core.encoders.encoder import OpenClipEncoder

    parser = argparse.ArgumentParser(prog="python -m llu_core.pictoworld.exam", description=examine.__doc__)
    parser.add_argument("--model", default="picto")
    parser.add_argument("--pictures", type=int, default=50, help="rendered per candidate (default: 50)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    encoder = OpenClipEncoder.load(options.model)
    scores = examine(
        lambda pictures: encoder.encode_images([Image.fromarray(picture) for picture in pictures]).numpy(),
        lambda texts: encoder.encode_texts(texts).numpy(),
        seed=options.seed,
        pictures=options.pictures,
    )
    for question, score in scores.items():
        print(f"{question:<24} {score:5.1f} %")


if __name__ == "__main__":
    main()
