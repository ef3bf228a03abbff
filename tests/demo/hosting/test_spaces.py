"""Hosting: the Spaces header, the container recipe, ZeroGPU, and the app started as Spaces starts it."""

import ctypes
import importlib.util
import json
import os
import pickle
import re
import shutil
import signal
import stat
import subprocess
import sys
import types
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import yaml
from gradio_client import Client, handle_file

import demo.hosting.gpu
from demo.settings import ON_SPACES
from llu_core.encoders.backbones import pretrained_config
from llu_core.encoders.encoder import OpenClipEncoder
from llu_core.encoders.model_table import BACKBONES
from support.app_fixtures import PATIENCE, started
from support.sample_pictures import picture_bytes, write_zip

Space = tuple[str, subprocess.Popen, Path, list[str]]
ROOT = Path(__file__).parents[3]
HEADER = yaml.safe_load((ROOT / "README.md").read_text(encoding="utf-8").split("---\n")[1])
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")

COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
KINDS = {
    "title": str, "emoji": str, "colorFrom": str, "colorTo": str, "sdk": str, "python_version": str,
    "sdk_version": str, "suggested_hardware": str, "app_file": str, "app_port": int, "base_path": str,
    "fullWidth": bool, "header": str, "short_description": str, "models": list, "datasets": list, "tags": list,
    "thumbnail": str, "pinned": bool, "hf_oauth": bool, "disable_embedding": bool, "startup_duration_timeout": str,
    "custom_headers": dict, "preload_from_hub": list, "license": str,
}  # fmt: skip
"""The keys that https://huggingface.co/docs/hub/spaces-config-reference documents, and `license` of every card."""


def test_the_header_keeps_to_the_documented_schema():
    assert set(HEADER) <= set(KINDS)
    assert all(isinstance(value, KINDS[key]) for key, value in HEADER.items())
    assert {HEADER["colorFrom"], HEADER["colorTo"]} <= COLOURS
    assert HEADER["sdk"] == "gradio"
    assert len(HEADER["short_description"]) <= 60
    assert HEADER["suggested_hardware"] == "cpu-basic"
    assert re.fullmatch(r"3\.\d+", HEADER["python_version"])
    assert f'requires-python = ">={HEADER["python_version"]}"' in (ROOT / "pyproject.toml").read_text()
    assert (ROOT / HEADER["app_file"]).is_file()
    assert (ROOT / "requirements.txt").is_file()


def test_the_weights_that_are_preloaded_are_those_that_are_asked_for():
    backbone = BACKBONES[ON_SPACES]
    repository = pretrained_config(backbone.model, backbone.pretrained)["hf_hub"].rstrip("/")
    assert HEADER["preload_from_hub"] == [f"{repository} open_clip_model.safetensors"]
    assert HEADER["models"] == [repository]


def test_the_container_is_built_from_the_same_requirements_for_a_user_without_rights():
    lines = [line for line in DOCKERFILE.splitlines() if line and not line.startswith("#")]
    assert lines[0] == f"FROM python:{HEADER['python_version']}-slim"
    assert any(line.startswith("RUN pip install") and "-r requirements.txt" in line for line in lines)
    users = [line.split()[1] for line in lines if line.startswith("USER")]
    assert users == ["app"]
    assert "useradd" in DOCKERFILE[: DOCKERFILE.index("USER app")]
    copied = {part for line in lines if line.startswith("COPY") for part in line.split()[1:-1]}
    assert all((ROOT / part).exists() for part in copied)
    assert {"app.py", "demo", "llu_core", "assets"} <= copied
    assert not any(line.startswith("COPY") for line in lines[lines.index("USER app") :])
    assert "/health" in DOCKERFILE
    assert lines[-1] == 'CMD ["python", "app.py"]'


def test_on_zero_gpu_only_plain_values_cross_to_the_other_process(monkeypatch: pytest.MonkeyPatch, tiny_model: str):
    calls = []

    def lend(duration: int):
        def decorate(fn):
            def other_process(*args):
                calls.append(fn.__name__)
                return pickle.loads(pickle.dumps(fn(*pickle.loads(pickle.dumps(args)))))

            return other_process

        return decorate

    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    monkeypatch.setitem(sys.modules, "spaces", types.SimpleNamespace(GPU=lend))
    gpu = imported_anew(demo.hosting.gpu)
    plain = OpenClipEncoder.load(tiny_model, device="cpu")
    borrowing, texts = gpu.with_borrowed_gpu(plain), [f"text {n}" for n in range(20)]
    rows = borrowing.encode_texts(texts)
    assert rows.device.type == "cpu"
    torch.testing.assert_close(rows, plain.encode_texts(texts))
    borrowing.encode_texts(texts[:3])
    assert calls == ["_encode"]
    assert gpu.at_home(types.SimpleNamespace(encoder=borrowing)) is plain


def imported_anew(module: types.ModuleType) -> types.ModuleType:
    """A second copy, which reads the environment of now; the first stays what others use."""
    spec = importlib.util.spec_from_file_location(module.__name__, module.__file__)
    assert spec is not None
    assert spec.loader is not None
    copy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copy)
    return copy


def give_up_rights() -> None:
    """Permissions count for root too, from the next program on: it loses the capabilities to pass over them."""
    if os.getuid() == 0:
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            assert ctypes.CDLL(None).prctl(24, capability, 0, 0, 0) == 0  # PR_CAPBSET_DROP


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Space]:
    """The app in a tree that it cannot write to, HOME elsewhere: (address, process, tree, printed lines)."""
    place = tmp_path_factory.mktemp("space")
    tree, home = place / "tree", place / "home"
    for name in ("app.py", "demo", "llu_core", "assets", "README.md"):
        tree.mkdir(exist_ok=True)
        if (ROOT / name).is_dir():  # as a clone has it, without what other tests' processes have compiled
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tree / name)
    home.mkdir()
    for path in [tree, *tree.rglob("*")]:
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home), "SPACE_ID": "someone/llu-explorer",
        "GRADIO_SERVER_NAME": "127.0.0.1", "HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1",
        "LLU_LIMITS": "pictures=40,calls_per_minute=500", "TMPDIR": str(home), "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    with started(environment, cwd=tree, preexec_fn=give_up_rights) as (address, process, printed):
        yield address, process, tree, printed
    for path in [tree, *tree.rglob("*")]:
        path.chmod(path.stat().st_mode | stat.S_IWUSR)


def visitor(address: str) -> Client:
    return Client(address, verbose=False, httpx_kwargs={"timeout": PATIENCE})


def get(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, ""


def test_a_space_is_healthy_and_tells_what_runs(space: Space):
    status, answer = get(space[0] + "health")
    assert status == 200
    assert json.loads(answer)["status"] == "ok"
    assert "LLU Explorer" in get(space[0] + "config")[1]


def test_a_visitor_of_a_space_trains_and_asks_within_its_limits(space: Space, tmp_path: Path):
    client = visitor(space[0])
    client.predict([handle_file(write_zip(tmp_path / "mine.zip", shots=4, tests=2))], "", api_name="/add_pictures")
    assert "12 pictures of 3 classes" in client.predict("fast", api_name="/train")[0]
    (tmp_path / "what.png").write_bytes(picture_bytes(7))
    assert client.predict(handle_file(tmp_path / "what.png"), api_name="/ask")["picture"] == "what.png"
    with pytest.raises(Exception, match="the page takes 40"):
        client.predict([handle_file(write_zip(tmp_path / "more.zip", shots=9, tests=9))], "", api_name="/add_pictures")
    with pytest.raises(Exception, match="works with picto and photo only"):
        client.predict("vit-b-16", "/etc/passwd", api_name="/load_model")
    assert client.predict(api_name="/summary")["trained"] is not None
    client.close()


def test_a_space_serves_its_own_files_only(space: Space):
    for path in (
        "/etc/passwd",
        f"{space[2]}/app.py",
        "app.py",
        "../../etc/passwd",
        f"{space[2]}/../home",
        "/proc/self/environ",
    ):
        assert get(f"{space[0]}gradio_api/file={path}")[0] in (403, 404), path
    for path in ("monitoring/summary", "gradio_api/monitoring/x", "docs"):
        assert get(space[0] + path)[0] in (401, 403, 404), path


def test_nothing_of_a_visitor_is_served_to_another(space: Space, tmp_path: Path):
    ada, ben = visitor(space[0]), visitor(space[0])
    (tmp_path / "secret-grandmother.png").write_bytes(picture_bytes(3))
    ada.predict([handle_file(tmp_path / "secret-grandmother.png")], "secret class", api_name="/add_pictures")
    for endpoint in ("/summary", "/pictures"):
        assert "secret" in json.dumps(ada.predict(api_name=endpoint))
        assert "secret" not in json.dumps(ben.predict(api_name=endpoint))
    assert "secret" not in get(space[0] + "config")[1]
    ada.close()
    ben.close()


def test_a_space_could_write_nothing_into_its_tree(space: Space):
    touch = [sys.executable, "-c", f"open({str(space[2] / 'demo' / 'new')!r}, 'w')"]
    tried = subprocess.run(touch, preexec_fn=give_up_rights, capture_output=True, text=True)
    assert "PermissionError" in tried.stderr
    assert not list(space[2].rglob("__pycache__"))


def test_a_space_stops_in_order_when_told_and_its_log_is_structured(space: Space):
    _, process, _, printed = space
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0, "".join(printed)
    lines = [json.loads(line) for line in printed if line.startswith("{")]
    assert {"started", "call", "stopping", "stopped"} <= {line["event"] for line in lines}
    text = json.dumps(lines)
    assert "secret" not in text
    assert "what.png" not in text
    assert "Traceback" not in "".join(printed)


def test_a_page_with_a_login_answers_only_those_who_know_it():
    environment = os.environ | {"LLU_LOGIN": "ada:open sesame", "HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
    with started(environment) as (address, _, _):
        assert get(address + "health")[0] == 200
        assert get(address + "config")[0] == 401
        for login in (None, ("ada", "guessed")):
            with pytest.raises(Exception, match=r"(?i)auth|login|credentials"):
                Client(address, verbose=False, auth=login)
        client = Client(address, verbose=False, auth=("ada", "open sesame"), httpx_kwargs={"timeout": PATIENCE})
        assert client.predict(api_name="/summary")["trained"] is not None
        client.close()
