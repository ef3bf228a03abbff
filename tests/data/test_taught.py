"""Which class names the embedded models were never taught."""

import numpy as np

from llu_core.data.built_in import open_set, set_names
from llu_core.data.taught import untaught, warning
from llu_core.pictoworld.captions import caption, caption_words
from llu_core.pictoworld.vocabulary import SHAPES, TEXTURES, Scene


def test_every_word_of_a_caption_was_taught():
    rng = np.random.default_rng(0)
    for _ in range(2000):
        scene = Scene(
            shape=SHAPES[rng.integers(len(SHAPES))],
            colour="teal",
            texture=TEXTURES[rng.integers(len(TEXTURES))],
            count=int(rng.integers(1, 6)),
        )
        text, _ = caption(scene, rng)
        assert set(text.replace(".", "").split()) <= caption_words(), text


def test_the_classes_of_the_drawn_sets_were_taught_and_new_words_were_not():
    for name in set_names():
        taught = not untaught("picto", open_set(name).class_names)
        assert taught == (name not in ("new-words", "digits")), name


def test_what_photographs_show_was_taught_to_the_model_for_photographs_only():
    names = ["golden retriever", "Sports Cars", "tench", "red squares"]
    assert untaught("photo", names) == ["red squares"]
    assert untaught("picto", names) == ["golden retriever", "Sports Cars", "tench"]
    assert untaught("vit-b-16", names) == []


def test_the_warning_names_them_and_not_too_many():
    assert warning("picto", ["red square"]) == ""
    assert "It was never taught dog: such words spoil" in warning("picto", ["red square", "dog"])
    assert "never taught class a, class b and 3 more, and" in warning("photo", [f"class {c}" for c in "abcde"], most=2)
