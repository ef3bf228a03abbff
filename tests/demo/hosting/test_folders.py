"""Temporary folders: gone with their process, however it ended, and swept by age."""

import os
import subprocess
import sys
import time
from pathlib import Path

from demo.hosting.folders import LOCK, forget_old_files, own_folder

OTHER = """
import sys, time
from demo.hosting.folders import own_folder
folder = own_folder("llu-test-folder-")
print(folder.name, flush=True)
time.sleep(60)
"""


def test_the_folder_of_a_killed_process_is_deleted_at_the_next_start(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    foreign = tmp_path / "llu-test-folder-of-something-else"
    foreign.mkdir()
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", OTHER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        other = Path(process.stdout.readline().strip())
        (other / "a.png").write_bytes(b"a")
        first = own_folder("llu-test-folder-")
        assert (other / "a.png").exists(), "its process lives"
        process.kill()
    assert other.exists()
    second = own_folder("llu-test-folder-")
    assert not other.exists()
    assert foreign.exists()
    assert Path(first.name).exists(), "its process is this one"
    first.cleanup()
    second.cleanup()


def test_files_are_swept_by_age_and_folders_once_empty(tmp_path):
    for name, age in (("old/a.png", 700), ("young/b.png", 500), ("tmpabc", 700), (LOCK, 10_000)):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
        then = time.time() - age
        os.utime(path, (then, then))
    forget_old_files(tmp_path)
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"b.png", LOCK}
    then = time.time() - 700
    os.utime(tmp_path / "old", (then, then))
    forget_old_files(tmp_path)
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {"young"}
