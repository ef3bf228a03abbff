"""The report of a folder: its files, which rows it is of, what failed and how it was made."""

from dataclasses import replace
from pathlib import Path

import pytest

from llu_core.errors import LluError
from llu_core.evaluation.reporting.current import Current
from llu_core.evaluation.reporting.report import report_text, write_report
from llu_core.evaluation.results import AnyRow, Row, TransferRow
from llu_core.evaluation.runner import Cell
from llu_core.evaluation.store import ROWS, Recorded
from support.report_rows import BUNDLE, EMBEDDED, EVERYTHING, RUN, content, row, stored


def test_the_report_says_what_world_it_is_of_what_failed_and_how_it_was_made():
    made = replace(content(EVERYTHING), failed=(("base-to-new picto:a rla, 16 shots, seed 2", "it broke"),))
    text = report_text(made)
    assert "built-in picture world" in text
    assert "- base-to-new picto:a rla, 16 shots, seed 2: it broke" in text
    assert "- command: `python -m llu_core evaluate all`" in text
    assert "llu-explorer 9.8.7, torch 2" in text
    assert "2 cells in 12 s, 1 of them kept" in text
    assert "  - a note" in text
    assert "seeds: 1" in text


def test_the_picture_world_is_told_of_its_own_sources_only():
    real = [row("caltech101", "llu", 90, 80)]
    assert "picture world" not in report_text(content(real))
    mixed = report_text(content([*real, row("picto:a", "llu", 90, 80)]))
    assert "These numbers are of the built-in picture world" not in mixed
    assert "Of these sources, `picto:a` are of the built-in picture world, the others are not." in mixed


def test_the_report_says_what_embedded_each_source_by_which_templates_and_views():
    text = report_text(content([row("caltech63", "llu", 90, 80)]))
    assert "- `caltech63`: embedded by an unknown model with unknown templates" in text
    text = report_text(content([row("dtd", "llu", 90, 80)], EMBEDDED))
    told = "embedded by vit-b-16, 0123; templates: 'a photo of a {}.', 'a {}'; views per training picture: 4"
    assert f"- `dtd`: {told}" in text
    assert "ddof 1" in text
    assert "ddof 0" in text


def test_a_report_folder_holds_tables_and_figures(tmp_path: Path):
    stored(tmp_path / "new" / "report", EVERYTHING)
    path = write_report(tmp_path / "new" / "report")
    folder = path.parent
    pages = {"figure_2_accuracy_over_shots.html", "figure_3_time_and_memory.html", "table_4_ablation.html"}
    assert {file.name for file in folder.iterdir()} == {ROWS, "report.md", "summary.md", "plotly.min.js", *pages}
    assert all(f"({name})" in path.read_text(encoding="utf-8") for name in pages)
    assert all('src="plotly.min.js"' in (folder / name).read_text(encoding="utf-8") for name in pages)
    assert "it broke" in path.read_text(encoding="utf-8")


def test_a_folder_without_rows_has_no_report(tmp_path: Path):
    with pytest.raises(LluError, match=r"holds no rows\.jsonl; name the folder"):
        write_report(tmp_path)


def cell(key: str, each: AnyRow, **configuration: object) -> Recorded:
    return Recorded(key, BUNDLE | configuration, (each,))


def test_rows_of_other_data_or_settings_never_stand_beside_the_latest():
    old, new = row("s", "clip", 10, 10), row("s", "clip", 20, 20)
    other_seed = row("s", "clip", 30, 30, seed=2)
    current = Current.of([cell("1", old, system="v1"), cell("2", other_seed, system="v1"), cell("3", new, system="v2")])
    assert current.rows == (new,)
    assert "left out: 2 rows of base-to-new s that were made of other data or by other settings" in current.notes[0]
    llu = row("s", "llu", 40, 40)
    current = Current.of([cell("1", llu, problem="yesterday's"), cell("2", new, problem="today's")])
    assert current.rows == (new,)
    current = Current.of([cell("1", llu), cell("2", new), Recorded("3", {}, (other_seed,))])
    assert current.rows == (llu, new)
    assert "left out: 1 rows of an earlier release" in current.notes[0]


def test_a_second_run_adds_to_what_a_folder_holds_and_the_last_one_asked_for_counts(tmp_path: Path):
    store = stored(tmp_path, [row("s", "clip", 10, 10)])
    store = stored(tmp_path, [row("s", "clip", 10, 10), row("s", "llu", 20, 20)])
    again = stored(tmp_path, [row("s", "clip", 30, 30)], BUNDLE | {"problem": "other data"})
    assert [each.base for each in Current.of(again.content().cells).rows if isinstance(each, Row)] == [30]
    asked = tuple(Cell(BUNDLE | {"at": at}, lambda: list).key for at in (0, 1))
    again.add_run(replace(RUN, cells=asked))
    assert [each.base for each in Current.of(store.content().cells).rows if isinstance(each, Row)] == [10, 20]


def test_transfer_to_further_targets_joins_the_table_of_its_source(tmp_path: Path):
    def to(target: str, targets: dict[str, str]) -> Recorded:
        moved = TransferRow("cross-dataset", "s", target, "llu", 16, 1, 70.0, 0.5)
        return Recorded(target, BUNDLE | {"targets": targets}, (moved,))

    first, second = to("a", {"a": "1"}), to("b", {"b": "2"})
    assert len(Current.of([first, second]).rows) == 2
    assert len(Current.of([first, second, to("a", {"a": "changed"})]).rows) == 2


def test_a_torn_script_of_the_figures_is_written_again(tmp_path: Path):
    stored(tmp_path, EVERYTHING)
    write_report(tmp_path)
    whole = (tmp_path / "plotly.min.js").read_bytes()
    (tmp_path / "plotly.min.js").write_bytes(whole[:-1000])
    write_report(tmp_path)
    assert (tmp_path / "plotly.min.js").read_bytes() == whole


@pytest.mark.parametrize("killed_at", range(6))
def test_a_process_killed_anywhere_leaves_every_file_of_a_report_old_or_new(tmp_path: Path, monkeypatch, killed_at):
    stored(tmp_path, EVERYTHING)
    write_report(tmp_path)
    names = {path.name for path in tmp_path.iterdir()} - {ROWS}
    assert len(names) == 6
    for name in names:
        (tmp_path / name).write_text("older")
    replaced: list[str] = []

    def replace_until_killed(source: Path, target: Path) -> None:
        if len(replaced) == killed_at:
            raise SystemExit
        replaced.append(Path(source).rename(target).name)

    monkeypatch.setattr("llu_core.files.writing.os.replace", replace_until_killed)
    with pytest.raises(SystemExit):
        write_report(tmp_path)
    assert {path.name for path in tmp_path.iterdir() if path.read_text() == "older"} == names - set(replaced)


def test_names_that_are_no_valid_text_do_not_end_a_report(tmp_path: Path):
    stored(tmp_path, [row("caf\udce9", "llu", 100, 50)])
    assert "caf?" in write_report(tmp_path).read_text(encoding="utf-8")
