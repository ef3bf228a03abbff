"""Files are there whole or not at all."""

import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from llu_core.files.writing import taking_turns, write_text, write_whole


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


def plant(folder: Path, name: str, age: float) -> Path:
    path = folder / name
    if name.startswith(".part-"):
        path.mkdir()
        (path / "config.json").write_text("half")
    else:
        path.write_bytes(b"half")
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def test_what_killed_processes_left_long_ago_is_swept_and_nothing_else(tmp_path: Path):
    hexadecimal, day = "0123456789abcdef" * 2, 86400.0
    plant(tmp_path, f".{hexadecimal}.partial", day)
    plant(tmp_path, ".part-abc_1234", day)
    young = plant(tmp_path, f".{hexadecimal[::-1]}.partial", 60.0)
    others = [plant(tmp_path, name, day) for name in (".mine.partial", ".part-of-the-set", "a.partial")]
    write_text(tmp_path / "file", "new")
    assert set(tmp_path.iterdir()) == {tmp_path / "file", young, *others}


def test_a_name_that_is_no_valid_text_costs_a_question_mark_not_the_older_file(tmp_path: Path):
    (tmp_path / "file").write_text("older")
    write_text(tmp_path / "file", "caf\udce9 é")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "caf? é"


def test_of_a_link_the_file_that_it_leads_to_is_replaced(tmp_path: Path):
    (tmp_path / "file").write_text("older")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    with ThreadPoolExecutor() as pool:
        read = pool.submit((tmp_path / "pipe").read_text)
        write_text(tmp_path / "pipe", "new")
        assert read.result(30) == "new"
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="needs /dev/stdout")
@pytest.mark.parametrize("into_file", [True, False])
def test_standard_output_takes_the_content_between_what_is_printed(tmp_path: Path, into_file: bool):
    code = "from pathlib import Path; from llu_core.files.writing import write_text; print('before'); "
    code += "write_text(Path('/dev/stdout'), 'content\\n'); print('after')"
    with (tmp_path / "out").open("wb") as file:
        out = file if into_file else subprocess.PIPE
        done = subprocess.run([sys.executable, "-c", code], stdout=out, check=True)
    printed = (tmp_path / "out").read_bytes() if into_file else done.stdout
    assert printed.split() == [b"before", b"content", b"after"]
    assert Path("/dev/stdout").is_symlink()


def test_whoever_takes_turns_with_a_folder_waits_for_the_other(tmp_path: Path):
    inside: list[int] = []

    def enter(number: int) -> bool:
        with taking_turns(tmp_path):
            inside.append(number)
            time.sleep(0.05)
            alone = inside == [number]
            inside.clear()
            return alone

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(enter, range(4)))


def test_a_process_that_is_killed_at_any_moment_leaves_a_whole_file(tmp_path: Path):
    target = tmp_path / "report.json"
    program = (
        "import sys; from pathlib import Path; from llu_core.files.writing import write_text\n"
        "for k in range(10**9):\n"
        "    write_text(Path(sys.argv[1]), str(k % 10) * 300_000)\n"
        "    if k == 0: print('ready', flush=True)\n"
    )
    generator = random.Random(0)
    for _ in range(12):
        with subprocess.Popen([sys.executable, "-c", program, target], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(generator.uniform(0, 0.02))
            process.kill()
        content = target.read_text()
        assert len(content) == 300_000
        assert set(content) == {content[0]}
