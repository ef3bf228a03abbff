"""OpenworldAUC with three detectors, joint accuracy and accuracy elsewhere, each against a case computed by hand."""

from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from llu_core.data.fewshot import Control, FewShotSet, LabelledEmbeddings
from llu_core.evaluation.open_world import Score, elsewhere, open_world, openworld_auc
from llu_core.evaluation.protocols import base_to_new
from llu_core.systems.registry import CannotAnswer
from support.synthetic import problem, rows, unit_rows


def bools(*values: int) -> Tensor:
    return torch.tensor(values, dtype=torch.bool)


def test_openworld_auc_by_hand():
    """Base: right at .9, wrong at .8, right at .3. New: right at .1, right at .5, wrong at .0, right at .9.

    Of the 12 pairs, those of two right pictures with the base one strictly above: .9 over .1 and .5, .3 over .1.
    """
    base, new = bools(1, 0, 1), bools(1, 1, 0, 1)
    found = openworld_auc(base, new, torch.tensor([0.9, 0.8, 0.3]), torch.tensor([0.1, 0.5, 0.0, 0.9]))
    assert found == pytest.approx(100 * 3 / 12)


def test_openworld_auc_is_the_definition():
    generator = torch.Generator().manual_seed(0)
    base, new = (torch.rand(n, generator=generator) < 0.6 for n in (40, 30))
    scores = [torch.randint(0, 9, (n,), generator=generator) / 9 for n in (40, 30)]
    pairs = (base[:, None] & new[None]) & (scores[0][:, None] > scores[1][None])
    assert openworld_auc(base, new, *scores) == pytest.approx(100 * pairs.float().mean().item())


@pytest.mark.parametrize("base", [bools(0, 0), bools(1, 1)])
def test_where_nothing_new_is_right_it_is_zero(base: Tensor):
    assert openworld_auc(base, bools(0, 0, 0), torch.tensor([0.9, 0.9]), torch.zeros(3)) == 0


@dataclass(frozen=True, eq=False)
class Told:
    """A trained system whose probabilities over all classes are told."""

    probabilities: Tensor

    def on(self, problem: FewShotSet) -> "Told":
        if len(problem.class_names) != self.probabilities.shape[1]:
            raise CannotAnswer("knows these classes only")
        return self

    def logits(self, image_embeddings: Tensor, class_embeddings: Tensor) -> Tensor:
        return self.probabilities.log()


def whole() -> FewShotSet:
    """Two base classes and one new; shots at 0 degrees; test pictures with cosines 1, .6 (base) and .8, -1 (new)."""
    test = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.8, -0.6], [-1.0, 0.0]])
    return FewShotSet(
        name="three",
        class_names=("a", "b", "c"),
        class_embeddings=torch.eye(2)[[0, 1, 0]],
        train=rows(torch.tensor([[1.0, 0.0]]), torch.tensor([0]), "train"),
        test=rows(test, torch.tensor([0, 1, 2, 2]), "test"),
        base_classes=2,
    )


PROBABILITIES = torch.tensor([[0.3, 0.1, 0.6], [0.2, 0.7, 0.1], [0.5, 0.1, 0.4], [0.05, 0.15, 0.8]])


def test_all_classes_at_once_and_the_three_detectors_by_hand():
    """Largest base probabilities: .3, .7 (base), .5, .15 (new). Everything is right in its half.

    joint: the second and the fourth of four. By probability: .3 over .15; .7 over .5 and .15: 3 of 4 pairs. By cosine:
    1 over .8 and -1 (0), .6 over -1: 3 of 4. By both: .3, .42 against .4, 0: .3 over 0; .42 over both: 3 of 4.
    """
    found = open_world(Told(PROBABILITIES), whole(), Score(bools(1, 1)), Score(bools(1, 1)))
    assert found.joint == 50
    assert found.openworld_auc == pytest.approx(75)
    assert found.openworld_auc_near == pytest.approx(75)
    assert found.openworld_auc_both == pytest.approx(75)


def test_the_detectors_differ_where_the_second_base_picture_is_wrong():
    """What remains: .3 over .15 alone; 1 over .8 and 0; .3 over 0 alone."""
    found = open_world(Told(PROBABILITIES), whole(), Score(bools(1, 0)), Score(bools(1, 1)))
    values = (found.openworld_auc, found.openworld_auc_near, found.openworld_auc_both)
    assert values == pytest.approx((25, 50, 25))


def test_a_system_without_an_answer_leaves_blanks():
    assert open_world(None, whole(), Score(None), Score(None)).joint is None
    only_base = Told(PROBABILITIES[:, :2])
    assert open_world(only_base, whole(), Score(bools(1, 1)), Score(None)).joint is None
    found = open_world(Told(PROBABILITIES), whole(), Score(bools(1, 1)), Score(None, "no new classes"))
    assert (found.joint, found.openworld_auc) == (50, None)


def controls() -> tuple[Control, ...]:
    labels = torch.tensor([0, 0, 0, 1])
    pictures = LabelledEmbeddings(torch.eye(2)[[0, 0, 1, 1]], labels, ("w", "x", "y", "z"))
    easy = LabelledEmbeddings(torch.eye(2), torch.tensor([0, 1]), ("v", "u"))
    names = ("p", "q")
    return (Control("one", names, torch.eye(2), pictures), Control("two", names, torch.eye(2), easy))


def test_elsewhere_is_the_mean_over_the_controls_and_blank_where_one_has_no_answer():
    """Three of four right, then two of two."""
    told = Told(torch.tensor([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6]]))
    assert elsewhere(told, whole(), controls()[:1]) == 75
    assert elsewhere(told, whole(), ()) is None
    assert elsewhere(None, whole(), controls()) is None
    assert elsewhere(Told(PROBABILITIES), whole(), controls()) is None


def test_rows_have_what_halves_leave_out():
    pictures = rows(unit_rows(20, 32), torch.arange(20) % 4, "x")
    control = Control("other", ("p", "q", "r", "s"), unit_rows(4, 32, 1), pictures)
    source = replace(problem(shots=6), controls=(control,))
    clip, tip, llu = list(base_to_new(source, ["clip", "tip-adapter", "llu"], shots=4, seeds=[1]))[:3]
    for row in (clip, llu):
        assert None not in (row.elsewhere, row.joint, row.openworld_auc, row.openworld_auc_near, row.openworld_auc_both)
        assert (row.openworld_auc or 0) <= (row.base or 0) * (row.new or 0) / 100 + 1e-4
    assert (tip.elsewhere, tip.joint, tip.openworld_auc) == (None, None, None)
    right = (pictures.embeddings @ control.class_embeddings.T).argmax(dim=1) == pictures.labels
    assert clip.elsewhere == pytest.approx(100 * right.float().mean().item())
