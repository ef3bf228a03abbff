"""Features of data folders: once, resumable, in shards, with every unreadable picture named."""

import pickle
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from llu_core.data import picture_rows, selection
from llu_core.data.augmentation import view
from llu_core.data.coop.datasets import DATASETS, open_dataset
from llu_core.data.embedding import extract, extract_shard
from llu_core.data.features import Features
from llu_core.data.pictures import ImageSource
from llu_core.data.sources import open_source
from llu_core.encoders.cache import CachedEncoder
from llu_core.encoders.encoder import OpenClipEncoder
from llu_core.errors import LluError
from support.dataset_folders import write_dataset
from support.toy_encoder import ToyEncoder


@dataclass(frozen=True)
class Recorder(ToyEncoder):
    """A toy encoder that counts, and breaks down after `breaks_after` pictures."""

    encoded: list[int] = field(default_factory=list)
    breaks_after: int | None = None

    def encode_images(self, images: Sequence[Image.Image]) -> torch.Tensor:
        if self.breaks_after is not None and sum(self.encoded) + len(images) > self.breaks_after:
            raise KeyboardInterrupt
        self.encoded.append(len(images))
        return super().encode_images(images)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(selection, "CHUNK_ROWS", 5)


@pytest.fixture
def pets(tmp_path: Path) -> ImageSource:
    write_dataset(tmp_path, "oxford_pets")
    return open_dataset(tmp_path, "oxford_pets")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def same(one: Features, other: Features) -> None:
    """Raise unless the two are equal bit for bit."""
    for part in ("train", "test"):
        assert torch.equal(getattr(one.problem, part).embeddings, getattr(other.problem, part).embeddings)
        assert getattr(one.problem, part).names == getattr(other.problem, part).names
    assert torch.equal(one.validation.embeddings, other.validation.embeddings)
    assert (one.views is None) == (other.views is None)
    assert one.views is None or (other.views is not None and torch.equal(one.views, other.views))


@pytest.mark.parametrize("name", DATASETS)
def test_every_layout_becomes_the_rows_of_its_pictures(tmp_path: Path, toy_encoder: ToyEncoder, name: str):
    write_dataset(tmp_path, name)
    source = open_dataset(tmp_path, name)
    features = extract(source, toy_encoder)
    for rows, pictures in (
        (features.problem.train, source.train),
        (features.validation, source.validation),
        (features.problem.test, source.test),
    ):
        assert rows.names == tuple(each.name for each in pictures)
        assert rows.labels.tolist() == [each.label for each in pictures]
        assert torch.equal(rows.embeddings, toy_encoder.encode_images([each.read() for each in pictures]))
    prompts = [source.templates[0].replace("{}", each) for each in source.class_names]
    assert torch.equal(features.problem.class_embeddings, toy_encoder.encode_texts(prompts))
    assert features.problem.encoder_identity == toy_encoder.identity
    assert features.class_ids == source.class_ids
    assert features.views is None


def test_a_draw_from_the_features_is_the_draw_from_the_pictures(pets: ImageSource, toy_encoder: ToyEncoder):
    drawn, sampled = extract(pets, toy_encoder, views=1).draw(2, 3), pets.sample(2, 3)
    assert drawn.problem.train.names == tuple(each.name for each in sampled.train)
    assert drawn.validation.names == tuple(each.name for each in sampled.validation)


def test_views_are_those_of_the_augmentation(pets: ImageSource, toy_encoder: ToyEncoder):
    features = extract(pets, toy_encoder, views=3, seed=7)
    assert features.views is not None
    assert features.views.shape == (3, len(pets.train), toy_encoder.width)
    picture = pets.train[4]
    expected = view(picture.read(), picture_rows.VIEW_SIDE, seed=7, name=picture.name, number=2)
    assert torch.equal(features.views[2, 4], toy_encoder.encode_images([expected])[0])
    assert len(features.problem.test) == len(pets.test)


def test_views_have_the_size_that_the_encoder_sees(tiny_model: str):
    encoder = OpenClipEncoder.load(tiny_model, device="cpu")
    assert encoder.image_size == 32
    assert picture_rows._image_size(CachedEncoder(encoder, "unused")) == 32


def test_a_second_run_decodes_and_encodes_nothing(pets: ImageSource, cache: Path, monkeypatch: pytest.MonkeyPatch):
    first = extract(pets, Recorder(), views=2, folder=cache)
    encoder = Recorder()
    monkeypatch.setattr("llu_core.data.coop.datasets.decode", lambda *_, **__: pytest.fail("a picture was decoded"))
    same(extract(pets, encoder, views=2, folder=cache), first)
    assert encoder.encoded == []


def test_the_rows_lie_in_safetensors_files_of_the_data_set(pets: ImageSource, cache: Path):
    extract(pets, Recorder(), folder=cache)
    files = [path for path in cache.rglob("*") if path.is_file()]
    assert files
    assert {path.suffix for path in files} == {".safetensors"}
    assert {path.parent.name for path in files} == {"oxford_pets"}


@pytest.mark.parametrize("breaks_after", [0, 4, 17, 40])
def test_a_run_that_was_killed_goes_on_where_it_was(pets: ImageSource, cache: Path, breaks_after: int):
    expected = extract(pets, ToyEncoder(), views=1)
    broken = Recorder(breaks_after=breaks_after)
    with pytest.raises(KeyboardInterrupt):
        extract(pets, broken, views=1, folder=cache)
    second = Recorder()
    same(extract(pets, second, views=1, folder=cache), expected)
    rows = 2 * len(pets.train) + len(pets.validation) + len(pets.test)
    assert sum(broken.encoded) + sum(second.encoded) == rows


@pytest.mark.parametrize("shards", [1, 2, 3, 50])
def test_shards_together_give_the_rows_of_one_run(pets: ImageSource, cache: Path, shards: int):
    expected = extract(pets, ToyEncoder(), views=2, seed=4)
    counted = []
    for number in reversed(range(shards)):
        worker = Recorder()
        extract_shard(pets, worker, shard=(number, shards), folder=cache, views=2, seed=4)
        counted.append(sum(worker.encoded))
    joining = Recorder()
    same(extract(pets, joining, views=2, seed=4, folder=cache), expected)
    assert joining.encoded == []
    assert sum(counted) == 3 * len(pets.train) + len(pets.validation) + len(pets.test)
    assert shards > 3 or max(counted) - min(counted) <= 10


def test_shards_of_a_real_encoder_agree_bit_for_bit(pets: ImageSource, cache: Path, tiny_model: str):
    encoder = OpenClipEncoder.load(tiny_model, device="cpu")
    expected = extract(pets, encoder, views=1)
    for number in range(3):
        extract_shard(pets, encoder, shard=(number, 3), folder=cache, views=1)
    same(extract(pets, encoder, views=1, folder=cache), expected)


@pytest.mark.parametrize("shard", [(2, 2), (-1, 2), (0, 0)])
def test_a_shard_that_does_not_exist_is_refused(pets: ImageSource, cache: Path, shard: tuple[int, int]):
    with pytest.raises(LluError, match="there is no shard"):
        extract_shard(pets, ToyEncoder(), shard=shard, folder=cache)


def test_only_what_the_draws_need_is_embedded(pets: ImageSource):
    encoder = Recorder()
    features = extract(pets, encoder, draws=[(1, 1), (2, 2)])
    wanted = {each.name for drawn in (pets.sample(1, 1), pets.sample(2, 2)) for each in drawn.train}
    assert set(features.problem.train.names) == wanted
    assert len(features.problem.test) == len(pets.test)
    whole = extract(pets, ToyEncoder()).draw(2, 2)
    assert torch.equal(features.draw(2, 2).problem.train.embeddings, whole.problem.train.embeddings)
    with pytest.raises(LluError, match="5 shots with seed 1 were not embedded"):
        features.draw(5, 1)


def test_no_draws_embed_the_test_pictures_alone(pets: ImageSource):
    encoder = Recorder()
    features = extract(pets, encoder, draws=(), views=2)
    assert sum(encoder.encoded) == len(pets.test)
    assert (len(features.problem.train), len(features.validation)) == (0, 0)


def test_a_source_without_test_pictures_and_draws_has_no_rows(pets: ImageSource, toy_encoder: ToyEncoder):
    features = extract(replace(pets, test=()), toy_encoder, draws=(), views=2)
    assert (len(features.problem.train), len(features.problem.test)) == (0, 0)


def test_a_further_draw_computes_only_what_is_new(pets: ImageSource, cache: Path):
    extract(pets, ToyEncoder(), draws=[(1, 1)], folder=cache)
    encoder = Recorder()
    extract(pets, encoder, folder=cache)
    drawn = pets.sample(1, 1)
    everything = len(pets.train) + len(pets.validation) + len(pets.test)
    assert sum(encoder.encoded) == everything - len(drawn.train) - len(drawn.validation) - len(pets.test)


def test_unreadable_pictures_are_named_and_tried_again(pets: ImageSource, cache: Path, tmp_path: Path):
    images = tmp_path / "oxford_pets" / "images"
    sound = (images / pets.train[3].name).read_bytes()
    (images / pets.train[3].name).write_bytes(sound[:40])
    (images / pets.test[2].name).unlink()
    for _ in range(2):
        encoder = Recorder()
        features = extract(pets, encoder, views=1, folder=cache)
        assert [each.name for each in features.problem.rejected] == [pets.train[3].name, pets.test[2].name]
        assert "No such file" in features.problem.rejected[1].reason
        assert len(features.problem.test) == len(pets.test) - 1
        assert features.views is not None
        assert features.views.shape[1] == len(features.problem.train) == len(pets.train) - 1
    assert encoder.encoded == []
    (images / pets.train[3].name).write_bytes(sound)
    mended = extract(pets, Recorder(), views=1, folder=cache)
    assert [each.name for each in mended.problem.rejected] == [pets.test[2].name]


def test_a_picture_that_changed_is_embedded_anew(pets: ImageSource, cache: Path, tmp_path: Path):
    extract(pets, ToyEncoder(), folder=cache)
    Image.new("RGB", (16, 12), "teal").save(tmp_path / "oxford_pets" / "images" / pets.test[0].name, "JPEG")
    encoder = Recorder()
    features = extract(pets, encoder, folder=cache)
    assert encoder.encoded == [1]
    assert torch.equal(features.problem.test.embeddings[0], encoder.encode_images([pets.test[0].read()])[0])


def test_nothing_readable_is_an_error(pets: ImageSource, toy_encoder: ToyEncoder, tmp_path: Path):
    for path in (tmp_path / "oxford_pets" / "images").rglob("*.jpg"):
        path.write_bytes(b"broken")
    with pytest.raises(LluError, match=r"oxford_pets has no readable training .* abyssinian/train_000\.jpg \(not a J"):
        extract(pets, toy_encoder)
    with pytest.raises(LluError, match=r"oxford_pets has no readable test picture; left out: abyssinian/test_"):
        extract(pets, toy_encoder, draws=())


def test_a_data_set_travels_to_workers(pets: ImageSource, toy_encoder: ToyEncoder):
    same(extract(pickle.loads(pickle.dumps(pets)), toy_encoder), extract(pets, toy_encoder))


def test_progress_counts_pictures(pets: ImageSource, toy_encoder: ToyEncoder, cache: Path):
    told: list[tuple[int, int]] = []
    extract(pets, toy_encoder, folder=cache, progress=lambda done, total: told.append((done, total)))
    assert (told[0], told[-1]) == ((0, 42), (42, 42))
    assert [done for done, _ in told] == sorted({done for done, _ in told})


def test_models_and_seeds_do_not_share_rows(pets: ImageSource, cache: Path):
    extract(pets, Recorder("toy 1"), views=1, seed=1, folder=cache)
    other = Recorder("toy 2")
    extract(pets, other, views=1, seed=1, folder=cache)
    assert sum(other.encoded) == 60
    again = Recorder("toy 1")
    extract(pets, again, views=1, seed=2, folder=cache)
    assert sum(again.encoded) == 2 * len(pets.train)


def test_large_photographs_are_encoded_in_smaller_batches(
    pets: ImageSource, toy_encoder: ToyEncoder, monkeypatch: pytest.MonkeyPatch
):
    expected = extract(pets, toy_encoder)
    monkeypatch.setattr(picture_rows, "BATCH_PIXELS", 2 * 16 * 12)
    encoder = Recorder()
    same(extract(pets, encoder), expected)
    assert max(encoder.encoded) == 2


def test_a_cached_encoder_is_not_filled_with_what_files_tell(pets: ImageSource, cache: Path):
    inner = Recorder()
    features = extract(pets, CachedEncoder(inner, cache), folder=cache)
    same(features, extract(pets, ToyEncoder()))
    assert not list(cache.glob("*/images/*"))
    assert list(cache.glob("*/texts/*"))


def test_pictures_without_files_are_left_to_the_encoder(cache: Path):
    source = open_source("picto:counts")
    assert isinstance(source, ImageSource)
    source = replace(source, train=source.train[:3], test=source.test[:2])
    first = extract(source, CachedEncoder(Recorder(), cache), views=1, folder=cache)
    encoder = Recorder()
    same(extract(source, CachedEncoder(encoder, cache), views=1, folder=cache), first)
    assert encoder.encoded == []
    assert not list(cache.glob("*/pictures/*"))


@pytest.mark.parametrize("packed", [False, True])
def test_class_folders_and_zips_are_recognised_by_their_files(tmp_path: Path, cache: Path, packed: bool):
    folder = tmp_path / "flowers"
    for name, colour in (("rose/a.png", "red"), ("iris/a.png", "blue")):
        (folder / name).parent.mkdir(parents=True)
        Image.new("RGB", (8, 8), colour).save(folder / name)
    place = shutil.make_archive(str(tmp_path / "packed"), "zip", folder) if packed else str(folder)
    opened = [open_source(place) for _ in range(2)]
    encoders = [Recorder(), Recorder()]
    for source, encoder in zip(opened, encoders, strict=True):
        assert isinstance(source, ImageSource)
        extract(source, encoder, folder=cache)
    assert [each.encoded for each in encoders] == [[2], []]
