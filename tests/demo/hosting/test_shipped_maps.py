"""The maps that come with the app belong to the examples, as the embedded model sees them."""

from dataclasses import replace

import numpy as np
import pytest

from demo.hosting.encoders import load_encoder
from demo.hosting.examples import Examples
from demo.hosting.maps.maps import Maps
from demo.hosting.shipped.maps import TOLERANCE, fingerprint, shipped_map, shipped_maps
from demo.session.presets import PRESETS
from demo.settings import EMBEDDED
from llu_core.data.embedding import embed
from llu_core.data.pictures import ImageSource
from llu_core.data.sources import open_source
from llu_core.encoders.encoder import Encoder
from support.synthetic import unit_rows
from support.toy_encoder import ToyEncoder

FEW = 12


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder(EMBEDDED[0])


@pytest.mark.parametrize("title", PRESETS)
def test_a_map_is_of_the_examples_own_features(title: str, encoder: Encoder):
    source = open_source(PRESETS[title].source)
    assert isinstance(source, ImageSource)
    fingerprints, points = shipped_maps()[PRESETS[title].source]
    pictures = len(source.train) + len(source.test) + sum(len(control.pictures) for control in source.controls)
    assert len(points) == len(fingerprints) == pictures
    shown = [picture.read() for picture in source.train[:FEW]]
    first = fingerprint(encoder.encode_images(shown).numpy())
    np.testing.assert_allclose(fingerprints[:FEW], first, rtol=0, atol=TOLERANCE, err_msg="write the maps anew")


def test_no_other_features_are_given_a_map_that_is_not_theirs():
    count = len(next(iter(shipped_maps().values()))[1])
    assert shipped_map(unit_rows(count, 128).numpy()) is None
    assert shipped_map(unit_rows(7, 128).numpy()) is None


def test_an_example_opens_with_its_map_and_a_visitor_need_not_wait_for_one(encoder: Encoder, monkeypatch):
    rows = embed(small(PRESETS["New words"].source), encoder)
    ours = np.concatenate([part.embeddings.numpy() for part in (rows.train, rows.test)])
    points = np.arange(2.0 * len(ours), dtype=np.float32).reshape(-1, 2)
    monkeypatch.setattr("demo.hosting.shipped.maps.shipped_maps", lambda: {"": (fingerprint(ours), points)})
    monkeypatch.setattr("demo.session.presets.open_source", small)
    model = Examples(encoder, EMBEDDED[0], maps=Maps()).first.require_model()
    assert model.projection.name == "UMAP"
    assert np.array_equal(model.projection.points, points)


def test_another_model_sees_other_features(monkeypatch):
    monkeypatch.setattr("demo.session.presets.open_source", small)
    assert Examples(ToyEncoder(), "toy", maps=Maps()).first.require_model().projection.name == "PCA"


def small(name: str) -> ImageSource:
    """A built-in set with few pictures and no controls."""
    source = open_source(name)
    assert isinstance(source, ImageSource)
    return replace(source, test=source.test[:20], controls=())
