"""What is printed, in odd encodings and with nobody left to read it; each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEAK = "from llu_core.terminal import finish, prepare, remark, say; prepare(); "
SAY = SPEAK + r"say('– синий \udce9'); remark('• 猫'); open('file', 'w').write('whole'); print(end=finish())"
shells = pytest.mark.skipif(os.name != "posix", reason="streams are closed by a shell")


def run(program: str, folder: Path, redirected: str = "", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """A program in `folder`, its streams redirected as a shell does it."""
    command = ["sh", "-c", f'exec "$0" -c "$1" {redirected}', sys.executable, program]
    given = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, check=False)


@pytest.mark.parametrize("encoding", ["cp932", "cp437", "latin-1", "ascii", "ascii:strict", "utf-8:strict"])
def test_a_character_that_the_encoding_lacks_is_replaced(encoding: str, tmp_path: Path):
    done = run(SAY, tmp_path, PYTHONIOENCODING=encoding)
    assert (done.returncode, (tmp_path / "file").read_text()) == (0, "whole")
    assert done.stdout.count(b"\n") == 1
    assert done.stdout.decode(encoding.partition(":")[0]).rstrip().endswith("?")
    assert b"Error" not in done.stderr


@shells
@pytest.mark.parametrize("redirected", ["2>&-", ">&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_leads_nowhere(redirected: str, tmp_path: Path):
    done = run(SAY, tmp_path, redirected)
    assert (done.returncode, (tmp_path / "file").read_text()) == (0, "whole")
    assert b"Traceback" not in done.stderr


@shells
def test_what_is_said_to_a_reader_that_left_costs_nothing(tmp_path: Path):
    program = SPEAK + "[say('line') for _ in range(100_000)]; open('file', 'w').write('whole'); print(end=finish())"
    command = f'PYTHONPATH={ROOT} {sys.executable} -c "{program}" | head -1'
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, check=False)
    assert (done.stdout, done.stderr) == (b"line\n", b"")
    assert (tmp_path / "file").read_text() == "whole"


@shells
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_below_standard_output_fails_the_command_in_a_line(tmp_path: Path):
    arguments = "from llu_core.cli.main import main; import sys; sys.exit(main(['--help']))"
    done = run(arguments, tmp_path, ">/dev/full")
    assert b"Traceback" not in done.stderr
    done = run(SPEAK + "say('x'); remark(finish())", tmp_path, ">/dev/full")
    assert done.stderr == b"No space left on device\n"


@shells
def test_a_command_with_closed_streams_writes_its_files(tmp_path: Path):
    command = "from llu_core.cli.main import main; import sys; sys.exit(main(sys.argv[1:]))"
    arguments = "evaluate base-to-new picto:digits --methods clip --seeds 1 --shots 1 --json rows.json"
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -c "$1" {arguments} >&- 2>&-', sys.executable, command],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0
    assert (tmp_path / "rows.json").read_bytes().startswith(b"[\n")
