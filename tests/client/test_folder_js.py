"""The zip that the page packs from a folder, read by Python and taken by the core."""

import base64
import io
import zipfile
from collections.abc import Iterator, Mapping

import pytest
from playwright.sync_api import Browser, Page

from support.modules import module_page

pytestmark = pytest.mark.browser

LIMITS = {"bytes": 2 * 2**20, "pictures": 5, "classes": 2, "suffixes": [".png"]}
PACK = """async (files) => {
    const found = files.map(([path, text]) => ({ path, file: text === null ? null : new File([text], "x") }));
    const bytes = new Uint8Array(await (await zipOf(found, "mine")).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}"""


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    page = module_page(chromium, "cards/folder.js")
    yield page
    page.close()


def packed(page: Page, files: Mapping[str, str | None]) -> zipfile.ZipFile:
    data = base64.b64decode(page.evaluate(PACK, list(files.items())))
    return zipfile.ZipFile(io.BytesIO(data))


def test_python_reads_the_zip_back(page: Page):
    files = {"Füchse/ä.png": "one", "Füchse/🦊 2.png": "", "a 'b' \"c\" <i>/x.png": "three ✓" * 1000}
    archive = packed(page, files)
    assert archive.testzip() is None
    assert {name: archive.read(name).decode() for name in archive.namelist()} == files


def test_an_empty_folder_stays_a_folder(page: Page):
    archive = packed(page, {"set/cat/1.png": "x", "set/dog": None})
    assert archive.namelist() == ["set/cat/1.png", "set/dog/"]
    assert archive.infolist()[1].is_dir()


def test_several_folders_that_wrap_classes_are_unwrapped(page: Page):
    files = {"one/cat/1.png": "a", "two/cat/1.png": "b", "dog/1.png": "c"}
    assert packed(page, files).namelist() == ["cat/1.png", "cat/1 (2).png", "dog/1.png"]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["cat/1.png", "cat/2.png", "loose.png"], ""),
        (["one/cat/1.png", "two/cat/1.png"], "2 folders are read as one set: one, two."),
        ([f"{n}/1.png" for n in range(8)], "8 folders are read as one set: 0, 1, 2, 3, 4, 5 and 2 more."),
    ],
)
def test_folders_that_become_one_set_are_named(page: Page, paths: list[str], expected: str):
    assert page.evaluate("(paths) => readAsOne(paths.map((path) => ({ path, file: {} })))", paths) == expected


def test_a_path_cannot_lead_elsewhere(page: Page):
    assert packed(page, {"C:cat/a\\b.png": "x", "C:cat/c.png": ""}).namelist() == ["C cat/a_b.png", "C cat/c.png"]


@pytest.mark.parametrize(
    ("paths", "size", "expected"),
    [
        (["a/1.png", "b/1.png", "test/a/2.png"], 10, ""),
        (["a/readme.txt"], 10, "There is no picture in that folder."),
        ([f"a/{i}.png" for i in range(6)], 10, "The folder holds 6 pictures; the page takes 5."),
        (["a/1.png", "b/1.png", "c/1.png"], 10, "The folder holds 3 classes; the page takes 2."),
        (["a/1.png", "a/2.png"], 3 * 2**19, "The folder holds 3 MB; the page takes 2 MB at a time."),
    ],
)
def test_the_limits_are_checked_before_packing(page: Page, paths, size, expected):
    script = "([paths, size, limits]) => whyNotPackable(paths.map((path) => ({ path, file: { size } })), limits)"
    assert page.evaluate(script, [paths, size, LIMITS]) == expected
