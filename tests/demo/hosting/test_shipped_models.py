"""What comes with the app of the embedded models is theirs, and with it the examples need no model at all."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from demo.hosting.encoders import RecentEncoder, embedded_encoder
from demo.hosting.examples import Examples
from demo.hosting.gpu import BorrowingEncoder
from demo.hosting.shipped import models
from demo.hosting.shipped.models import files_digest, shipped_facts, shipped_rows
from demo.hosting.shipped.write import NotingEncoder, examples
from demo.session import everyday
from demo.session.presets import PRESETS
from demo.session.readers import Facts, LaterEncoder
from demo.settings import EMBEDDED
from llu_core.encoders.cache import CachedEncoder
from llu_core.encoders.encoder import OpenClipEncoder
from support.toy_encoder import ToyEncoder

ROOT = Path(__file__).parents[3]
ANEW = "write them anew: python -m demo.hosting.shipped.write"
BETWEEN_MACHINES = 1e-3


@pytest.mark.parametrize("name", EMBEDDED)
def test_the_facts_are_those_of_the_model(name: str):
    assert shipped_facts(name) == Facts.of(OpenClipEncoder.load(name, device="cpu")), ANEW


def test_the_rows_are_all_that_the_examples_ask_as_the_model_gives_them(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(everyday, "_read", type(everyday._read)())  # they are asked anew
    encoder = OpenClipEncoder.load(EMBEDDED[0], device="cpu", precision="float32")
    noting = NotingEncoder(encoder)
    assert len(list(examples(noting))) == len(PRESETS)
    fresh, shipped = noting.rows, shipped_rows(encoder.identity)
    assert fresh.keys() == shipped.keys(), ANEW
    ours, theirs = (np.stack([rows[key] for key in fresh]) for rows in (fresh, shipped))
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=BETWEEN_MACHINES, err_msg=ANEW)


def test_no_other_model_is_given_these_rows():
    assert shipped_rows(ToyEncoder().identity) == {}
    assert shipped_rows(Facts.of(OpenClipEncoder.load(EMBEDDED[1], device="cpu")).identity) == {}


def test_a_model_of_other_files_is_loaded_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "picto"
    folder.mkdir()
    for path in models._FOLDERS[EMBEDDED[0]].iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    assert files_digest(folder) == files_digest(models._FOLDERS[EMBEDDED[0]])
    assert isinstance(getattr(embedded_encoder(EMBEDDED[0]), "encoder", None), LaterEncoder)
    settings = json.loads((folder / "open_clip_config.json").read_text())
    (folder / "open_clip_config.json").write_text(json.dumps(settings, indent=1))
    monkeypatch.setitem(models._FOLDERS, EMBEDDED[0], folder)
    monkeypatch.setattr(models, "shipped_facts", shipped_facts.__wrapped__)
    assert models.shipped_facts(EMBEDDED[0]) is None
    monkeypatch.setattr("demo.hosting.encoders.shipped_facts", models.shipped_facts)
    loaded = embedded_encoder(EMBEDDED[0])
    assert isinstance(loaded, RecentEncoder)
    assert isinstance(loaded.encoder, OpenClipEncoder)


def test_where_a_gpu_is_borrowed_the_examples_are_read_without_it_and_find_their_rows():
    plain = OpenClipEncoder.load(EMBEDDED[0], device="cpu")
    embedder = Examples(RecentEncoder(BorrowingEncoder(plain)), EMBEDDED[0])._embedder
    assert isinstance(embedder, RecentEncoder)
    assert embedder.encoder is plain
    assert shipped_rows(embedder.identity)


def test_what_comes_with_the_app_is_not_cached_besides(tmp_path: Path):
    encoder = embedded_encoder(EMBEDDED[0])
    assert Examples(encoder, EMBEDDED[0], cache=tmp_path)._embedder is encoder
    assert isinstance(Examples(ToyEncoder(), "toy", cache=tmp_path)._embedder, CachedEncoder)


HEAVY = ("open_clip", "timm", "torchvision", "torch._dynamo", "sympy", "sklearn", "scipy", "umap", "numba")
PROGRAM = f"""
import sys
from demo.launch import build
from demo.payloads.explorer import explorer_payload
from demo.payloads.summary import status_line, summary
from demo.session.presets import PRESETS
from demo.session.training import train_adapter
from demo.settings import Settings
from llu_core.method.recipes import RECIPES
from llu_core.steps import drain

app = build(Settings())
examples = app.host.examples
examples.prepare()
examples._preparing.join()
app.host.forget_old()
for title in PRESETS:
    session = examples.get(app.host.store.get("ada"), title)
    for shown in (session, drain(train_adapter(session, RECIPES["fast"]))):  # as it comes, and as a visitor trains it
        explorer_payload(shown), summary(shown), status_line(shown), shown.encoder.title, shown.encoder.note
        shown.reader_of(shown.require_model().trained)
print(*(name for name in {HEAVY} if name in sys.modules))
app.host.close()
"""


def test_examples_are_prepared_shown_and_trained_again_without_any_model():
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
