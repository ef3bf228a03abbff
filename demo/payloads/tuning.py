"""Beta and gamma chosen for the visitor, and the plane that shows why."""

from html import escape

from llu_core.method.tuning import BETAS, GAMMAS, Plane, Tuning

CELL_WIDTH, CELL_HEIGHT = 18, 7


def tuned_panel(tuning: Tuning) -> str:
    """HTML: the reason in a sentence, and the plane of held-out probabilities where there is one."""
    plane = "" if tuning.chosen is None else _drawn(tuning.chosen, tuning.setting)
    return f'<div class="tuned"><p>{escape(tuning.reason[0].upper() + tuning.reason[1:])}.</p>{plane}</div>'


def waiting_panel(line: str) -> str:
    """HTML: the place in line until it is the visitor's turn."""
    return f'<div class="tuned"><p>{escape(line)}</p></div>'


def _drawn(plane: Plane, chosen: tuple[int, int]) -> str:
    """The probability of the true class at every setting, the darker the larger; the chosen one framed."""
    probability = plane.probability
    low, high = float(probability.min()), float(probability.max())
    spread = max(high - low, 1e-9)
    width, height = CELL_WIDTH * len(GAMMAS), CELL_HEIGHT * len(BETAS)
    cells = []
    for row, beta in enumerate(BETAS):
        for column, gamma in enumerate(GAMMAS):
            share = ((float(probability[row, column]) - low) / spread) ** 2  # the best ones lie close together
            told = f"beta {beta:g}, gamma {gamma:g}: H {float(plane.harmonic[row, column]):.1f} on what was held out"
            cells.append(
                f'<rect {_place(row, column)} fill-opacity="{0.06 + 0.9 * share:.3f}"><title>{told}</title></rect>'
            )
    row, column = chosen
    frame = f'<rect class="chosen" {_place(row, column)}/>'
    label = f"Held-out probability over beta and gamma, taken at beta {BETAS[row]:g} and gamma {GAMMAS[column]:g}"
    return (
        f'<svg viewBox="-1 -1 {width + 2} {height + 2}" role="img" aria-label="{label}">{"".join(cells)}{frame}</svg>'
        f"<p class='axes'><span>gamma {GAMMAS[0]:g}</span><span>beta 0 to 1, upwards</span>"
        f"<span>gamma {GAMMAS[-1]:g}</span></p>"
    )


def _place(row: int, column: int) -> str:
    """A cell's attributes: gamma to the right, beta upwards."""
    x, y = column * CELL_WIDTH, (len(BETAS) - 1 - row) * CELL_HEIGHT
    return f'x="{x}" y="{y}" width="{CELL_WIDTH}" height="{CELL_HEIGHT}"'
