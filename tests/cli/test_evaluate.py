"""`evaluate`: every protocol on small bundles and data folders, its report, its resuming, its refusals."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from llu_core.cli.main import main
from llu_core.data.bundles import save_bundle
from llu_core.data.features import Features
from llu_core.evaluation.inputs import SourceFeatures
from support.synthetic import problem

FAST = ["--methods", "clip,llu", "--seeds", "1", "--shots", "2"]


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("bundles")
    return [str(save_bundle(folder / f"{name}.npz", problem(seed=seed))) for seed, name in ((5, "a"), (6, "b"))]


def rows_of(file: Path) -> list[dict]:
    return json.loads(file.read_text(encoding="utf-8"))


def test_cross_dataset_trains_on_the_first_source(bundles: list[str], tmp_path: Path):
    file = tmp_path / "rows.json"
    assert main(["evaluate", "cross-dataset", *bundles, *FAST, "--json", str(file)]) == 0
    cells = [(row["source"], row["target"], row["method"], row["seed"]) for row in rows_of(file)]
    assert cells[:4] == [("a", "a", "clip", 1), ("a", "b", "clip", 1), ("a", "a", "llu", 1), ("a", "b", "llu", 1)]
    assert {row["accuracy"] is not None for row in rows_of(file)} == {True}


def test_domain_shift_tests_the_same_classes(bundles: list[str], tmp_path: Path):
    file = tmp_path / "rows.json"
    arguments = ["--methods", "clip,tip-adapter", "--seeds", "1", "--shots", "2", "--json", str(file)]
    assert main(["evaluate", "domain-shift", *bundles, *arguments]) == 0
    assert all(row["accuracy"] is not None for row in rows_of(file))


def test_ablation_takes_every_variant(bundles: list[str], tmp_path: Path):
    file = tmp_path / "rows.json"
    assert main(["evaluate", "ablation", bundles[0], "--seeds", "1", "--shots", "2", "--json", str(file)]) == 0
    rows = [row for row in rows_of(file) if row["seed"] is not None]
    assert len(rows) == 8
    assert all(row["distance_to_identity"] > 0 for row in rows)


def test_timing(bundles: list[str], tmp_path: Path):
    file = tmp_path / "rows.json"
    assert main(["evaluate", "timing", bundles[0], "--methods", "clip,rla", "--json", str(file)]) == 0
    assert [row["seconds"] is not None for row in rows_of(file)] == [False] * 6 + [True] * 6


def test_timing_over_sizes_of_a_made_up_set(tmp_path: Path):
    file = tmp_path / "rows.json"
    sizes = ["--classes", "2,12", "--batch-sizes", "1,64", "--methods", "llu,clip-adapter", "--model", "picto"]
    sizes += ["--device", "cpu"]  # also where there is a GPU, whose rows name it instead
    assert main(["evaluate", "timing", "random:12", *sizes, "--json", str(file)]) == 0
    made = [(row["method"], row["classes"], row["batch_size"]) for row in rows_of(file)]
    sizes = [(2, 1), (2, 64), (12, 1), (12, 64)]
    assert made == [(method, *size) for method in ("llu", "llu-fast", "clip-adapter") for size in sizes]
    assert all(row["seconds"] > 0 and row["memory_bytes"] > 0 and row["held_bytes"] > 0 for row in rows_of(file))
    assert all("one thread" in row["where"] for row in rows_of(file))


def test_all_writes_a_report_and_keeps_its_rows(bundles: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    command = ["evaluate", "all", *bundles, *FAST, "--out", str(tmp_path / "report")]
    assert main(command) == 0
    report = (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    for heading in ("Base to new", "Cross-dataset", "Ablation", "Time and memory"):
        assert f"## {heading}" in report
    assert "0 of them kept" in report
    *rows, run = (tmp_path / "report" / "rows.jsonl").read_text().splitlines()
    assert main(command) == 0
    assert (tmp_path / "report" / "rows.jsonl").read_text().splitlines()[:-1] == [*rows, run]
    count = len({json.loads(row)["cell"] for row in rows})
    assert len(json.loads(run)["run"]["cells"]) == count
    assert f"{count} cells in" in (again := (tmp_path / "report" / "report.md").read_text(encoding="utf-8"))
    assert f"{count} of them kept" in again
    assert capsys.readouterr().err == ""


def test_all_leaves_out_protocols_without_a_chosen_method(bundles: list[str], tmp_path: Path):
    file = tmp_path / "rows.json"
    options = ["--methods", "clip", "--shots", "2", "--seeds", "1", "--out", str(tmp_path / "report")]
    assert main(["evaluate", "all", *bundles, *options, "--json", str(file)]) == 0
    assert {row["protocol"] for row in rows_of(file)} == {"base-to-new", "cross-dataset", "sequence", "timing"}


def test_two_files_of_one_name_are_kept_apart(tmp_path: Path):
    files = []
    for seed in (1, 2):
        (tmp_path / str(seed)).mkdir()
        files.append(str(save_bundle(tmp_path / str(seed) / "same.npz", problem(seed=seed))))
    file = tmp_path / "rows.json"
    assert main(["evaluate", "base-to-new", *files, *FAST, "--json", str(file)]) == 0
    means = [(row["source"], row["method"]) for row in rows_of(file) if row["seed"] is None]
    assert means == [("same", "clip"), ("same", "llu"), (files[1], "clip"), (files[1], "llu")]


def test_shots_and_methods_may_be_many(bundles: list[str], tmp_path: Path):
    file = tmp_path / "rows.json"
    options = ["--shots", "1, 2", "--seeds", "1,2", "--methods", "clip", "--json", str(file)]
    assert main(["evaluate", "base-to-new", *options, bundles[0]]) == 0
    assert [(row["shots"], row["seed"]) for row in rows_of(file)] == [
        (1, 1),
        (1, 2),
        (2, 1),
        (2, 2),
        (1, None),
        (2, None),
    ]


def test_a_source_that_cannot_be_used_leaves_the_others(
    bundles: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "rows.json"
    missing = str(tmp_path / "nothing.npz")
    assert main(["evaluate", "base-to-new", missing, bundles[0], *FAST, "--json", str(file)]) == 2
    assert {row["source"] for row in rows_of(file)} == {"a"}
    (line,) = capsys.readouterr().err.splitlines()
    assert "nothing.npz" in line


def test_a_failed_cell_is_named_and_the_others_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    sources = {"x": problem(new=0), "y": problem()}

    def load(self: SourceFeatures, name: str, draws, progress) -> Features:
        return Features.of(replace(sources[name], name=name))

    monkeypatch.setattr(SourceFeatures, "load", load)
    assert main(["evaluate", "base-to-new", "x", "y", *FAST, "--out", str(tmp_path / "report")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: x: all 4 class(es) are base classes")
    assert line.endswith("(base-to-new x clip, 2 shots, seed 1 and 1 more)")
    report = (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    assert "- base-to-new x llu, 2 shots, seed 1: x: all 4 class(es)" in report


def test_processes_give_the_same_numbers(bundles: list[str], tmp_path: Path):
    files = [tmp_path / "one.json", tmp_path / "two.json"]
    for jobs, file in zip("12", files, strict=True):
        assert main(["evaluate", "base-to-new", bundles[0], *FAST, "--jobs", jobs, "--json", str(file)]) == 0
    one, two = ([row | {"train_seconds": None} for row in rows_of(file)] for file in files)
    assert one == two


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["base-to-new", "x.npz", "--methods", "coup"], "unknown method coup; choose from: clip, coop"),
        (["base-to-new", "--datasets", "dtd"], "say with --root DIR where they lie"),
        (["base-to-new", "--root", "{tmp}", "--datasets", "ddt"], "unknown data set ddt; choose from: all"),
        (["base-to-new", "--root", "{tmp}", "--datasets", "dtd"], "dtd: expected images/ and split_zhou_Describ"),
        (["base-to-new", "x.npz", "--full"], "--full is the whole grid of the built-in sets"),
        (["base-to-new", "x.npz", "--out", "{tmp}/file/where"], "file cannot be made (File exists); name another"),
        (["base-to-new", "x.npz", "--json", "{tmp}"], "is a folder; name a file for the rows"),
        (["base-to-new", "x.npz", "--out", "{tmp}/file"], "is a file; name a folder for the report"),
        (["cross-dataset", "{tmp}"], "name at least two"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "file").touch()
    assert main(["evaluate", *(text.replace("{tmp}", str(tmp_path)) for text in arguments)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line


def test_unknown_options_are_misuse(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["evaluate", "base-to-new", "x", "--fast"])
    assert "unrecognized arguments: --fast" in capsys.readouterr().err


def test_an_older_file_stays_until_the_new_one_is_whole(bundles: list[str], tmp_path: Path, monkeypatch):
    file = tmp_path / "rows.json"
    file.write_text("older")

    def killed(*paths) -> None:
        raise SystemExit

    monkeypatch.setattr("llu_core.files.writing.os.replace", killed)
    with pytest.raises(SystemExit):
        main(["evaluate", "base-to-new", bundles[0], *FAST, "--json", str(file)])
    assert file.read_text() == "older"


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="needs /dev/stdout")
def test_the_rows_can_go_to_standard_output(bundles: list[str], capfd: pytest.CaptureFixture[str]):
    assert main(["evaluate", "base-to-new", bundles[0], *FAST, "--json", "/dev/stdout"]) == 0
    printed = capfd.readouterr().out
    assert json.loads(printed[printed.index("[\n") :])
    assert Path("/dev/stdout").is_symlink()


def test_what_is_named_twice_is_done_once_and_folders_are_made(bundles: list[str], tmp_path: Path):
    file = tmp_path / "new" / "folders" / "rows.json"
    twice = ["--methods", "clip,clip", "--seeds", "1,1,2", "--shots", "2,2", "--json", str(file)]
    assert main(["evaluate", "base-to-new", bundles[0], bundles[0], *twice]) == 0
    assert [(row["seed"], row["shots"]) for row in rows_of(file)] == [(1, 2), (2, 2), (None, 2)]
