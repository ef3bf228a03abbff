"""How fast the page answers a slider: `python tests/bench/explorer.py`, on a machine with nothing else to do.

The explorer against the same page made the usual way, a server callback that returns plotly figures for gr.Plot, in
one run of one headless Chromium. An event is answered when the map has changed and neither map nor bars change any
more; the tiles are written in the same frame, but their accuracies need not differ between two settings.
"""

import json
import os
import statistics
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr
import plotly.graph_objects as go
from playwright.sync_api import Browser, Page, sync_playwright

from demo.client import PLOTLY_JS, SCRIPTS
from demo.hosting.encoders import load_encoder
from demo.page.views import LAUNCH, build_explorer_panel
from demo.payloads.explorer import explorer_payload
from demo.session.model import Model, accuracies, build_model
from demo.session.presets import PRESETS, load_preset
from demo.session.session import Session
from demo.session.training import train_adapter
from llu_core.method.adapter import interpolation_mask
from llu_core.method.checkpoint import TrainedAdapter
from llu_core.method.fitting import fit
from llu_core.method.recipes import RECIPES
from llu_core.steps import drain
from support.browser_fixtures import FLAGS, executable
from support.synthetic import problem

EVENTS, STEPS = 40, 48
ROUNDS = 5
BARS = 10

PROBE = """
const spread = (nodes) => nodes.filter((_, i) => i % Math.ceil(nodes.length / 400) === 0); // reading all would cost
const ink = (canvas) => { // what is painted on it: every 5th pixel
  const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
  let sum = 0;
  for (let at = 0; at < pixels.length; at += 5) sum = (31 * sum + pixels[at]) | 0;
  return sum;
};
const look = (node) => node instanceof HTMLCanvasElement ? ink(node)
  : node.getAttribute("style") + node.getAttribute("d") + (node.children.length ? "" : node.textContent);
window.signature = (selectors) => selectors.map((s) => spread([...document.querySelectorAll(s)]).map(look).join("|"));
window.frame = () => new Promise(requestAnimationFrame);
window.frameClock = () => {
  const start = performance.now();
  const clock = { start, now: start, longest: 0 };
  clock.next = async () => {
    await frame();
    const now = performance.now();
    Object.assign(clock, { now, longest: Math.max(clock.longest, now - clock.now) });
  };
  return clock;
};
window.moveTo = (slider, value) => {
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(slider, value);
  slider.dispatchEvent(new Event("input", { bubbles: true }));
};
window.oneEvent = async ([selectors, sliderSelector, value]) => {
  const slider = document.querySelector(sliderSelector), before = signature(selectors), start = performance.now();
  let last = before, changed = start, answered = false;
  moveTo(slider, value);
  while (performance.now() - changed < (answered ? 250 : 5000)) {
    await frame();
    const now = signature(selectors);
    if (now.every((part, i) => part === last[i])) continue;
    last = now;
    answered = now[0] !== before[0];
    await frame();
    changed = performance.now();
  }
  return answered ? changed - start : null;
};
window.drag = async ([selectors, sliderSelector, values]) => {
  const slider = document.querySelector(sliderSelector), clock = frameClock();
  let last = signature(selectors)[0], repaints = 0, changed = clock.start;
  const look = async () => {
    await clock.next();
    const map = signature(selectors)[0];
    if (map !== last) { repaints++; changed = clock.now; last = map; }
  };
  for (const value of values) { moveTo(slider, value); await look(); }
  const end = performance.now();
  while (performance.now() - Math.max(end, changed) < 1500) await look();
  return { repaints, seconds: (changed - clock.start) / 1000, longest: clock.longest };
};
window.openPlane = async () => {
  const clock = frameClock(), plane = () => lluExplorer.state().tabs.plane;
  document.querySelector("#tab-plane").click();
  do await clock.next(); while (!plane().ready);
  return { milliseconds: clock.now - clock.start, longest: clock.longest, settings: plane().cells };
};
"""

CLIENT = ["#explorer-map .map-points", ".bars .bar"], "#gamma-slider"
SERVER = ["#map .points path", "#bars .points path"], "#gamma input[type=range]"


def trained_model(images: int, classes: int) -> Model:
    """An adapter on synthetic embeddings (width 128): half of the classes seen, 4 shots each, the rest test images."""
    base = classes // 2
    tests = (images - 4 * base) // classes
    shots = problem(base=base, new=classes - base, shots=4, tests=tests, width=128)
    trained = TrainedAdapter.of(shots, fit(shots), RECIPES["fast"])
    return build_model(trained, shots, source=None, seconds=None)


def liveliest_row(model: Model) -> int:
    """The picture whose answers change most with gamma: the one to draw bars of."""
    low, high = (model.sweep.logits(beta=0.5, gamma=gamma).softmax(1) for gamma in (0.5, 10.0))
    return int((high - low).abs().sum(1).argmax())


def client_page(session: Session, row: int) -> gr.Blocks:
    gr.set_static_paths([PLOTLY_JS, *SCRIPTS])
    with gr.Blocks() as page:
        explorer = build_explorer_panel()
        page.load(lambda: explorer_payload(session, select=row), None, explorer)
    return page


def server_page(model: Model) -> gr.Blocks:
    """Slider to server to figures, newest value only."""
    clip = model.sweep.logits(beta=0, gamma=0).softmax(1)
    points, row = model.projection.points[: len(clip)], liveliest_row(model)

    def draw(position: float) -> tuple[go.Figure, str, go.Figure]:
        gamma = position / 5
        logits = model.sweep.logits(beta=0.5, gamma=gamma)
        alpha = interpolation_mask(model.sweep.image_nearest, beta=0.5, gamma=gamma)
        marker = {"color": alpha.tolist(), "cmin": 0, "cmax": 1, "colorscale": "Viridis", "size": 7}
        chart = go.Figure(go.Scatter(x=points[:, 0], y=points[:, 1], mode="markers", marker=marker))
        order = clip[row].argsort(descending=True)[:BARS]
        pair = {"CLIP": clip[row, order], "LLU": logits.softmax(1)[row, order]}
        bars = go.Figure([go.Bar(y=values.tolist(), name=name) for name, values in pair.items()])
        text = json.dumps(accuracies(model, logits.argmax(1)) | {"alpha": alpha.mean().item()})
        return chart, text, bars

    with gr.Blocks() as page:
        gamma = gr.Slider(0, 100, 50, step=1, elem_id="gamma")
        tiles, chart, bars = gr.Markdown(elem_id="tiles"), gr.Plot(elem_id="map"), gr.Plot(elem_id="bars")
        gamma.input(draw, gamma, [chart, tiles, bars], show_progress="hidden", trigger_mode="always_last", queue=False)
        page.load(lambda: draw(50), None, [chart, tiles, bars])
    return page


def measure(browser: Browser, blocks: gr.Blocks, work: Callable[[Page], dict[str, float]]) -> dict[str, float]:
    """What `work` finds on a page of the app."""
    _, address, _ = blocks.launch(**LAUNCH, prevent_thread_lock=True, quiet=True, server_port=None)
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    page.set_default_timeout(180_000)
    try:
        page.goto(address)
        return work(page)
    finally:
        page.close()
        blocks.close(verbose=False)


def prepare(page: Page, selectors: list[str]) -> None:
    """Wait until all of the page is there and at rest, then add the probe."""
    page.wait_for_function("(s) => s.every((one) => document.querySelector(one))", arg=selectors)
    page.wait_for_timeout(2500)
    page.add_script_tag(content=PROBE)


def slider_times(page: Page, selectors: list[str], slider: str) -> dict[str, float]:
    prepare(page, [*selectors, slider])
    values = [2 + (step * 17) % 46 for step in range(EVENTS + 3)]
    times = [page.evaluate("oneEvent", [selectors, slider, value]) for value in values][3:]
    answered = [time for time in times if time is not None]
    drag = page.evaluate("drag", [selectors, slider, list(range(2, 2 + STEPS))])
    return {"median": statistics.median(answered), "answered": len(answered), **drag}


def plane_time(page: Page) -> dict[str, float]:
    prepare(page, CLIENT[0])
    return page.evaluate("openPlane()")


def first_example(controls: bool) -> Session:
    """The example that every visitor sees first, with or without its pictures of other things."""
    session = load_preset(Session(load_encoder("picto"), "picto"), next(iter(PRESETS)))
    if not controls:
        session = replace(session, draft=replace(session.draft, controls=()))
    return drain(train_adapter(session, RECIPES["fast"]))


def print_controls(browser: Browser) -> None:
    """Slider to repaint on the first example with and without controls, in turns on one machine."""
    pages = {name: client_page(first_example(controls), 0) for name, controls in (("with", True), ("without", False))}
    times: dict[str, list[float]] = {name: [] for name in pages}
    for _ in range(ROUNDS):
        for name, page in pages.items():
            times[name].append(measure(browser, page, lambda page: slider_times(page, *CLIENT))["median"])
    medians = {name: statistics.median(found) for name, found in times.items()}
    told = ", ".join(f"{name} {median:.0f} ms" for name, median in medians.items())
    ratio, load = medians["with"] / medians["without"], os.getloadavg()[0]
    print(f"\nfirst example, controls: {told}, ratio {ratio:.2f} (medians of {ROUNDS} pages each; load {load:.1f})")


def session_with(model: Model) -> Session:
    return Session(encoder=None, encoder_name="", model=model)  # pyright: ignore[reportArgumentType]


def print_slider_rows(browser: Browser, images: int, classes: int) -> None:
    model = trained_model(images, classes)
    explorer = client_page(session_with(model), liveliest_row(model))
    server = measure(browser, server_page(model), lambda page: slider_times(page, *SERVER))
    client = measure(browser, explorer, lambda page: slider_times(page, *CLIENT))
    for way, row in (("server, gr.Plot", server), ("explorer", client)):
        cells = [f"{row['median']:.0f}", f"{row['answered']}", f"{row['seconds']:.1f}", f"{row['repaints']}"]
        cells += [f"{row['longest']:.0f}", f"{server['median'] / row['median']:.1f}"]
        print(f"| {images} x {classes} | {way} | {' | '.join(cells)} |", flush=True)


def print_plane(browser: Browser, test_images: int, classes: int) -> None:
    model = trained_model(test_images + 4 * (classes // 2), classes)
    times = [measure(browser, client_page(session_with(model), 0), plane_time) for _ in range(5)]
    median, longest = (statistics.median(time[key] for time in times) for key in ("milliseconds", "longest"))
    size = f"{times[0]['settings']} settings, {test_images} test images x {classes} classes"
    print(f"\nbeta x gamma plane of {size}: {median:.0f} ms, longest frame {longest:.0f} ms (medians of 5 pages)")


def print_limits(browser: Browser, images: int, classes: int) -> None:
    """The largest set that a page takes: a drag, the plane, and what the browser has to hold."""
    model = trained_model(images, classes)
    page, size = client_page(session_with(model), liveliest_row(model)), f"{images} x {classes}"

    def drag_and_heap(page: Page) -> dict[str, float]:
        prepare(page, [*CLIENT[0], CLIENT[1]])
        dragged = page.evaluate("drag", [*CLIENT, list(range(2, 2 + STEPS))])
        return dragged | {"heap": page.evaluate("performance.memory.usedJSHeapSize")}

    dragged, plane = measure(browser, page, drag_and_heap), measure(browser, page, plane_time)
    megabytes = len(json.dumps(explorer_payload(session_with(model)), default=str)) / 1e6
    print(
        f"\nlargest set, {size}: {dragged['repaints'] / dragged['seconds']:.0f} repaints a second while dragged, "
        f"plane {plane['milliseconds']:.0f} ms, payload {megabytes:.1f} MB, heap {dragged['heap'] / 1e6:.0f} MB "
        f"(load {os.getloadavg()[0]:.1f})"
    )


def main() -> None:
    print(f"{EVENTS} single events and one drag of {STEPS} steps each; times in ms")
    print("| images x classes | way | median | answered | drag, s | repaints | longest frame | times faster |")
    print("|---|---|---|---|---|---|---|---|")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=list(FLAGS))
        print_slider_rows(browser, 1000, 10)
        print_slider_rows(browser, 2000, 100)
        print_plane(browser, 1000, 100)
        print_limits(browser, 2000, 200)
        print_controls(browser)
        browser.close()


if __name__ == "__main__":
    main()
