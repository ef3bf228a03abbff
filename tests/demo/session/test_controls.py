"""Controls on the page: what a visitor brings of other things, sampled, held in memory and never trained on."""

from dataclasses import replace
from pathlib import Path

import pytest

from demo.session import edits, queries, training
from demo.session.comparison import compare_systems
from demo.session.draft import stored_pictures
from demo.session.model import build_model, map_points
from demo.session.presets import PRESETS, load_preset, opening_setting
from demo.session.session import Session
from demo.session.uploads.controls import CONTROL_PICTURES, sampled_controls
from llu_core.data.bundles import save_bundle
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.elsewhere.accuracy import accuracy_elsewhere
from llu_core.method.fitting import fit
from llu_core.method.recipes import RECIPES
from support.demo_sessions import drain
from support.elsewhere import control, write_zip_with_controls
from support.synthetic import problem


@pytest.fixture
def brought(session: Session, tmp_path: Path) -> Session:
    """A visitor's zip with a control, trained; the zip is gone by then."""
    path = write_zip_with_controls(tmp_path / "mine.zip")
    session = edits.add_files(session, [path])
    path.unlink()
    return drain(training.train_adapter(session, RECIPES["fast"]))[0]


def test_a_zip_brings_controls_that_outlive_it(brought: Session):
    model = brought.require_model()
    assert [(c.name, c.class_names, len(c.pictures)) for c in model.controls] == [("paint", ("blue", "red"), 6)]
    assert len(model.elsewhere.problems) == 1
    expected = accuracy_elsewhere(model.trained.adapter.with_mask(beta=1.0, gamma=2.0), model.controls)
    assert model.elsewhere.accuracy(beta=1.0, gamma=2.0) == pytest.approx(expected)


def test_pictures_of_controls_count_as_memory(brought: Session):
    plain = replace(brought.draft, controls=())
    assert len(stored_pictures(brought.draft)) == len(stored_pictures(plain)) + 6
    alone = replace(brought, model=None, history=())
    assert alone.held_bytes > replace(alone, draft=plain).held_bytes + 6 * 200


def test_a_second_upload_keeps_the_controls_and_an_equal_name_replaces_them(brought: Session, tmp_path: Path):
    again = edits.add_files(brought, [write_zip_with_controls(tmp_path / "again.zip", pictures=1)])
    assert [(c.name, len(c.pictures)) for c in again.draft.controls] == [("paint", 2)]


def test_a_class_that_joins_takes_the_problem_with_it_that_has_it_too(brought: Session):
    grown = queries.add_classes(brought, ["RED"]).require_model()
    assert (grown.controls, grown.elsewhere.problems) == ((), ())
    assert len(grown.projection.points) == len(map_points(grown.shots))


def test_a_name_that_becomes_a_class_is_no_everyday_name(brought: Session):
    everyday = brought.require_model().everyday
    assert everyday is not None
    name = everyday.names[3]
    grown = queries.add_classes(brought, [name]).require_model().everyday
    assert grown is not None
    assert set(everyday.names) - set(grown.names) == {name}


def test_a_name_is_an_everyday_name_again_when_the_answer_is_taken_away(brought: Session):
    model = brought.require_model()
    assert model.everyday is not None
    grown = queries.add_classes(brought, [model.everyday.names[3]]).require_model()
    again = grown.without_class(model.everyday.names[3]).everyday
    assert again is not None
    assert again.names == model.everyday.names


def test_a_bundle_brings_controls_of_which_some_pictures_are_kept(session: Session, tmp_path: Path):
    many = [control("many", classes=3, pictures=CONTROL_PICTURES + 50, seed=3), control("few", classes=2, pictures=5)]
    path = tmp_path / "set.npz"
    save_bundle(path, replace(problem(), controls=tuple(many)))
    opened = edits.add_files(session, [path])
    assert opened.features is not None
    assert [len(each.pictures) for each in opened.features.controls] == [CONTROL_PICTURES // 2, 5]
    assert [len(each.pictures) for each in sampled_controls(many[1:])] == [5]


def test_systems_compared_have_their_accuracy_elsewhere(brought: Session):
    model = brought.require_model()
    rows = {row.name: row for row in compare_systems(model)}
    assert rows["clip"].elsewhere == pytest.approx(model.elsewhere.accuracy(beta=0.0, gamma=0.0))
    assert rows["llu"].elsewhere == pytest.approx(model.elsewhere.accuracy(beta=0.5, gamma=20.0))
    assert rows["linear-probe"].elsewhere is None
    assert rows["rla"].as_json()["elsewhere"] == rows["rla"].elsewhere


def test_the_map_is_fitted_to_controls_too():
    shots = replace(problem(), controls=(control("things", classes=3, pictures=7),))
    trained = TrainedAdapter.of(shots, fit(shots), RECIPES["fast"])
    model = build_model(trained, shots, source=None, seconds=None)
    assert len(model.projection.points) == len(shots.train) + len(shots.test) + 7
    assert model.everyday is None


def test_every_example_opens_where_it_shows_something(session: Session):
    for title, preset in PRESETS.items():
        loaded = load_preset(session, title)
        assert opening_setting(loaded) == (preset.beta, preset.gamma) == (1.0, 5.0)
        assert loaded.draft.controls
    assert opening_setting(session) is None
    assert next(iter(PRESETS)) == "New words"


def test_an_example_is_trained_to_its_own_setting_and_an_edited_one_to_the_recipes(session: Session):
    example = load_preset(session, "New words")
    trained = drain(training.train_adapter(example, RECIPES["fast"]))[0]
    assert (trained.beta, trained.gamma) == (1.0, 5.0)
    edited = edits.set_unseen_classes(trained, "something")
    again = drain(training.train_adapter(edited, RECIPES["fast"]))[0]
    assert (again.beta, again.gamma) == (RECIPES["fast"].beta, RECIPES["fast"].gamma)
