"""The protocol few-shot: all classes are trained and asked together; its tables; what a report says of its systems."""

from dataclasses import replace

from llu_core.data.features import Features
from llu_core.evaluation.configuration import Setting
from llu_core.evaluation.plans import Plan, cells
from llu_core.evaluation.reporting.few_shot_tables import averages_over_sets, few_shot_means, few_shot_section
from llu_core.evaluation.reporting.report import report_text
from llu_core.evaluation.reporting.summary import summary_text
from llu_core.evaluation.results import TransferRow, row_from_json, row_to_json
from llu_core.evaluation.runner import run_grid
from llu_core.evaluation.store import Content, Recorded
from llu_core.method.classifier import ZeroShotClassifier, accuracy
from llu_core.systems import tip_adapter
from llu_core.systems.registry import SYSTEMS, Material
from llu_core.systems.rla import RlaRecipe
from support.synthetic import problem

WHOLE = replace(problem(base=8, new=1, shots=6).select_classes(range(8)), base_classes=4, name="whole")
FEATURES = {"whole": Features.of(WHOLE)}


def row(source: str, method: str, shots: int, accuracy: float | None, seed: int = 1) -> TransferRow:
    return TransferRow("few-shot", source, source, method, shots, seed, accuracy, 0.1, "" if accuracy else "no answer")


ROWS = [row("a", "clip", 1, 60.0), row("b", "clip", 1, 40.0), row("a", "coop", 1, 70.0), row("b", "coop", 1, None)]


def test_all_classes_are_trained_and_asked_together():
    plan = Plan("few-shot", ("whole",), ("clip", "tip-adapter"), shots=(2,), seeds=(1,))
    clip, tip = (outcome.rows[0] for outcome in run_grid(cells(plan, FEATURES, Setting())))
    assert isinstance(clip, TransferRow)
    assert isinstance(tip, TransferRow)
    given, labels = WHOLE.test.embeddings, WHOLE.test.labels
    assert clip.accuracy == accuracy(ZeroShotClassifier(), given, labels, WHOLE.class_embeddings)
    shots = WHOLE.sample(2, 1)
    asked = tip_adapter.fit(Material.of(shots), 1, "cpu").on(shots).logits(given, WHOLE.class_embeddings)
    assert tip.accuracy == 100 * (asked.argmax(dim=1) == labels).float().mean().item()
    assert (tip.source, tip.target, tip.shots) == ("whole", "whole", 2)
    assert row_from_json(row_to_json(tip)) == tip


def test_an_average_over_fewer_sets_says_over_how_many():
    table = averages_over_sets(few_shot_means(ROWS)).splitlines()
    assert table[2:] == ["| CLIP | 50.0 |", "| CoOp | 70.0 (1 of 2) |"]
    assert few_shot_section([]) == []


def test_a_set_is_compared_only_at_the_shots_that_it_was_asked_for():
    further = [row("a", "clip", 2, 80.0), row("a", "coop", 2, 90.0)]
    table = averages_over_sets(few_shot_means([*ROWS, *further])).splitlines()
    assert table[2:] == ["| CLIP | 50.0 | 80.0 |", "| CoOp | 70.0 (1 of 2) | 90.0 |"]


def test_rows_have_recipe_draw_measures_and_predictions_and_each_recipe_is_a_line():
    plan = Plan("few-shot", ("whole",), ("llu", "llu@paper"), shots=(2,), seeds=(1,))
    rows = [outcome.rows[0] for outcome in run_grid(cells(plan, FEATURES, Setting(predictions=True)))]
    assert [each.recipe for each in rows if isinstance(each, TransferRow)] == ["fast", "paper"]
    for each in rows:
        assert isinstance(each, TransferRow)
        assert each.draw
        assert None not in (each.top5, each.recall, each.ece)
        (answers,) = each.predictions
        assert len(answers.answers) == len(WHOLE.test.labels)
    text = "\n".join(few_shot_section(rows, ["ece"]))
    assert "| LLU (fast) |" in text
    assert "| LLU, recipe paper |" in text
    assert "Calibration error in percent:" in text


def test_the_summary_has_few_shot_apart_from_the_transfer_tables():
    text = summary_text(ROWS, "how")
    assert "average over 2 sets (`a`, `b`)" in text
    assert "Cross-dataset" not in text


def test_a_report_says_where_its_systems_depart_from_their_published_code():
    rows = row("a", "tip-adapter", 1, 60.0), row("a", "rla", 1, 50.0)
    text = report_text(Content((Recorded("key", {"problem": "p"}, rows),)))
    assert f"- Tip-Adapter: {SYSTEMS['tip-adapter'].deviations}" in text
    assert f"- RLA: {SYSTEMS['rla'].deviations}" in text
    assert SYSTEMS["lfa"].deviations not in text


def test_a_systems_settings_and_version_are_in_the_key_of_its_cells(monkeypatch):
    plan = Plan("few-shot", ("whole",), ("rla",), shots=(2,), seeds=(1,))

    def key() -> str:
        return cells(plan, FEATURES, Setting())[0].key

    before, system = key(), SYSTEMS["rla"]
    assert key() == before
    for other in (replace(system, version=99), replace(system, settings=RlaRecipe(epsilon=1.0))):
        monkeypatch.setitem(SYSTEMS, "rla", other)
        assert key() != before
