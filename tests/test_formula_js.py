"""The page's formula against a direct computation: the same numbers in both languages."""

import base64
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.browser

FORMULA = Path(__file__).parents[1] / "demo" / "explorer" / "formula.js"
SETTINGS = [
    (0.0, 20.0),
    (0.5, 0.0),
    (0.5, 20.0),
    (0.5, 3.7),
    (1.0, 5.0),
    (1.0, 0.0),
    (0.5, 500.0),
    (0.5, np.inf),
    (1.0, np.inf),
]
LOGIT_SCALE = 100.0


@pytest.fixture(scope="module")
def page(chromium):
    page = chromium.new_page()
    page.add_script_tag(path=FORMULA)
    page.evaluate(
        """() => { window.floats = (text) =>
            new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer); }"""
    )
    yield page
    page.close()


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def _random_problem(seed: int, images: int = 40, classes: int = 7, width: int = 24) -> dict:
    """Points u, their updates v and anchors on both sides; the first image and the first class are anchors themselves."""
    rng = np.random.default_rng(seed)
    middle = rng.normal(size=width)
    points = {
        "images": _unit(middle + rng.normal(size=(images, width))),
        "classes": _unit(rng.normal(size=(classes, width)) + middle),
    }
    problem = {}
    for side, u in points.items():
        v = _unit(u @ (np.eye(width) + 0.3 * rng.normal(size=(width, width))) + 0.1 * rng.normal(size=width))
        anchors = np.vstack([u[:1], _unit(u[1:4] + 0.1 * rng.normal(size=(min(3, len(u) - 1), width)))])
        problem[side] = {"u": u, "v": v, "nearest": (u @ anchors.T).max(axis=1)}
    return problem


def _direct_probabilities(problem: dict, beta: float, gamma: float) -> np.ndarray:
    """Equations 1, 4 and 5 with the vectors themselves, in double precision."""
    mixed = {}
    for side, part in problem.items():
        distance = np.clip(1 - part["nearest"], 0, 1)
        alpha = beta * ((distance < 1e-3) if np.isinf(gamma) else np.exp(-gamma * distance))
        mixed[side] = _unit(alpha[:, None] * part["v"] + (1 - alpha[:, None]) * part["u"])
    logits = LOGIT_SCALE * mixed["images"] @ mixed["classes"].T
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def _text(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array, dtype="<f4").tobytes()).decode()


def _page_data(problem: dict) -> dict:
    """The problem as the page gets it: four matrices and two vectors per side, float32."""
    images, classes = problem["images"], problem["classes"]
    pairs = {"uu": ("u", "u"), "vu": ("v", "u"), "uv": ("u", "v"), "vv": ("v", "v")}
    data: dict = {
        side: {"nearest": _text(part["nearest"]), "uv": _text((part["u"] * part["v"]).sum(axis=1))}
        for side, part in problem.items()
    }
    data["scores"] = {name: _text(images[a] @ classes[b].T) for name, (a, b) in pairs.items()}
    return data


def _page_probabilities(page, problem: dict, beta: float, gamma: float) -> np.ndarray:
    script = """([data, scale, beta, gamma]) => {
        const decode = (part) => Object.fromEntries(Object.entries(part).map(([name, text]) => [name, floats(text)]));
        const decoded = Object.fromEntries(Object.entries(data).map(([name, part]) => [name, decode(part)]));
        return Array.from(probabilitiesAt(decoded, scale, beta, gamma === "inf" ? Infinity : gamma));
    }"""
    setting = "inf" if np.isinf(gamma) else gamma
    flat = page.evaluate(script, [_page_data(problem), LOGIT_SCALE, beta, setting])
    return np.array(flat).reshape(len(problem["images"]["u"]), -1)


@pytest.mark.parametrize(("beta", "gamma"), SETTINGS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_page_probabilities_equal_the_direct_computation(page, seed, beta, gamma):
    problem = _random_problem(seed)
    found = _page_probabilities(page, problem, beta, gamma)
    assert np.abs(found - _direct_probabilities(problem, beta, gamma)).max() < 1e-4


def test_random_settings_agree_too(page):
    rng = np.random.default_rng(7)
    problem = _random_problem(3, images=25, classes=30)
    for beta, gamma in zip(rng.uniform(0, 1, 12), 10 ** rng.uniform(-0.3, 2.7, 12), strict=True):
        found = _page_probabilities(page, problem, float(beta), float(gamma))
        assert np.abs(found - _direct_probabilities(problem, beta, gamma)).max() < 1e-4


def test_one_class_is_certain(page):
    assert np.all(_page_probabilities(page, _random_problem(4, classes=1), 0.5, 20.0) == 1)


def test_scores_are_exactly_clip_where_alpha_is_zero(page):
    data = _page_data(_random_problem(5))
    equal = page.evaluate(
        """(data) => {
            const side = (part) => ({ nearest: floats(part.nearest), uv: floats(part.uv) });
            const scores = Object.fromEntries(Object.entries(data.scores).map(([name, text]) => [name, floats(text)]));
            const all = { images: side(data.images), classes: side(data.classes), scores };
            const workspace = makeWorkspace(all.images.nearest.length, all.classes.nearest.length);
            sweepTo(workspace, all, 0, 20);
            return workspace.scores.every((value, at) => value === scores.uu[at]);
        }""",
        data,
    )
    assert equal


def test_a_missing_accuracy_leaves_no_harmonic_mean(page):
    assert page.evaluate("[harmonicMean(null, 50), harmonicMean(0, 0), harmonicMean(50, 100)]") == pytest.approx(
        [None, 0, 200 / 3]
    )


def test_changes_are_told_apart(page):
    cases = [[2, 1, 1], [1, 0, 1], [1, 1, 0], [2, 0, 1], [-1, 0, 1]]
    assert page.evaluate("(cases) => cases.map((c) => changeOf(...c))", cases) == [0, 1, 2, 3, 3]
