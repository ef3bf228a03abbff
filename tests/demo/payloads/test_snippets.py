"""The code to take away gives the page's own answers: of turned pictures, moved sliders, added classes, any recipe."""

import ast
import contextlib
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from demo.payloads.snippets import client_code, library_code
from demo.session import edits, queries, saving, training
from demo.session.presets import load_preset
from demo.session.readers import Reader, Readers
from demo.session.session import Session
from llu_core.encoders.encoder import OpenClipEncoder
from llu_core.method.prediction import Prediction, predict
from llu_core.method.recipes import RECIPES
from support.demo_sessions import drain
from support.sample_pictures import picture_bytes, write_zip

TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a camera that was held so stores what it sees, by the value of the EXIF tag."""


def photograph(folder: Path, turn: int) -> Path:
    """picture.png, as such a camera writes it."""
    exif = Image.Exif()
    exif[0x0112] = turn
    image = Image.open(io.BytesIO(picture_bytes(5, texture="striped"))).convert("RGB")
    stored = image if TURNS[turn] is None else image.transpose(TURNS[turn])
    stored.save(folder / "picture.png", exif=exif)
    return folder / "picture.png"


def printed(code: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})
    return out.getvalue()


def changed_set(session: Session, folder: Path) -> Session:
    """An own set, trained by another recipe, with moved sliders and an added class; saved."""
    own = edits.add_files(session, [write_zip(folder / "mine.zip")])
    trained = drain(training.train_adapter(own, RECIPES["best"]))[0]
    changed = queries.add_classes(training.set_mask(trained, 0.8, 3.0), ["zebra"])
    saving.save_adapter(changed, folder)
    return changed


@pytest.fixture
def changed(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Such a set, of the toy encoder, which the code then loads; its files lie in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(OpenClipEncoder, "load", lambda name: session.encoder)
    return changed_set(session, tmp_path)


def page_answer(session: Session, picture: Path) -> Prediction:
    return queries.answer(queries.add_query(session, picture), 0)


def test_the_librarys_code_answers_as_the_page_however_the_camera_was_held(changed: Session, tmp_path: Path):
    answers = set()
    for turn in TURNS:
        expected = page_answer(changed, photograph(tmp_path, turn))
        told = f"CLIP: {expected.clip_class}, LLU: {expected.llu_class}, alpha {expected.alpha:.3f}\n"
        assert printed(library_code(changed)) == told
        answers.add(told)
    assert len(answers) == 1


@pytest.mark.parametrize("opened", [Image.open, lambda path: Image.open(path).convert("RGB")], ids=["open", "convert"])
def test_a_picture_that_was_merely_opened_is_answered_as_the_page_answers(
    changed: Session, tmp_path: Path, opened: Callable[[Path], Image.Image]
):
    for turn in TURNS:
        picture = photograph(tmp_path, turn)
        expected = page_answer(changed, picture)
        (found,) = predict(changed.trained, changed.encoder, [opened(picture)], ["picture.png"])
        assert found.llu == pytest.approx(expected.llu, abs=1e-4)
        assert found.clip == pytest.approx(expected.clip, abs=1e-4)


def test_exif_that_cannot_be_read_turns_nothing(changed: Session):
    image = Image.open(io.BytesIO(picture_bytes(5))).convert("RGB")
    (expected,) = predict(changed.trained, changed.encoder, [image], ["a"])
    image.info["exif"] = b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"
    (found,) = predict(changed.trained, changed.encoder, [image], ["a"])
    assert found.llu == expected.llu


def test_the_clients_code_answers_as_the_page(app_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    photo = Reader("photo", OpenClipEncoder.load("photo"))  # who reads own sets in the app
    changed = changed_set(Session(photo.encoder, photo.name, readers=Readers(photo, photo)), tmp_path)
    expected = queries.as_json(page_answer(changed, photograph(tmp_path, 6)))
    found = ast.literal_eval(printed(client_code(changed, app_address)).splitlines()[-1])
    assert [row["class"] for row in found["llu"]] == [row["class"] for row in expected["llu"]]
    for side in ("clip", "llu"):
        chances = [row["probability"] for row in expected[side]]
        assert [row["probability"] for row in found[side]] == pytest.approx(chances, abs=1e-3)
    assert found["alpha"] == pytest.approx(expected["alpha"], abs=1e-4)


def test_the_clients_code_opens_what_the_page_has(trained: Session):
    assert '"/open_adapter"' in client_code(trained, "address")
    assert "load_model" not in client_code(trained, "address")
    model = trained.require_model()
    chosen = replace(trained, model=replace(model, trained=replace(model.trained, model="vit-b-32")))
    assert 'client.predict(\'vit-b-32\', "", api_name="/load_model")' in client_code(chosen, "address")


def test_an_example_that_was_trained_anew_is_no_longer_the_example(trained: Session):
    example = load_preset(trained, "New words")
    assert '"/load_example"' in client_code(example, "address")
    model = trained.require_model()
    other = replace(model, trained=replace(model.trained, recipe={"name": "paper"}))
    assert '"/open_adapter"' in client_code(replace(example, model=other), "address")


def test_a_set_of_embeddings_is_asked_for_its_predictions(trained: Session):
    model = trained.require_model()
    unknown = replace(model, trained=replace(model.trained, encoder_identity="", recipe={"name": "full"}))
    code = client_code(replace(trained, model=unknown, features=model.shots), "address")
    assert 'handle_file("my_embeddings.npz")' in code
    assert "client.predict('full', api_name=\"/train\")" in code
    assert '"/save_predictions"' in code
    assert '"/ask"' not in code
