"""The tabs' arithmetic in the page against the core's: the plane, the confusion counts, the walk, the table's order."""

import base64
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page
from sklearn.metrics import confusion_matrix
from torch import Tensor
from torch.nn import functional as F

from demo.payloads.arrays import scores
from llu_core.method.adapter import AffineUpdate, LocalizedAdapter, LocalizedUpdate
from llu_core.method.sweep import Sweep
from support.modules import module_page

pytestmark = pytest.mark.browser

MODULES = (
    "model/arrays",
    "model/confusion",
    "model/numbers",
    "model/payload",
    "model/plane",
    "model/arc",
    "tabs/table",
    "tabs/tabs",
)
INFINITY = float("inf")
IMAGES, CLASSES, WIDTH = 60, 9, 16
SEEN = [k < 5 for k in range(CLASSES)]


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    page = module_page(chromium, *(f"explorer/{name}.js" for name in MODULES))
    page.evaluate(
        """() => { window.decoded = (part) => Object.fromEntries(Object.entries(part).map(
            ([name, value]) => [name, typeof value === "string" ? decodeFloats(value) : value])); }"""
    )
    yield page
    page.close()


def rows(count: int, generator: torch.Generator) -> Tensor:
    """Unit rows in one half-space, as CLIP's are."""
    return F.normalize(torch.randn(count, WIDTH, generator=generator, dtype=torch.float64) + 1.0, dim=1)


def random_problem(seed: int) -> tuple[LocalizedAdapter, Tensor, Tensor]:
    """An adapter, 60 images and 9 classes; the first ones are anchors themselves."""
    generator = torch.Generator().manual_seed(seed)
    images, classes = rows(IMAGES, generator), rows(CLASSES, generator)
    sides = []
    for points in (images, classes):
        weight = torch.eye(WIDTH) + 0.3 * torch.randn(WIDTH, WIDTH, generator=generator)
        bias = 0.1 * torch.randn(WIDTH, generator=generator)
        update = AffineUpdate(weight.double(), bias.double())
        sides.append(LocalizedUpdate(update, torch.cat([points[:4], rows(4, generator)])))
    return LocalizedAdapter(*sides), images, classes


def as_sent(sweep: Sweep) -> Sweep:
    """The sweep as float32 carries it, still in float64: the page then has the same numbers to the last bit."""
    fields = ("uu", "vu", "uv", "vv", "image_nearest", "class_nearest", "image_uv", "class_uv")
    return replace(sweep, **{name: getattr(sweep, name).float().double() for name in fields})


def send(array: Tensor) -> str:
    return base64.b64encode(array.numpy().astype("<f4").tobytes()).decode()


def parts(sweep: Sweep) -> dict:
    """The arrays of a sweep as the payload sends them."""
    return {
        "images": {"nearest": send(sweep.image_nearest), "uv": send(sweep.image_uv)},
        "classes": {"nearest": send(sweep.class_nearest), "uv": send(sweep.class_uv)},
        "scores": scores(sweep),
    }


def test_the_plane_has_both_ends_and_the_papers_setting(page: Page):
    betas, gammas = page.evaluate("[planeBetas(), planeGammas().map(String)]")
    assert len(betas) >= 21
    assert betas[0] == 0
    assert betas[-1] == 1
    assert 0.5 in betas
    assert len(gammas) >= 21
    assert gammas[0] == "0"
    assert gammas[-1] == "Infinity"
    assert "20" in gammas
    assert len(set(betas)) == len(betas)
    assert len(set(gammas)) == len(gammas)


@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_plane_counts_what_the_core_counts(page: Page, seed: int, counted: bool):
    sweep = as_sent(Sweep.of(*random_problem(seed)))
    generator = np.random.default_rng(seed)
    if counted:
        sweep = replace(sweep, statistics=torch.from_numpy(generator.normal(0, 3, (IMAGES, CLASSES))).to(sweep.uu))
    # the answers at one setting, half of them shuffled: then some are right and some wrong everywhere on the plane
    truth = sweep.predictions(beta=0.5, gamma=5.0).numpy().copy()
    truth[::2] = generator.permutation(truth[::2])
    truth[1] = -1
    group = generator.choice([0, 1, 1, 2], IMAGES)
    script = """([data, truth, group, seen]) => {
        const sides = { images: decoded(data.images), classes: decoded(data.classes), scores: decoded(data.scores) };
        Object.assign(sides.images, { truth: Int32Array.from(truth), group: Uint8Array.from(group) });
        sides.classes.seen = seen;
        const own = { name: "", start: 0, n: truth.length, ...sides };
        const job = startPlane({ n: truth.length, ...sides, problems: [own] }, planeBetas(), planeGammas());
        while (!stepPlane(job, performance.now()));
        return [planeAccuracies(job), job.betas, job.gammas.map(String)];
    }"""
    found, betas, gammas = page.evaluate(script, [parts(sweep), truth.tolist(), group.tolist(), SEEN])
    planes = {kind: np.array(found[kind]).reshape(len(betas), len(gammas)) for kind in found if found[kind]}
    tested = (group == 1) & (truth >= 0)
    kinds = {"seen": tested & np.array(SEEN)[truth], "unseen": tested & ~np.array(SEEN)[truth]}
    for b, beta in enumerate(betas):
        for g, gamma in enumerate(gammas):
            best = sweep.predictions(beta=beta, gamma=float(gamma)).numpy()
            expected = {kind: 100 * np.mean(best[rows] == truth[rows]) for kind, rows in kinds.items()}
            assert {kind: planes[kind][b, g] for kind in expected} == pytest.approx(expected), (beta, gamma)
            low, high = expected.values()
            assert planes["harmonic"][b, g] == pytest.approx(2 * low * high / (low + high) if low + high else 0)
    assert len(np.unique(planes["harmonic"])) > 3


def test_a_set_without_unseen_tests_has_no_such_plane(page: Page):
    script = """(data) => {
        const sides = { images: decoded(data.images), classes: decoded(data.classes), scores: decoded(data.scores) };
        const n = sides.images.nearest.length;
        Object.assign(sides.images, { truth: new Int32Array(n), group: new Uint8Array(n).fill(1) });
        sides.classes.seen = new Array(sides.classes.nearest.length).fill(true);
        const problems = [{ name: "", start: 0, n, ...sides }];
        const job = startPlane({ n, ...sides, problems }, [0, 1], [0, Infinity]);
        stepPlane(job);
        const { seen, unseen, harmonic } = planeAccuracies(job);
        return [seen.length, unseen, harmonic];
    }"""
    assert page.evaluate(script, parts(Sweep.of(*random_problem(3)))) == [4, None, None]


def test_confusion_counts_are_scikit_learns(page: Page):
    generator = np.random.default_rng(5)
    truth, answers = generator.integers(-1, CLASSES, 300), generator.integers(0, CLASSES, 300)
    belongs = generator.integers(0, 2, 300)
    script = """([truth, answers, classes, belongs]) =>
        Array.from(confusionCounts(truth, answers, classes, (i) => Boolean(belongs[i])))"""
    found = page.evaluate(script, [truth.tolist(), answers.tolist(), CLASSES, belongs.tolist()])
    rows = (belongs == 1) & (truth >= 0)
    expected = confusion_matrix(truth[rows], answers[rows], labels=range(CLASSES))
    assert np.array_equal(np.reshape(found, (CLASSES, CLASSES)), expected)


def test_a_cell_opens_the_pictures_it_counts(page: Page):
    script = """() => {
        const data = { n: 5, images: { truth: [0, 0, 0, 1, 0] } };
        const frame = { data, clip: [1, 1, 0, 1, 1], llu: [1, 0, 1, 1, 1] };
        const open = (mode) => confusionMembers(frame, 0, 1, mode, (i) => i < 4);
        return [open("clip"), open("llu"), open("difference")];
    }"""
    assert page.evaluate(script) == [[0, 1], [0, 2], [1, 2]]


def test_only_the_most_confused_classes_are_drawn(page: Page):
    counts = np.zeros((6, 6), dtype=int)
    counts[4, 1], counts[2, 2], counts[5, 3] = 3, 50, 1
    script = "([counts, cap]) => mostConfused(counts, counts, 6, cap)"
    assert page.evaluate(script, [counts.ravel().tolist(), 2]) == [1, 4]
    assert page.evaluate(script, [counts.ravel().tolist(), 6]) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(("beta", "gamma"), [(0.0, 20.0), (0.5, 0.0), (0.5, 20.0), (1.0, 3.0), (1.0, INFINITY)])
def test_the_walk_draws_the_adapters_own_scores(page: Page, beta: float, gamma: float):
    adapter, images, classes = random_problem(7)
    steps = torch.linspace(0, 1, 21, dtype=torch.float64)
    start, end = adapter.image.anchors[0], images[30]
    angle = torch.arccos(start @ end)
    points = torch.stack(
        [(torch.sin((1 - t) * angle) * start + torch.sin(t * angle) * end) / torch.sin(angle) for t in steps]
    )
    target = {"kind": "image", "index": 30}
    payload = {"id": "m", "anchor": 0, "target": target, "t": steps.tolist()} | parts(
        Sweep.of(adapter, points, classes)
    )
    script = """([payload, k, beta, gamma]) => {
        const curves = arcCurves(decodeArc(payload), k, beta, readGamma(gamma), { statistics: null });
        return [curves.original, curves.updated, curves.localized, curves.alpha, curves.classAlpha];
    }"""
    setting = "inf" if gamma == INFINITY else gamma
    original, updated, localized, alpha, class_alpha = page.evaluate(script, [payload, 2, beta, setting])

    def expected(beta: float, gamma: float) -> np.ndarray:
        return adapter.with_mask(beta=beta, gamma=gamma).logits(points, classes)[:, 2].numpy() / adapter.logit_scale

    np.testing.assert_allclose(original, expected(0.0, 0.0), atol=1e-6)
    np.testing.assert_allclose(updated, expected(1.0, 0.0), atol=1e-6)
    np.testing.assert_allclose(localized, expected(beta, gamma), atol=1e-6)
    np.testing.assert_allclose(alpha, adapter.image.alpha(points, beta=beta, gamma=gamma).numpy(), atol=1e-5)
    assert class_alpha == pytest.approx(float(adapter.text.alpha(classes, beta=beta, gamma=gamma)[2]), abs=1e-5)


def test_walks_are_told_apart_by_their_ends(page: Page):
    script = "(ends) => ends.map(([anchor, kind, index]) => arcKey(anchor, { kind, index }))"
    ends = [[1, "class", 3], [1, "image", 3], [2, "class", 3], [1, "class", 2]]
    assert len(set(page.evaluate(script, ends))) == len(ends)


def test_a_picture_that_is_an_anchor_is_walked_to_from_another_class(page: Page):
    script = """(picture) => defaultAnchor({ images: { nearestAnchor: [0, 1, 0] },
        anchors: { label: [5, 5, 6], image: [0, 1, 2] } }, picture)"""
    assert [page.evaluate(script, picture) for picture in (0, 1, 2)] == [2, 2, 0]


def test_line_labels_keep_their_distance_and_their_order(page: Page):
    low, middle, high = page.evaluate("spreadLabels([100, 101, 99], 14, 10, 105)")
    assert high + 14 <= low
    assert low + 14 <= middle <= 105


def test_the_table_sorts_by_any_column_and_keeps_to_the_chosen(page: Page):
    script = """([column, direction, chosen]) => tableRows({
        data: { n: 4, problems: [{ start: 0, classes: { names: ["wave", "arrow"] } }],
            images: { names: ["p10", "p9", "p2", "q1"],
            group: [0, 1, 1, 2], truth: [0, 1, 0, -1], nearest: [1, 0.5, 0.7, 0.6] } },
        clip: [0, 1, 1, 0], llu: [0, 0, 1, 0], alpha: [0.5, 0.1, 0.3, 0.2], changes: [0, 2, 0, 0], chosen,
    }, column, direction)"""
    assert page.evaluate(script, ["", 1, None]) == [0, 1, 2, 3]
    assert page.evaluate(script, ["name", 1, None]) == [2, 1, 0, 3]
    assert page.evaluate(script, ["alpha", -1, None]) == [0, 2, 3, 1]
    assert page.evaluate(script, ["truth", 1, None]) == [3, 1, 0, 2]
    assert page.evaluate(script, ["nearest", 1, [1, 0, 1, 1]]) == [3, 2, 0]


def test_keys_lead_from_tab_to_tab(page: Page):
    script = "([name, key]) => tabAfter(name, key)"
    assert page.evaluate(script, ["changed", "ArrowLeft"]) == "how"
    assert page.evaluate(script, ["how", "ArrowRight"]) == "changed"
    assert page.evaluate(script, ["walk", "Home"]) == "changed"
    assert page.evaluate(script, ["walk", "a"]) is None
