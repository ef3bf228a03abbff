"""What the reader of an upload's form leaves behind."""

import errno

import pytest
from gradio.route_utils import GradioUploadFile
from starlette.datastructures import Headers

from demo.page.uploads_only import _Parser
from support.requests import run_apart

HEAD = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'


def test_an_upload_onto_a_full_disk_leaves_no_file(tmp_path, monkeypatch):
    """What stayed would keep the disk full."""

    async def write(self, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async def stream():
        yield HEAD + b"a" * 1000

    monkeypatch.setattr(GradioUploadFile, "write", write)
    headers = Headers({"content-type": "multipart/form-data; boundary=x"})
    parser = _Parser(headers, stream(), upload_dir=tmp_path, max_file_size=10**6)
    with pytest.raises(OSError, match="No space left"):
        run_apart(parser.parse())
    assert not list(tmp_path.iterdir())
