"""Files are there whole or not at all."""

from pathlib import Path

import pytest

from llu_core.files.writing import write_whole


def fail(file) -> None:
    file.write(b"half")
    raise RuntimeError("in the middle")


def test_a_file_is_written_and_replaced(tmp_path: Path):
    for content in (b"first", b"second"):
        write_whole(tmp_path / "file", lambda file, content=content: file.write(content), to_disk=True)
        assert (tmp_path / "file").read_bytes() == content
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("before", [None, b"older"])
def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path: Path, before: bytes | None):
    if before is not None:
        (tmp_path / "file").write_bytes(before)
    with pytest.raises(RuntimeError):
        write_whole(tmp_path / "file", fail)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == ([] if before is None else [before])


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path: Path):
    with pytest.raises(OSError, match="No such file"):
        write_whole(tmp_path / "nowhere" / "file", lambda file: file.write(b""))
