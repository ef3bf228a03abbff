"""Faults of machine and network, each brought about: nothing is lost, nothing half-made is taken for whole."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from gradio import Error
from PIL import Image

from demo.page.faults import friendly
from demo.session.session import Session
from llu_core.data.bundles import save_bundle
from llu_core.encoders.cache import CachedEncoder
from llu_core.encoders.encoder import OpenClipEncoder, choose_device
from llu_core.errors import LluError
from llu_core.method.checkpoint import TrainedAdapter
from support.adapters import logits
from support.adapters import trained as adapter
from support.toy_encoder import CountingEncoder, ToyEncoder, shards

ROOT = Path(__file__).parents[3]


@contextmanager
def full_disk() -> Iterator[None]:
    """No file can grow beyond a few bytes meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_the_saved_adapter_as_it_was(tmp_path: Path):
    before = adapter()
    before.save_pretrained(tmp_path)
    with full_disk(), pytest.raises(LluError, match=r"cannot be written to .*; choose another place"):
        adapter(beta=0.25).save_pretrained(tmp_path)
    assert torch.equal(logits(TrainedAdapter.from_pretrained(tmp_path)), logits(before))
    assert {path.name for path in tmp_path.iterdir()} == {"config.json", "adapter.safetensors", "README.md"}


def test_a_full_disk_leaves_no_half_bundle(trained: Session, tmp_path: Path):
    assert trained.model is not None
    with full_disk(), pytest.raises(LluError, match="cannot be written"):
        save_bundle(tmp_path / "b.npz", trained.model.shots)
    assert not [*tmp_path.glob("b.npz*"), *tmp_path.glob(".*")]


def test_with_a_full_disk_embeddings_are_not_kept_and_work_goes_on(
    toy_encoder: ToyEncoder, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    cached = CachedEncoder(toy_encoder, tmp_path)
    with full_disk():
        assert torch.equal(cached.encode_texts(["a"]), toy_encoder.encode_texts(["a"]))
    assert "cannot be kept" in caplog.text
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_full_disk_is_told_on_the_page():
    def write() -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(Error, match=r"The disk of this server is full\."):
        friendly(write)()


def test_what_nobody_foresaw_is_told_without_its_words():
    def fail() -> None:
        raise KeyError("grandmother.jpg")

    with pytest.raises(Error, match="Something broke in the app itself") as told:
        friendly(fail)()
    assert not told.value.print_exception
    assert "grandmother" not in told.value.message


def test_names_in_messages_are_not_markup_on_the_page():
    def refuse() -> None:
        raise LluError("there is no class called <img src=x onerror=alert(1)>")

    with pytest.raises(Error) as told:
        friendly(refuse)()
    assert told.value.message == "there is no class called &lt;img src=x onerror=alert(1)&gt;"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that not even root can write to")
def test_a_cache_that_cannot_be_written_costs_time_only(toy_encoder: ToyEncoder, caplog: pytest.LogCaptureFixture):
    cached = CachedEncoder(toy_encoder, "/proc/llu-cache")
    assert torch.equal(cached.encode_texts(["a"]), toy_encoder.encode_texts(["a"]))
    assert "cannot be kept" in caplog.text


KILLED = """
import os, sys
sys.path[:0] = ["tests"]
from support.adapters import trained as adapter
name, kill_at, real = sys.argv[2], int(sys.argv[3]), getattr(os, sys.argv[2])
def killing(*args):
    global kill_at
    kill_at -= 1
    if not kill_at:
        os.kill(os.getpid(), 9)
    real(*args)
setattr(os, name, killing)
adapter(beta=0.25).save_pretrained(sys.argv[1])
"""


@pytest.mark.parametrize("place", [("fsync", "1"), ("replace", "2")], ids=["in the weights", "between the files"])
def test_a_process_killed_while_saving_leaves_the_old_adapter_or_a_clear_error(tmp_path: Path, place):
    before = adapter()
    before.save_pretrained(tmp_path)
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path, *place], cwd=ROOT, capture_output=True)
    assert done.returncode == -9, done.stderr.decode()
    if place[0] == "fsync":
        assert torch.equal(logits(TrainedAdapter.from_pretrained(tmp_path)), logits(before))
    else:
        with pytest.raises(LluError, match="were not written together"):
            TrainedAdapter.from_pretrained(tmp_path)
    again = adapter(beta=0.25)
    again.save_pretrained(tmp_path)
    assert torch.equal(logits(TrainedAdapter.from_pretrained(tmp_path)), logits(again))


def test_what_a_killed_process_left_in_the_cache_is_ignored_and_done_again(
    toy_encoder: ToyEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def killed(*paths) -> None:
        raise SystemExit

    monkeypatch.setattr("llu_core.files.writing.os.replace", killed)
    monkeypatch.setattr(Path, "unlink", lambda path, missing_ok=False: None)  # a killed process tidies nothing up
    with pytest.raises(SystemExit):
        CachedEncoder(toy_encoder, tmp_path).encode_texts(["a"])
    monkeypatch.undo()
    assert [path.suffix for path in tmp_path.rglob("*") if path.is_file()] == [".partial"]
    counting = CountingEncoder()
    CachedEncoder(counting, tmp_path).encode_texts(["a"])
    assert counting.encoded == 1
    assert len(shards(tmp_path)) == 1


def pictures(count: int) -> list[Image.Image]:
    return [Image.new("RGB", (32, 32), (20 * n, 0, 0)) for n in range(count)]


def test_without_memory_for_a_batch_smaller_ones_are_tried(tiny_model: str, monkeypatch: pytest.MonkeyPatch):
    encoder = OpenClipEncoder.load(tiny_model, device="cpu", batch_size=8)
    expected, whole, sizes = encoder.encode_images(pictures(7)), encoder.model.encode_image, []

    def encode_image(pixels: torch.Tensor) -> torch.Tensor:
        sizes.append(len(pixels))
        if len(pixels) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole(pixels)

    monkeypatch.setattr(encoder.model, "encode_image", encode_image)
    torch.testing.assert_close(encoder.encode_images(pictures(7)), expected)
    assert sizes == [7, 3, 1, 1, 1, 1, 1, 1, 1]
    assert encoder.note == "Loaded from a folder."


def test_without_memory_for_one_picture_the_cpu_takes_over_and_says_so(
    tiny_model: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    encoder = OpenClipEncoder.load(tiny_model, device="cpu")
    expected = encoder.encode_images(pictures(3))
    on_cuda = replace(encoder, device=torch.device("cuda"), batch_size=8, precision="fp16")
    on_a_device = OpenClipEncoder._encoded

    def encoded(self: OpenClipEncoder, encode, batch) -> torch.Tensor:
        if self.place.device.type == "cuda":
            raise torch.OutOfMemoryError("CUDA out of memory")
        return on_a_device(self, encode, batch)

    monkeypatch.setattr(OpenClipEncoder, "_encoded", encoded)
    torch.testing.assert_close(on_cuda.encode_images(pictures(3)), expected)
    assert "goes on with the CPU" in caplog.text
    assert on_cuda.note == "Loaded from a folder. cuda ran out of memory, so it works on the CPU, more slowly."


def test_without_memory_on_the_cpu_there_is_no_way_out(tiny_model: str, monkeypatch: pytest.MonkeyPatch):
    encoder = OpenClipEncoder.load(tiny_model, device="cpu")

    def encode_image(pixels: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(encoder.model, "encode_image", encode_image)
    with pytest.raises(torch.OutOfMemoryError):
        encoder.encode_images(pictures(3))


def test_without_cuda_the_cpu_is_chosen(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert choose_device(None).type == "cpu"
    with pytest.raises(LluError, match="not available on this machine"):
        choose_device("cuda")
