"""What the page shows of beta and gamma chosen for the visitor."""

import html
import re

from demo.payloads.tuning import tuned_panel
from llu_core.method.recipes import RECIPES
from llu_core.method.tuning import BETAS, GAMMAS, tune
from support.synthetic import problem


def test_the_panel_says_why_and_frames_what_was_chosen():
    tuning = tune(problem(base=8, shots=4), RECIPES["fast"], lambdas=(1.0,))
    panel = tuned_panel(tuning)
    assert tuning.chosen is not None
    row, column = tuning.setting
    assert html.escape(tuning.reason[1:]) in panel
    assert f"taken at beta {BETAS[row]:g} and gamma {GAMMAS[column]:g}" in panel
    opacities = [float(found) for found in re.findall(r'fill-opacity="([\d.]+)"', panel)]
    assert len(opacities) == len(BETAS) * len(GAMMAS)
    best = tuning.chosen.best
    assert max(opacities) == opacities[best[0] * len(GAMMAS) + best[1]]
    assert panel.count('class="chosen"') == 1


def test_where_nothing_can_be_held_out_it_says_so_without_a_plane():
    panel = tuned_panel(tune(problem(shots=2)))
    assert "stay as they are" in panel
    assert "<svg" not in panel
