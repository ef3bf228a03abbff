"""Asking about other pictures and other classes on the page, and taking results home."""

import csv
import math
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from llu_core.method.checkpoint import TrainedAdapter
from support.pages import add_zip, open_mode, open_save, state, train
from support.sample_pictures import picture_bytes, write_zip

pytestmark = pytest.mark.browser


def ask(page: Page, tmp_path: Path, name: str = "what.png") -> None:
    (tmp_path / name).write_bytes(picture_bytes(7))
    page.locator("#query input[type=file]").first.set_input_files(tmp_path / name)
    expect(page.locator(".selected .name")).to_have_text(name)


def test_a_picture_is_asked_about_explained_and_removed(page: Page, tmp_path: Path):
    before = page.locator(".tracequery .points path").count()
    ask(page, tmp_path)
    expect(page.locator(".selected .kind")).to_contain_text("your picture")
    expect(page.locator(".tracequery .points path")).to_have_count(before + 1)
    page.locator(".selected .remove").click()
    expect(page.locator(".tracequery .points path")).to_have_count(before)


def test_a_photograph_of_the_installation_is_asked_about(page: Page):
    open_mode(page, "ask")
    buttons = page.locator("#photographs button")
    expect(buttons).to_have_count(6)
    buttons.first.click()
    expect(page.locator(".selected .name")).to_have_text("lion.jpg")
    expect(page.locator(".selected .kind")).to_contain_text("your picture")


def test_a_pasted_class_joins_both_predictions_without_training(page: Page):
    model = state(page, "id")
    open_mode(page, "ask")
    page.locator("#new-class textarea, #new-class input").first.fill("<i>newt</i> \U0001f98e")
    page.locator("#add-class").click()
    expect(page.locator("#class-warning")).to_contain_text("never taught")
    page.locator("#add-class").click()
    expect(page.locator("#cards .card.unseen input.name").last).to_have_value("<i>newt</i> \U0001f98e")
    page.wait_for_function("lluExplorer.predict(.5, 20).length % 13 === 0")
    assert state(page, "id") == model
    assert page.locator("#explorer i", has_text="newt").count() == 0


def test_a_file_that_is_no_picture_is_refused_kindly(page: Page, tmp_path: Path):
    (tmp_path / "fake.png").write_bytes(b"no picture")
    page.locator("#query input[type=file]").first.set_input_files(tmp_path / "fake.png")
    message = page.locator(".toast-body")
    expect(message).to_be_visible()
    assert "Traceback" not in message.inner_text()


def test_adapter_and_predictions_are_downloaded(page: Page, tmp_path: Path):
    open_save(page)
    with page.expect_download() as download:
        page.locator("#download").click()
    download.value.save_as(tmp_path / "adapter.zip")
    with zipfile.ZipFile(tmp_path / "adapter.zip") as archive:
        archive.extractall(tmp_path / "adapter")
    assert TrainedAdapter.from_pretrained(tmp_path / "adapter").class_names
    with page.expect_download() as download:
        page.locator("#download-predictions").click()
    download.value.save_as(tmp_path / "predictions.csv")
    rows = list(csv.DictReader((tmp_path / "predictions.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) > 100


def test_what_is_downloaded_is_of_the_sliders_as_they_are(page: Page, tmp_path: Path):
    move_and_press = """([gamma, button]) => {
        lluExplorer.setGamma(gamma);
        document.querySelector(button).click();
    }"""
    with page.expect_download() as download:
        page.evaluate(move_and_press, [7, "#download"])
    download.value.save_as(tmp_path / "adapter.zip")
    assert TrainedAdapter.from_pretrained(tmp_path / "adapter.zip").adapter.gamma == 7
    with page.expect_download() as download:
        page.evaluate(move_and_press, [9, "#download-predictions"])
    download.value.save_as(tmp_path / "predictions.csv")
    rows = list(csv.DictReader((tmp_path / "predictions.csv").read_text(encoding="utf-8-sig").splitlines()))
    alpha = [math.exp(-9 * (1 - float(row["anchor_cosine"]))) for row in rows]
    assert [float(row["alpha"]) for row in rows] == pytest.approx(alpha, abs=1e-4)


def test_a_query_outlives_a_new_training(page: Page, tmp_path: Path):
    add_zip(page, write_zip(tmp_path / "mine.zip"))
    expect(page.locator("#cards input.name")).to_have_count(4)
    train(page)
    ask(page, tmp_path)
    train(page)
    expect(page.locator(".tracequery .points path")).to_have_count(1)
