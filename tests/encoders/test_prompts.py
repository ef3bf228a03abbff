import pytest
import torch

from llu_core.encoders.prompts import class_embeddings, render_prompts
from llu_core.errors import LluError
from support.toy_encoder import ToyEncoder


def test_prompts_come_class_by_class():
    assert render_prompts(["cat", "dog"], ["a {}.", "{} {}"]) == ["a cat.", "cat cat", "a dog.", "dog dog"]


def test_other_braces_are_left_alone():
    assert render_prompts(["{x}"], ["{} {y}"]) == ["{x} {y}"]


def test_one_template_gives_the_rows_of_its_texts(toy_encoder: ToyEncoder):
    expected = toy_encoder.encode_texts(["a photo of a cat.", "a photo of a dog."])
    assert torch.equal(class_embeddings(toy_encoder, ["cat", "dog"]), expected)


def test_several_templates_are_averaged_and_normalised(toy_encoder: ToyEncoder):
    rows = class_embeddings(toy_encoder, ["cat", "dog"], ["a {}.", "the {}."])
    mean = toy_encoder.encode_texts(["a dog.", "the dog."]).mean(dim=0)
    torch.testing.assert_close(rows[1], mean / mean.norm())
    torch.testing.assert_close(rows.norm(dim=1), torch.ones(2))


@pytest.mark.parametrize("templates", [["a {}."], ["a {}.", "the {}."]])
def test_no_classes_give_no_rows(toy_encoder: ToyEncoder, templates):
    assert class_embeddings(toy_encoder, [], templates).shape == (0, toy_encoder.width)


@pytest.mark.parametrize(
    ("names", "templates", "message"),
    [
        (["cat"], ["a photo."], "has no {}"),
        (["cat"], ["a {}.", "{name}"], "has no {}"),
        (["cat"], [], "no prompt template"),
        (["cat", " "], ["a {}."], "Class 2 has an empty name"),
    ],
)
def test_useless_prompts_are_refused(toy_encoder: ToyEncoder, names, templates, message):
    with pytest.raises(LluError, match=message):
        class_embeddings(toy_encoder, names, templates)
