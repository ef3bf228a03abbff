"""Few-shot sets of arrays, as people's own models give them."""

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch

from llu_core.data.bundles import load_bundle, save_bundle
from llu_core.data.fewshot import FewShotSet
from llu_core.errors import LluError
from llu_core.method.fitting import fit
from support.synthetic import problem, unit_rows

P = problem(base=4, new=2, shots=5, width=24)
X, Y, TEXTS, NAMES = P.train.embeddings, P.train.labels, P.class_embeddings, P.class_names
IMAGES = P.test.embeddings
MADE = {
    "numpy": torch.Tensor.numpy,
    "half": torch.Tensor.half,
    "double": torch.Tensor.double,
    "bfloat16": torch.Tensor.bfloat16,
    "numpy half": lambda rows: rows.numpy().astype(np.float16),
    "numpy double": lambda rows: rows.numpy().astype(np.float64),
    "numpy long double": lambda rows: rows.numpy().astype(np.longdouble),
    "numpy bfloat16": lambda rows: rows.numpy().astype(ml_dtypes.bfloat16),
    "another byte order": lambda rows: rows.numpy().astype(">f4"),
    "backwards": lambda rows: rows.numpy()[::-1].copy()[::-1],
    "columns first": lambda rows: np.asfortranarray(rows.numpy()),
    "read-only": lambda rows: np.frombuffer(rows.numpy().tobytes(), np.float32).reshape(rows.shape),
    "lists": torch.Tensor.tolist,
    "ten times as long": lambda rows: rows * 10,
    "tiny": lambda rows: rows.double() * 1e-200,
    "huge": lambda rows: rows.numpy().astype(np.float64) * 1e200,
    "with gradients": lambda rows: rows.clone().requires_grad_(),
    "of inference": torch.inference_mode()(torch.Tensor.clone),
}
ROUGH = {"half", "bfloat16", "numpy half", "numpy bfloat16"}


@pytest.mark.parametrize("kind", MADE)
def test_arrays_of_any_kind_train_the_same_adapter(kind: str):
    made: Any = MADE[kind]
    fewshot = FewShotSet.of(made(X), Y.numpy().astype(np.int32), made(TEXTS), list(NAMES))
    for rows in (fewshot.train.embeddings, fewshot.class_embeddings):
        assert rows.dtype == torch.float32
        assert not rows.requires_grad
    adapter = fit(fewshot)
    expected = fit(P).logits(IMAGES, TEXTS)
    tolerance = 2.0 if kind in ROUGH else 1e-3
    torch.testing.assert_close(adapter.logits(made(IMAGES), made(TEXTS)), expected, atol=tolerance, rtol=0)


def of(**changes: Any) -> FewShotSet:
    return FewShotSet.of(**{"X": X, "y": Y, "texts": TEXTS, "names": NAMES, **changes})


def test_a_set_of_arrays_is_named_and_split_as_it_is_told():
    fewshot = of(test=(IMAGES, P.test.labels), base_classes=4, logit_scale=30, name="mine")
    assert (fewshot.name, fewshot.base_classes, fewshot.logit_scale) == ("mine", 4, 30)
    assert torch.equal(fewshot.test.labels, P.test.labels)
    assert (fewshot.train.names[0], fewshot.test.names[1]) == ("train 0", "test 1")
    assert of().base_classes == len(NAMES)
    assert len(of().test) == 0
    assert of(names=range(6)).class_names == tuple("012345")


NOT_A_NUMBER = X.clone()
NOT_A_NUMBER[3, 1] = torch.nan


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"X": NOT_A_NUMBER}, "the rows of X have NaN or infinite values, first in row 3"),
        ({"X": X.numpy() * 0}, "the rows of X have a row of zeros, row 0; it has no direction"),
        ({"X": X[0]}, r"the rows of X have shape \(24,\), must be \(rows, width\)"),
        ({"X": X[:, :20]}, "X is 20 wide and texts are 24 wide; embed both with one model"),
        ({"X": X[:-1]}, "X has 19 rows and y 20 labels; give one for each row"),
        ({"X": X > 0}, "the rows of X are bool, must be numbers"),
        ({"X": [["a"]]}, "the rows of X are no numbers"),
        ({"y": Y + 1, "names": NAMES[:4], "texts": TEXTS[:4]}, "labels of y run from 1 to 4 .* subtract 1"),
        ({"y": Y - 1}, "the labels of y run from -1 to 2 for 6 class names"),
        ({"y": Y.float()}, "the labels of y are float32, must be whole numbers"),
        ({"y": Y[:, None]}, r"the labels of y have shape \(20, 1\), must be one whole number per row"),
        ({"y": [NAMES[k] for k in Y]}, r"the labels of y are no numbers; .* class_names\.index\(name\)"),
        ({"texts": TEXTS.numpy() * np.inf}, "the rows of texts have NaN or infinite values, first in row 0"),
        ({"texts": TEXTS[:5]}, "there are 6 names for 5 rows of texts"),
        ({"names": ["a", "b", "c", "d", "e", "a"]}, "class 'a' is there twice"),
        ({"names": ["a", "b", "c", "d", "e", " "]}, "the name of class 5 is empty"),
        ({"names": "abcdef"}, "names is one string, 'abcdef'"),
        ({"test": (IMAGES[:, :3], P.test.labels)}, "test X is 3 wide and texts are 24 wide"),
        ({"test": (IMAGES, P.test.labels + 1)}, "the labels of test y run from 1 to 6"),
        ({"logit_scale": 0}, "logit_scale is 0; give a positive number"),
        ({"base_classes": 7}, "base_classes is 7; give a number from 1 to 6"),
    ],
)
def test_what_is_of_no_use_is_one_sentence(changes: dict[str, Any], says: str):
    with pytest.raises(LluError, match=says) as refusal:
        of(**changes)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (NOT_A_NUMBER, "image embeddings have NaN or infinite values, first in row 3"),
        (X.numpy() * 0, "image embeddings have a row of zeros, row 0"),
        (X[0], "image embeddings have shape"),
        (X[:, :20], "image embeddings are 20 wide but the adapter was trained on 24"),
    ],
)
def test_an_adapter_asks_the_same_of_what_it_is_given(images: Any, says: str):
    with pytest.raises(LluError, match=says):
        fit(P).logits(images, TEXTS)


def test_a_bundle_says_the_same_of_the_same_rows(tmp_path: Path):
    path = save_bundle(tmp_path / "b.npz", of(base_classes=4))
    torch.testing.assert_close(load_bundle(path).train.embeddings, X)
    arrays = dict(np.load(path))
    for rows, says in ((NOT_A_NUMBER.numpy(), "NaN or infinite values, first in row 3"), (X.numpy() * 0, "a row of")):
        np.savez(path, **{**arrays, "train_features": rows})
        with pytest.raises(LluError, match=rf"b\.npz: train_features has {says}"):
            load_bundle(path)


def test_the_number_of_a_row_counts_from_the_first_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("llu_core.data.forms.bundle_arrays._BLOCK_NUMBERS", 24 * 4)
    path = save_bundle(tmp_path / "b.npz", of(base_classes=4))
    rows = unit_rows(len(X), 24).numpy()
    rows[14] = 0
    np.savez(path, **{**dict(np.load(path)), "train_features": rows})
    with pytest.raises(LluError, match="a row of zeros, row 14"):
        load_bundle(path)
