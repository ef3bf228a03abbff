"""The protocol `sequence`: what is asked, its scores, its rows in files and reports, and the command."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from llu_core.cli.main import main
from llu_core.cli.printing import print_rows
from llu_core.data.bundles import save_bundle
from llu_core.data.fewshot import Control, FewShotSet
from llu_core.errors import LluError
from llu_core.evaluation.results import row_from_json, row_to_json
from llu_core.evaluation.sequence.problem import SequenceProblem
from llu_core.evaluation.sequence.protocol import SequenceTrial, run_sequence
from llu_core.evaluation.sequence.rows import SequenceRow
from llu_core.evaluation.sequence.scores import curve, sequence_scores
from support.synthetic import problem, rows, unit_rows


def named(seed: int, name: str, **changes) -> FewShotSet:
    made = problem(seed=seed)
    names = tuple(f"{name} {each}" for each in made.class_names)
    return replace(made, **({"name": name, "class_names": names} | changes))


def control(name: str, class_name: str) -> Control:
    return Control(name, (class_name, "q"), unit_rows(2, 32), rows(unit_rows(12, 32, 3), torch.arange(12) % 2, "x"))


class Oracle:
    """Knows the class of every test picture by its embedding, among whatever texts are given."""

    def __init__(self, sets: tuple[FewShotSet, ...]):
        self.pictures = torch.cat([each.test.embeddings for each in sets])
        self.texts = torch.cat([each.class_embeddings[each.test.labels] for each in sets])

    def logits(self, image_embeddings, class_embeddings):
        return self.texts[(image_embeddings @ self.pictures.T).argmax(dim=1)] @ class_embeddings.T


def test_every_picture_is_asked_among_the_classes_of_all_sets():
    seen: list[tuple[int, int]] = []
    asked = SequenceProblem.of([named(5, "a"), named(50, "b")])

    class Watched(Oracle):
        def logits(self, image_embeddings, class_embeddings):
            seen.append((len(image_embeddings), len(class_embeddings)))
            return super().logits(image_embeddings, class_embeddings)

    assert asked.accuracies(Watched(asked.sets), 1) == (100.0, 100.0, 100.0)
    assert seen == [(20, 8), (20, 8), (40, 16)]


def test_a_class_that_two_sets_name_is_one_class():
    first, second = named(5, "a"), named(50, "b")
    shared = replace(second, class_names=("a class 1", *second.class_names[1:]))
    asked = SequenceProblem.of([first, shared])
    assert asked.accuracies(Oracle(asked.sets), 1)[0] == 100.0
    assert [len(space.names) for space in asked._spaces] == [7, 8, 15]


def test_controls_with_a_class_of_any_set_are_left_out():
    first = named(5, "a", controls=(control("kept", "p"), control("of the other", "b class 1")))
    second = named(50, "b", controls=(control("kept", "p"), control("own", "r")))
    assert [each.name for each in SequenceProblem.of([first, second]).controls] == ["kept", "own"]


def test_what_is_no_sequence_is_refused():
    with pytest.raises(LluError, match="two sets at least"):
        SequenceProblem.of([named(5, "a")])
    with pytest.raises(LluError, match="differ in width"):
        SequenceProblem.of([named(5, "a"), replace(problem(width=16), name="b")])
    with pytest.raises(LluError, match="not embedded by one model"):
        SequenceProblem.of([named(5, "a", encoder_identity="x"), named(50, "b", encoder_identity="y")])
    with pytest.raises(LluError, match="not embedded by one model"):
        SequenceProblem.of([named(5, "a"), named(50, "b", logit_scale=50.0)])


def row(step: int, position: int, base: float) -> SequenceRow:
    return SequenceRow(
        protocol="sequence",
        source="a + b + c",
        target="abc"[position - 1],
        trained="abc"[step - 1],
        step=step,
        position=position,
        sets=3,
        method="clip",
        shots=4,
        seed=1,
        base=base,
        new=base + 1,
        joint=base + 2,
        elsewhere=90.0 + step,
        train_seconds=float(step),
        draw="d",
    )


def test_transfer_average_and_last_are_those_of_the_paper():
    table = [[80, 10, 30], [70, 90, 50], [60, 75, 95]]
    made = [row(step + 1, place + 1, base) for step, bases in enumerate(table) for place, base in enumerate(bases)]
    (score,) = sequence_scores(made)
    assert score.transfer == pytest.approx((10 + (30 + 50) / 2) / 2)
    assert score.average == pytest.approx(sum(map(sum, table)) / 9)
    assert (score.last, score.last_new, score.last_joint) == pytest.approx((230 / 3, 233 / 3, 236 / 3))
    assert (score.elsewhere, score.train_seconds, score.runs) == (93.0, 6.0, 1)
    assert curve(made, "base") == [80, 80, pytest.approx(230 / 3)]
    two = sequence_scores([*made, *(replace(each, seed=2, draw="e", base=0.0) for each in made)])
    assert (two[0].last, two[0].train_seconds, two[0].runs) == (pytest.approx(115 / 3), 6.0, 2)


def test_the_rows_of_a_trial_survive_their_file():
    sets = named(5, "a"), named(50, "b", controls=(control("kept", "p"),))
    made = run_sequence(SequenceTrial("llu-composed", 4, 1, sets))
    assert [(each.step, each.trained, each.target) for each in made] == [
        (1, "a", "a"),
        (1, "a", "b"),
        (2, "b", "a"),
        (2, "b", "b"),
    ]
    assert all(each.elsewhere is not None and each.recipe == "fast" for each in made)
    assert [row_from_json(row_to_json(each)) for each in made] == made


@pytest.fixture
def sources(tmp_path: Path) -> list[str]:
    return [str(save_bundle(tmp_path / f"{name}.npz", named(seed, name))) for name, seed in (("a", 5), ("b", 50))]


def test_the_command_writes_a_report_with_the_forgetting_curve(sources: list[str], tmp_path: Path):
    out, file = tmp_path / "report", tmp_path / "rows.json"
    command = ["evaluate", "sequence", *sources, "--shots", "4", "--seeds", "1,2"]
    assert main([*command, "--methods", "clip,llu-composed,llu-further", "--out", str(out), "--json", str(file)]) == 0
    written = json.loads(file.read_text())
    assert len(written) == 3 * 2 * 4 + 3
    assert {"transfer", "average", "last", "last_new", "last_joint"} <= written[-1].keys()
    report = (out / "report.md").read_text()
    assert "## Sets one after the other" in report
    assert "| LLU, composed (fast) |" in report
    assert "(forgetting_over_sets.html)" in report
    assert (out / "forgetting_over_sets.html").stat().st_size > 1000
    assert "**Sets one after the other.**" in (out / "summary.md").read_text()
    lines = (out / "rows.jsonl").read_text().count("\n")
    assert main([*command, "--methods", "clip,llu-composed,llu-further", "--out", str(out)]) == 0
    assert (out / "rows.jsonl").read_text().count("\n") == lines + 1  # the run alone: all cells were kept


def test_a_printed_row_tells_its_seed_also_where_that_is_0(capsys: pytest.CaptureFixture[str]):
    print_rows([replace(row(1, 2, 50.0), seed=0)], set())
    head, line = capsys.readouterr().out.splitlines()
    assert line[head.index("seed") :].split() == ["0", "4", "50.0", "51.0", "52.0", "91.0", "b"]


def test_what_the_command_cannot_do_is_said(sources: list[str], capsys: pytest.CaptureFixture[str]):
    for words, said in (
        ([sources[0]], "name at least two"),
        ([*sources, "--methods", "coop"], "unknown method coop of sequences"),
    ):
        assert main(["evaluate", "sequence", *words]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert said in line


def test_a_sequence_of_which_no_source_can_be_used_ends_in_a_line_for_each(capsys: pytest.CaptureFixture[str]):
    assert main(["evaluate", "sequence", "nowhere", "elsewhere"]) == 2
    assert [line.split(";")[0] for line in capsys.readouterr().err.splitlines()] == [
        "error: 'nowhere' does not exist",
        "error: 'elsewhere' does not exist",
    ]


def test_all_protocols_take_their_own_systems(sources: list[str], tmp_path: Path):
    words = ["--methods", "clip,rail", "--seeds", "1", "--shots", "4", "--jobs", "1", "--out", str(tmp_path / "r")]
    main(["evaluate", "all", *sources, *words])
    rows = [json.loads(line) for line in (tmp_path / "r" / "rows.jsonl").read_text().splitlines()]
    methods = {
        protocol: {r["method"] for r in rows if r.get("protocol") == protocol}
        for protocol in ("sequence", "base-to-new")
    }
    assert methods == {"sequence": {"clip", "rail"}, "base-to-new": {"clip"}}
