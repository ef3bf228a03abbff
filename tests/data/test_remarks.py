"""What is odd about a set and no reason to refuse it, and embeddings as people hand them over."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings
from llu_core.data.remarks import cut_prompts, remarks, same_texts
from llu_core.encoders.encoder import OpenClipEncoder
from llu_core.encoders.prompts import class_embeddings
from llu_core.errors import LluError
from llu_core.method.fitting import fit
from support.synthetic import problem, unit_rows


@pytest.fixture(scope="module")
def picto() -> OpenClipEncoder:
    return OpenClipEncoder.load("picto")


def test_names_that_differ_in_case_alone_are_one_text(picto: OpenClipEncoder):
    names = ["Cat", "dog", "cat", "CAT"]
    told = same_texts(names, class_embeddings(picto, names))
    assert "the classes 'Cat' and 'cat' and 'CAT' are one text to the model" in told
    assert same_texts(names[:2], class_embeddings(picto, names[:2])) == ""


def test_prompts_that_are_cut_off_say_so(picto: OpenClipEncoder):
    template = "a sharp photograph on a plain white background " * 5 + "of a {}"
    names = ["red circle", "blue circle"]
    told = same_texts(names, class_embeddings(picto, names, [template]))
    assert "'red circle' and 'blue circle' are one text" in told
    assert cut_prompts(picto, names, [template]).startswith("2 of the prompts are cut off")
    assert cut_prompts(picto, names, ["a photo of a {}."]) == ""


@pytest.mark.parametrize(("words", "whole"), [(29, True), (30, True), (31, False), (200, False)])
def test_a_prompt_is_whole_up_to_the_last_token_that_has_room(words: int, whole: bool, picto: OpenClipEncoder):
    assert picto.sees_whole(["a photo", "a " * words, ""]) == [True, whole, True]


def test_equal_rows_of_a_bundle_are_named_and_pairs_with_ids_are_not():
    rows = unit_rows(6, 8, seed=0)
    rows[4], rows[5] = rows[1], rows[2] * (1 + 1e-7)
    names = ("a", "crane", "maillot", "b", "crane", "tights")
    assert "'crane' and 'crane', 'maillot' and 'tights' are one text" in same_texts(names, rows)
    assert "crane" not in same_texts(names, rows, class_ids=tuple("123456"))
    assert same_texts(names, unit_rows(6, 8, seed=1)) == ""


@pytest.mark.parametrize(
    ("scale", "odd"), [(4.6052, True), (2.6593, True), (4.76, True), (100.0, False), (30.0, False)]
)
def test_a_scale_that_is_a_logarithm_is_noticed(scale: float, odd: bool):
    told = remarks(replace(problem(), logit_scale=scale, encoder_identity=""))
    assert bool(told) == odd
    assert all("before exp()" in sentence for sentence in told)


def of(embeddings, labels=None, text=None, names=("a", "b", "c")) -> FewShotSet:
    labels = torch.arange(6) % 3 if labels is None else labels
    text = unit_rows(3, 8, seed=2) if text is None else text
    train = LabelledEmbeddings(embeddings, labels, tuple("123456"))
    return FewShotSet("own", names, text, train, LabelledEmbeddings.empty(8), 3)


ROWS = unit_rows(6, 8, seed=1)


@pytest.mark.parametrize("made", [torch.Tensor.half, torch.Tensor.bfloat16, torch.Tensor.double, torch.Tensor.numpy])
def test_numbers_of_any_kind_become_unit_rows(made):
    fewshot = of(made(ROWS), text=made(unit_rows(3, 8, seed=2)))
    assert fewshot.train.embeddings.dtype == fewshot.class_embeddings.dtype == torch.float32
    assert torch.allclose(fewshot.train.embeddings, ROWS, atol=0.01)
    assert torch.allclose(fewshot.train.embeddings.norm(dim=1), torch.ones(6))
    assert fit(fewshot).logits(made(ROWS), made(unit_rows(3, 8, seed=2))).shape == (6, 3)


def test_rows_of_another_length_are_brought_to_one_and_unit_rows_stay_bit_for_bit():
    assert torch.allclose(of(ROWS * 10).train.embeddings, ROWS)
    assert of(ROWS).train.embeddings is ROWS


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"labels": torch.arange(6) % 3 + 1}, "run from 1 to 3 for 3 class names; they are counted from 0: subtract 1"),
        ({"labels": np.arange(6) % 4}, "run from 0 to 3 for 3 class names; give every class its name"),
        ({"labels": torch.zeros(6)}, "labels are float32, must be whole numbers"),
        ({"labels": list("abcabc")}, r"for a name class_names\.index\(name\)"),
        ({"embeddings": ROWS[0]}, r"have shape \(8,\), must be \(rows, width\)"),
        ({"embeddings": ROWS * 0}, "have a row of zeros, row 0"),
        ({"embeddings": ROWS * torch.nan}, "have NaN or infinite values, first in row 0"),
    ],
)
def test_what_is_of_no_use_says_what_to_do(given: dict, says: str):
    with pytest.raises(LluError, match=says):
        of(**{"embeddings": ROWS, **given})
