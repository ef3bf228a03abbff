"""What `evaluate` and `report` read and write: rows, predictions, templates, reports of several runs."""

import csv
import json
from pathlib import Path

import pytest

from llu_core.cli.main import main
from llu_core.data.bundles import save_bundle
from support.sample_pictures import write_zip
from support.synthetic import problem

FAST = ["--seeds", "1,2", "--shots", "4"]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A set of exactly four shots a class, so that every seed draws the same."""
    return str(save_bundle(tmp_path_factory.mktemp("bundles") / "a.npz", problem()))


def lines_of(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "rows.jsonl").read_text(encoding="utf-8").splitlines()]


def report_of(folder: Path) -> str:
    return (folder / "report.md").read_text(encoding="utf-8")


def test_a_second_command_adds_to_the_report_of_a_folder(bundle: str, tmp_path: Path):
    out = ["--out", str(tmp_path)]
    assert main(["evaluate", "base-to-new", bundle, *FAST, "--methods", "clip", *out]) == 0
    assert main(["evaluate", "base-to-new", bundle, *FAST, "--methods", "llu,llu@paper", *out]) == 0
    assert main(["evaluate", "timing", bundle, "--methods", "rla", "--batch-sizes", "1", *out]) == 0
    text = report_of(tmp_path)
    for system in ("| CLIP |", "| LLU (fast) |", "| LLU, recipe paper |", "| RLA |"):
        assert system in text
    assert text.count("- command: `") >= 1
    for command in ("base-to-new", "timing"):
        assert f"- command: `python -m llu_core evaluate {command} {bundle}" in text


def test_a_report_is_made_from_rows_alone(bundle: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["evaluate", "base-to-new", bundle, *FAST, "--methods", "clip,llu", "--out", str(tmp_path)]) == 0
    before = report_of(tmp_path)
    for file in tmp_path.iterdir():
        if file.name != "rows.jsonl":
            file.unlink()
    assert main(["report", str(tmp_path)]) == 0
    assert report_of(tmp_path) == before
    assert (tmp_path / "summary.md").is_file()
    assert main(["report", str(tmp_path), "--measures", "recall,ece"]) == 0
    assert "| base: mean per-class recall | new: mean per-class recall |" in report_of(tmp_path)
    assert capsys.readouterr().err == ""


def test_a_measure_that_is_named_twice_has_its_columns_once(bundle: str, tmp_path: Path):
    options = ["--seeds", "1", "--shots", "4", "--methods", "clip", "--measures", "ece,ece", "--out", str(tmp_path)]
    assert main(["evaluate", "base-to-new", bundle, *options]) == 0
    before = report_of(tmp_path)
    assert main(["report", str(tmp_path), "--measures", "ece,ece"]) == 0
    assert report_of(tmp_path) == before


def test_a_bundle_without_more_to_draw_from_is_one_run(bundle: str, tmp_path: Path):
    file = tmp_path / "rows.json"
    options = [*FAST, "--methods", "clip", "--out", str(tmp_path), "--json", str(file)]
    assert main(["evaluate", "base-to-new", bundle, *options]) == 0
    *rows, mean = json.loads(file.read_text(encoding="utf-8"))
    assert [row["seed"] for row in rows] == [1, 2]
    assert len({row["draw"] for row in rows}) == 1
    assert (mean["runs"], mean["base_std"]) == (1, None)
    assert "seeds 1, 2 drew the same pictures" in report_of(tmp_path)
    assert "embedded by an unknown model" in report_of(tmp_path)
    assert "±" not in report_of(tmp_path).split("### a,")[1].split("\n\n")[1]


def test_rows_go_into_a_table_too(bundle: str, tmp_path: Path):
    files = tmp_path / "new" / "rows.csv", tmp_path / "new" / "rows.json"
    asked = ["--csv", str(files[0]), "--json", str(files[1])]
    assert main(["evaluate", "base-to-new", bundle, *FAST, "--methods", "clip,llu", *asked]) == 0
    table = list(csv.DictReader(files[0].read_text(encoding="utf-8").splitlines()))
    rows = json.loads(files[1].read_text(encoding="utf-8"))
    assert [line["method"] for line in table] == [row["method"] for row in rows]
    for column in ("base", "base_recall", "new_ece"):
        assert [float(line[column]) for line in table] == pytest.approx([row[column] for row in rows])
    assert [line["recipe"] for line in table] == ["", "fast"] * 3


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_predictions_have_a_line_a_picture_also_of_what_was_computed_before(bundle: str, tmp_path: Path, jobs: str):
    command = ["evaluate", "base-to-new", bundle, "--seeds", "1", "--shots", "2", "--methods", "clip,llu"]
    command += ["--out", str(tmp_path / "report"), "--jobs", jobs]
    assert main(command) == 0
    file = tmp_path / "answers.jsonl"
    assert main([*command, "--predictions", str(file)]) == 0
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 2 * len(problem().test)
    assert {line["method"]: line["alpha"] is None for line in lines} == {"clip": True, "llu": False}
    assert {line["part"] for line in lines} == {"base", "new"}
    assert all(0 < line["probability"] <= 1 and isinstance(line["right"], bool) for line in lines)


def test_templates_of_a_file_take_the_place_of_a_sources_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "templates.txt").write_text("a drawing of a {}.\n\n{}\n", encoding="utf-8")
    given = ["--templates", str(tmp_path / "templates.txt"), "--out", str(tmp_path / "report")]
    source = ["picto:counts", "--methods", "clip", "--seeds", "1", "--shots", "1"]
    assert main(["evaluate", "base-to-new", *source, "--out", str(tmp_path / "report")]) == 0
    assert main(["evaluate", "base-to-new", *source, *given]) == 0
    first, second = (line for line in lines_of(tmp_path / "report") if "part" in line)
    assert second["configuration"]["templates"] == ["a drawing of a {}.", "{}"]
    assert first["cell"] != second["cell"]
    assert "templates: 'a drawing of a {}.', '{}'" in report_of(tmp_path / "report")
    assert "left out: 1 rows of base-to-new" in report_of(tmp_path / "report")
    assert capsys.readouterr().err == ""


def test_a_bundle_says_that_templates_do_not_apply(bundle: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "templates.txt").write_text("a {}", encoding="utf-8")
    options = ["--methods", "clip", "--seeds", "1", "--templates", str(tmp_path / "templates.txt")]
    assert main(["evaluate", "base-to-new", bundle, *options]) == 0
    assert "a: its class texts were embedded elsewhere" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--measures", "top5,f1"], "unknown measure f1; choose from: top5, recall, ece"),
        (["--csv", "{tmp}"], "is a folder; name a file for the rows"),
        (["--predictions", "{tmp}"], "is a folder; name a file for the rows"),
        (["--templates", "{tmp}/none.txt"], "none.txt cannot be read (No such file or directory); name a file"),
        (["--templates", "{tmp}/empty.txt"], "empty.txt has 0 templates; give 1 to 1,000, a line each"),
        (["--templates", "{tmp}/plain.txt"], "The template 'a photo' has no {}"),
        (["--templates", "{tmp}/binary.txt"], "binary.txt is no text in UTF-8"),
        (["--methods", "clip@paper"], "unknown method clip@paper"),
        (["--methods", "llu@papier"], "unknown recipe 'papier'"),
    ],
)
def test_bad_input_is_one_line(options: list[str], says: str, bundle: str, tmp_path: Path, capsys):
    (tmp_path / "empty.txt").write_text("\n\n")
    (tmp_path / "plain.txt").write_text("a photo\n")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00{}")
    given = [text.replace("{tmp}", str(tmp_path)) for text in options]
    assert main(["evaluate", "base-to-new", bundle, *given]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line


def test_a_folder_without_rows_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for folder in (tmp_path, tmp_path / "none"):
        assert main(["report", str(folder)]) == 2
        assert "holds no rows.jsonl" in capsys.readouterr().err


def test_a_made_up_set_is_for_timing_alone(capsys: pytest.CaptureFixture[str]):
    assert main(["evaluate", "cross-dataset", "random:3", "random:2", "--methods", "clip", "--model", "picto"]) == 2
    assert "random:3 has no test images" in capsys.readouterr().err


def test_two_commands_on_pictures_tell_the_model(tmp_path: Path):
    source = str(write_zip(tmp_path / "pictures.zip"))
    options = ["--methods", "clip", "--seeds", "1", "--shots", "1", "--model", "picto", "--batch-sizes", "1"]
    assert main(["evaluate", "timing", source, *options, "--out", str(tmp_path / "report")]) == 0
    assert "model picto; device " in report_of(tmp_path / "report")
    assert "`pictures`: embedded by picto" in report_of(tmp_path / "report")
