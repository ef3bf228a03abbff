"""Which model reads what: examples bring theirs, a visitor's own set another, and the two are never mixed."""

from dataclasses import replace
from pathlib import Path

import pytest

from demo.hosting.examples import Examples
from demo.session import edits, queries, saving, training
from demo.session.presets import PRESETS
from demo.session.readers import Reader
from demo.session.session import Session
from llu_core.errors import LluError
from llu_core.method.recipes import RECIPES
from support.demo_sessions import drain
from support.sample_pictures import picture_bytes, write_zip
from support.toy_encoder import ToyEncoder

DRAWN, PHOTOGRAPHS = ToyEncoder("drawn"), ToyEncoder("photographs", logit_scale=10.0)


@pytest.fixture(scope="module")
def examples() -> Examples:
    return Examples(DRAWN, "drawn", own=Reader("photographs", PHOTOGRAPHS))


@pytest.fixture
def example(examples: Examples) -> Session:
    return examples.first


@pytest.fixture
def own(example: Session, tmp_path: Path) -> Session:
    """A visitor's set in the example's place, not yet trained."""
    return edits.add_files(example, [write_zip(tmp_path / "mine.zip")])


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    (tmp_path / "what.png").write_bytes(picture_bytes(7))
    return tmp_path / "what.png"


def test_an_example_is_read_by_its_own_model_and_a_visitors_set_by_the_other(example: Session, own: Session):
    assert (example.encoder, example.encoder_name) == (DRAWN, "drawn")
    assert (own.encoder, own.encoder_name) == (PHOTOGRAPHS, "photographs")
    trained = drain(training.train_adapter(own, RECIPES["fast"]))[0]
    assert trained.require_model().trained.encoder_identity == "photographs"
    assert trained.require_model().trained.model == "photographs"


def test_what_is_asked_before_the_own_set_is_trained_is_asked_of_the_adapter_on_show(own: Session, picture: Path):
    asked = queries.add_classes(queries.add_query(own, picture), ["newt"])
    model = asked.require_model()
    assert model.shots.encoder_identity == "drawn"
    assert (model.queries.embeddings @ DRAWN.encode_texts(["x"]).T).shape == (1, 1)
    assert model.shots.class_names[-1] == "newt"
    trained = drain(training.train_adapter(asked, RECIPES["fast"]))[0].require_model()
    assert not len(trained.queries)  # it was read by another model


def test_what_joins_an_example_is_read_as_the_example_is(example: Session, picture: Path):
    joined = edits.add_files(example, [picture], example.draft.class_names[0])
    assert joined.encoder is DRAWN


def test_undo_brings_the_example_back_with_its_model_and_its_adapter(example: Session, own: Session):
    undone = own.undone()
    assert (undone.encoder, undone.preset, undone.model) == (DRAWN, example.preset, example.model)


def test_an_example_that_is_chosen_brings_its_model_along(examples: Examples, own: Session):
    assert examples.get(own, next(iter(PRESETS))).encoder is DRAWN


def test_after_everything_is_deleted_what_comes_is_an_own_set(example: Session):
    assert edits.clear(example).encoder is PHOTOGRAPHS


def test_a_model_that_was_chosen_reads_everything(examples: Examples, example: Session, tmp_path: Path):
    chosen = replace(example, encoder=DRAWN, encoder_name="drawn", model=None, readers=None)
    own = edits.add_files(chosen, [write_zip(tmp_path / "mine.zip")])
    assert own.encoder is DRAWN
    assert own.undone().encoder is DRAWN
    shown = examples.get(own, next(iter(PRESETS)))
    assert edits.add_files(shown, [write_zip(tmp_path / "mine.zip")]).encoder is DRAWN


def test_a_saved_adapter_finds_the_model_that_it_was_trained_with(example: Session, own: Session, tmp_path: Path):
    trained = drain(training.train_adapter(own, RECIPES["fast"]))[0]
    file = saving.save_adapter(trained, tmp_path)
    opened = saving.open_adapter(example, file)
    assert opened.require_model().trained.model == "photographs"
    assert opened.encoder is opened.reader_of(opened.require_model().trained).encoder  # which reads its set, too


def test_an_adapter_of_a_third_model_is_refused(example: Session, own: Session, tmp_path: Path):
    third = replace(own, encoder=ToyEncoder("third"), encoder_name="third", readers=None)
    file = saving.save_adapter(drain(training.train_adapter(third, RECIPES["fast"]))[0], tmp_path)
    with pytest.raises(LluError, match="was trained on another model"):
        saving.open_adapter(example, file)
