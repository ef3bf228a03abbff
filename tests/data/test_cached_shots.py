"""Cached shots are pickles: Dassl's one class is understood, and nothing else can be asked for."""

import contextlib
import os
import pickle
import pickletools
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llu_core.data.coop import cached_shots
from llu_core.data.coop.cached_shots import CachedPicture, cached_shots_file, re_root, read_cached_shots
from llu_core.errors import LluError
from support.dataset_folders import pickled, write_cached_shots

ROWS = [("/home/x/data/dtd/images/banded/a.jpg", 0, "banded"), ("/home/x/data/dtd/images/dotted/b.jpg", 1, "dotted")]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shot_1-seed_1.pkl"


def test_what_coop_writes_is_read_without_dassl(tmp_path: Path):
    path = write_cached_shots(tmp_path, 16, 1, {"train": ROWS, "val": ROWS[:1]})
    assert path == cached_shots_file(tmp_path, 16, 1)
    shots = read_cached_shots(path)
    assert shots.train == tuple(CachedPicture(*row) for row in ROWS)
    assert shots.validation == shots.train[:1]
    assert not any(name.startswith("dassl") for name in sys.modules)


def test_a_file_without_val_has_no_validation(tmp_path: Path):
    assert read_cached_shots(write_cached_shots(tmp_path, 1, 1, {"train": ROWS})).validation == ()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_of_pickle_is_read(file: Path, protocol: int):
    def older(datum) -> bytes:
        return pickle.dumps({"train": [datum(*row) for row in ROWS]}, protocol=protocol)

    inner: list[bytes] = []
    pickled(lambda datum: inner.append(older(datum)))
    file.write_bytes(inner[0])
    if protocol < 2:  # these call copyreg._reconstructor, a function like any other
        with pytest.raises(LluError, match="asks for copy"):
            read_cached_shots(file)
    else:
        assert len(read_cached_shots(file).train) == 2


class Runs:
    """Unpickled without care, this touches a file."""

    def __init__(self, function, *arguments) -> None:
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def attacks(marker: Path) -> dict[str, bytes]:
    command = f"touch {marker}"
    return {
        "os.system": pickle.dumps(Runs(os.system, command)),
        "subprocess": pickle.dumps({"train": [Runs(subprocess.call, ["touch", str(marker)])]}),
        "eval": pickle.dumps(Runs(eval, f"open({str(marker)!r}, 'w')")),
        "getattr": pickle.dumps(Runs(getattr, "", "join")),
        "old protocol": b"cos\nsystem\n(S'" + command.encode() + b"'\ntR.",
        "instance opcode": b"(S'" + command.encode() + b"'\nios\nsystem\n.",
        "object opcode": b"(cos\nsystem\nS'" + command.encode() + b"'\no.",
        "stack global": b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c"
        + bytes([len(command)])
        + command.encode()
        + b"\x85R.",
        "below the known class": b"\x80\x04\x8c\x20dassl.data.datasets.base_dataset\x8c\x0eDatum.__init__\x93.",
        "beside the known class": b"cdassl.data.datasets.base_dataset\nos\n.",
        "known name, other module": b"cos\nDatum\n.",
        "extension": b"\x80\x02\x82\x01.",
        "ordered dict": pickle.dumps(OrderedDict(train=[])),
        "set of builtins": b"cbuiltins\nexec\n.",
    }


@pytest.mark.parametrize("name", attacks(Path("x")))
def test_a_file_that_asks_for_any_other_name_is_refused_before_it_is_called(tmp_path: Path, file: Path, name: str):
    marker = tmp_path / "ran"
    file.write_bytes(attacks(marker)[name])
    with pytest.raises(LluError, match=rf"{file.name} asks for .*not loaded") as caught:
        read_cached_shots(file)
    assert "\n" not in str(caught.value)
    assert not marker.exists()


def test_the_attacks_would_work_on_a_careless_reader(tmp_path: Path):
    marker = tmp_path / "ran"
    pickle.loads(attacks(marker)["os.system"])
    assert marker.exists()


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30), st.text(max_size=30))
def test_only_one_name_is_known(module: str, name: str):
    reader = cached_shots._Reader(b"")
    if (module, name) == cached_shots.KNOWN_CLASS:
        return
    with pytest.raises(cached_shots._Refused):
        reader.find_class(module, name)


def test_the_known_class_is_a_stand_in_that_does_nothing():
    stand_in = cached_shots._Reader(b"").find_class(*cached_shots.KNOWN_CLASS)
    assert set(vars(stand_in)) == set(vars(type("Datum", (), {})))
    with pytest.raises(TypeError):
        stand_in("argument")


def test_what_a_file_writes_into_the_class_ends_with_the_file(file: Path, tmp_path: Path):
    # BUILD on the class itself: (None, {"_impath": "planted"})
    datum = b"cdassl.data.datasets.base_dataset\nDatum\n"
    file.write_bytes(b"\x80\x02" + datum + b"(NX\x07\x00\x00\x00_impathX\x07\x00\x00\x00planted" + b"d" + b"tb.")
    with pytest.raises(LluError):
        read_cached_shots(file)
    assert not hasattr(cached_shots._Reader(b"").stand_in, "_impath")


def test_a_file_cannot_make_the_reader_take_all_memory(file: Path):
    file.write_bytes(b"\x80\x04]r\xff\xff\xff\x7f.")  # memo number 2 ** 31 - 1
    with pytest.raises(LluError, match="must hold a dict"):
        read_cached_shots(file)
    file.write_bytes(b"\x80\x04\x8e" + (2**60).to_bytes(8, "little") + b"x.")
    with pytest.raises(LluError, match="damaged"):
        read_cached_shots(file)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda datum: [datum(*ROWS[0])], "dict with the list train"),
        (lambda datum: {"val": []}, "dict with the list train"),
        (lambda datum: {"train": {}}, "dict with the list train"),
        (lambda datum: {"train": [], "val": 3}, "val must be a list"),
        (lambda datum: {"train": [ROWS[0]]}, r"train\[0\] must be a Datum"),
        (lambda datum: {"train": [datum(*ROWS[0]), datum("a.jpg", "0", "a")]}, r"train\[1\] must be a Datum"),
        (lambda datum: {"train": [datum("a.jpg", True, "a")]}, r"train\[0\] must be a Datum"),
        (lambda datum: {"train": [datum(b"a.jpg", 0, "a")]}, r"train\[0\] must be a Datum"),
        (lambda datum: {"train": [datum]}, r"train\[0\] must be a Datum"),
    ],
)
def test_other_content_is_named(file: Path, make, says: str):
    file.write_bytes(pickled(make))
    with pytest.raises(LluError, match=says):
        read_cached_shots(file)


@pytest.mark.parametrize("data", [b"", b"\x80", b"no pickle", b"\x80\x05."])
def test_what_is_no_pickle_is_refused(file: Path, data: bytes):
    file.write_bytes(data)
    with pytest.raises(LluError, match="damaged or no list of shots"):
        read_cached_shots(file)


def test_a_file_that_is_too_large_is_not_read(file: Path, monkeypatch: pytest.MonkeyPatch):
    file.write_bytes(bytes(100))
    monkeypatch.setattr(cached_shots, "MAX_CACHE_BYTES", 99)
    with pytest.raises(LluError, match="too large"):
        read_cached_shots(file)


def test_a_missing_file_is_refused(file: Path):
    with pytest.raises(LluError, match="No such file"):
        read_cached_shots(file)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8))
def test_damaged_bytes_give_shots_or_an_error(file: Path, damage: list[tuple[int, int]]):
    data = bytearray(pickled(lambda datum: {"train": [datum(*row) for row in ROWS]}))
    for position, value in damage:
        data[position % len(data)] = value
    file.write_bytes(data)
    with contextlib.suppress(LluError):
        assert read_cached_shots(file).train is not None


KNOWN = {"banded/a.jpg", "a.jpg", "images/a.jpg"}


@pytest.mark.parametrize(
    ("path", "folder", "expected"),
    [
        ("/home/x/dtd/images/banded/a.jpg", ("images",), "banded/a.jpg"),
        ("C:/data/dtd/images/banded/a.jpg", ("images",), "banded/a.jpg"),
        ("/images/y/images/a.jpg", ("images",), "a.jpg"),
        ("/home/x/stanford_cars/a.jpg", ("stanford_cars",), "a.jpg"),
        ("/x/images/images/a.jpg", ("images",), "images/a.jpg"),
        ("/x/a/b/banded/a.jpg", ("a", "b"), "banded/a.jpg"),
        ("/x/b/banded/a.jpg", ("a", "b"), None),
        ("/x/images/other.jpg", ("images",), None),
        ("/x/images/../../a.jpg", ("images",), None),
        ("banded/a.jpg", ("images",), None),
        ("", ("images",), None),
    ],
)
def test_paths_of_another_disk_are_re_rooted(path: str, folder: tuple[str, ...], expected: str | None):
    assert re_root(path, folder, KNOWN) == expected


def test_windows_paths_are_read(tmp_path: Path):
    path = write_cached_shots(tmp_path, 1, 1, {"train": [(r"C:\data\dtd\images\a.jpg", 0, "a")]})
    assert read_cached_shots(path).train[0].path == "C:/data/dtd/images/a.jpg"


def test_the_miniature_file_names_datum_alone(tmp_path: Path):
    data = write_cached_shots(tmp_path, 1, 1, {"train": ROWS}).read_bytes()
    texts = {argument for _, argument, _ in pickletools.genops(data) if isinstance(argument, str)}
    assert set(cached_shots.KNOWN_CLASS) <= texts
