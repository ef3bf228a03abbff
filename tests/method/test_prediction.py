"""Predictions of both models, with what explains them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from llu_core.data.fewshot import FewShotSet, LabelledEmbeddings
from llu_core.encoders.prompts import class_embeddings
from llu_core.errors import LluError
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.fitting import fit
from llu_core.method.prediction import predict
from llu_core.method.recipes import RECIPES
from support.toy_encoder import ToyEncoder

NAMES = ("red", "green", "blue")


def picture(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8))


PICTURES = [picture(seed) for seed in range(4)]


@pytest.fixture(scope="module")
def trained() -> TrainedAdapter:
    encoder = ToyEncoder()
    train = LabelledEmbeddings(
        encoder.encode_images(PICTURES), torch.tensor([0, 1, 2, 0]), ("a.png", "b.png", "c.png", "d.png")
    )
    shots = FewShotSet(
        name="colours",
        class_names=NAMES,
        class_embeddings=class_embeddings(encoder, NAMES),
        train=train,
        test=LabelledEmbeddings.empty(encoder.width),
        base_classes=3,
        logit_scale=encoder.logit_scale,
        encoder_identity=encoder.identity,
    )
    return TrainedAdapter.of(shots, fit(shots), RECIPES["fast"], model="toy")


def test_both_models_give_a_probability_to_every_class(trained: TrainedAdapter, toy_encoder: ToyEncoder):
    for prediction in predict(trained, toy_encoder, PICTURES, "abcd"):
        assert prediction.class_names == NAMES
        assert len(prediction.clip) == len(prediction.llu) == 3
        assert sum(prediction.clip) == pytest.approx(1)
        assert sum(prediction.llu) == pytest.approx(1)


def test_the_winner_is_the_most_probable_class(trained: TrainedAdapter, toy_encoder: ToyEncoder):
    prediction = replace(predict(trained, toy_encoder, PICTURES[:1], "a")[0], clip=(0.2, 0.5, 0.3), llu=(0.1, 0.1, 0.8))
    assert (prediction.clip_class, prediction.llu_class) == ("green", "blue")


def test_a_training_picture_is_its_own_anchor_and_learned(trained: TrainedAdapter, toy_encoder: ToyEncoder):
    predictions = predict(trained, toy_encoder, PICTURES, "wxyz")
    assert [p.name for p in predictions] == ["w", "x", "y", "z"]
    assert [p.anchor_name for p in predictions] == ["a.png", "b.png", "c.png", "d.png"]
    assert [p.anchor_class for p in predictions] == ["red", "green", "blue", "red"]
    assert [p.alpha for p in predictions] == pytest.approx([0.5] * 4, abs=1e-4)
    assert [p.anchor_similarity for p in predictions] == pytest.approx([1] * 4, abs=1e-5)


def test_a_prediction_does_not_depend_on_the_other_pictures(trained: TrainedAdapter, toy_encoder: ToyEncoder):
    pictures = [picture(seed) for seed in range(10, 15)]
    together = predict(trained, toy_encoder, pictures, "abcde")
    for name, one, whole in zip("abcde", pictures, together, strict=True):
        (alone,) = predict(trained, toy_encoder, [one], name)
        assert alone.llu == pytest.approx(whole.llu, abs=1e-5)
        assert alone.alpha == pytest.approx(whole.alpha, abs=1e-5)


def test_other_classes_can_be_asked_for(trained: TrainedAdapter, toy_encoder: ToyEncoder):
    (prediction,) = predict(trained, toy_encoder, PICTURES[:1], ["p"], ["blue", "yellow"])
    assert prediction.class_names == ("blue", "yellow")
    assert prediction.anchor_class == "red"


def test_the_classes_of_the_training_give_the_same_answer_by_name(trained: TrainedAdapter, toy_encoder: ToyEncoder):
    by_default, by_name = (predict(trained, toy_encoder, PICTURES, "abcd", names)[2] for names in (None, NAMES))
    assert by_name.llu == pytest.approx(by_default.llu, abs=1e-6)


def test_beta_zero_predicts_as_clip(trained: TrainedAdapter, toy_encoder: ToyEncoder):
    plain = replace(trained, adapter=trained.adapter.with_mask(beta=0))
    for prediction in predict(plain, toy_encoder, PICTURES, "abcd"):
        assert prediction.llu == prediction.clip
        assert prediction.alpha == 0


def test_no_pictures_give_no_predictions(trained: TrainedAdapter, toy_encoder: ToyEncoder):
    assert predict(trained, toy_encoder, [], []) == []


@pytest.mark.parametrize(
    ("names", "says"), [([], "no class name"), (["a", "b", "a"], "'a' is given twice"), ([" "], "empty")]
)
def test_class_names_must_be_there_and_different(
    trained: TrainedAdapter, toy_encoder: ToyEncoder, names: list[str], says: str
):
    with pytest.raises(LluError, match=says):
        predict(trained, toy_encoder, PICTURES[:1], ["p"], names)


def test_another_encoder_is_refused(trained: TrainedAdapter):
    with pytest.raises(LluError, match="trained on another model than toy 2"):
        predict(trained, ToyEncoder(identity="toy 2"), PICTURES[:1], ["p"])
    with pytest.raises(LluError, match="the loaded model gives 32"):
        predict(trained, ToyEncoder(width=32), PICTURES[:1], ["p"])


def test_a_picture_is_familiar_from_the_shots_own_similarity_on(trained: TrainedAdapter, toy_encoder: ToyEncoder):
    predictions = predict(trained, toy_encoder, [*PICTURES, *map(picture, range(10, 30))], [str(n) for n in range(24)])
    limit = trained.familiar_from
    assert limit is not None
    assert [p.familiar for p in predictions] == [p.anchor_similarity >= limit for p in predictions]
    assert all(p.familiar for p in predictions[:4])
    assert {p.familiar for p in predictions} == {True, False}


@pytest.mark.parametrize(("beta", "gamma"), [(0.0, 20.0), (1.0, 0.0)])
def test_the_verdict_does_not_move_with_the_mask(
    trained: TrainedAdapter, toy_encoder: ToyEncoder, beta: float, gamma: float
):
    images, names = list(map(picture, range(10, 30))), [str(n) for n in range(20)]
    other = replace(trained, adapter=trained.adapter.with_mask(beta=beta, gamma=gamma))
    verdicts = [[p.familiar for p in predict(each, toy_encoder, images, names)] for each in (trained, other)]
    assert verdicts[0] == verdicts[1]


def test_an_adapter_that_cannot_say_gives_no_verdict(trained: TrainedAdapter, toy_encoder: ToyEncoder):
    single = replace(trained, familiar_from=None)
    assert predict(single, toy_encoder, PICTURES[:1], "a")[0].familiar is None
