"""Which event calls which action. Every public action is a named endpoint."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo.client import PLOTLY_JS
from demo.hosting.host import Host
from demo.page.actions import Actions
from demo.page.arguments import received
from demo.page.camera import CameraActions
from demo.page.faults import entries, friendly, with_event
from demo.page.long_work import LongWork
from demo.page.model_loading import ModelLoading
from demo.page.questions import EACH, IN_ORDER, NEWEST, PRIVATE, Questions, ends, wire_questions
from demo.page.rendering import Drawing, DrawnBlocks, Rendering
from demo.page.shelf.actions import ShelfActions
from demo.page.shelf.sent_settings import SETTINGS, SentSettings
from demo.page.shelf.wiring import wire_shelf
from demo.page.uploads_only import take_uploads_only
from demo.page.views import View, build_view
from demo.page.visitors import Visitors
from demo.settings import Settings

UPLOADS_KEPT = (60, 600)
"""Seconds: every minute, uploaded files older than ten are deleted; the session has read them long before."""

CONCURRENT, MAX_QUEUE = 2, 1000
"""Calls of one kind that run at once, and calls of all kinds that wait. Python does one thing at a time: threads that
wait for each other make all of them slower, and the loop that answers everybody first of all."""
LOOK_SECONDS = 0.04
"""So often gradio looks whether a call has come; by itself it does so a thousand times a second, day and night."""
IN_LINE: dict[str, Any] = {"concurrency_limit": None}
"""The options of long work: its line is `Line`, which knows whose turn it is and can call work off."""


@dataclass(frozen=True, eq=False)
class Page:
    """The components, the actions that their events call, and what the page is drawn from afterwards.

    show_<part>(event): draws a part anew when the event has happened, and returns what came of it, to go on from.
    """

    view: View
    actions: Actions
    work: LongWork
    camera: CameraActions
    models: ModelLoading
    shelf: ShelfActions
    settings: SentSettings
    rendering: Rendering

    def show_panels(self, event: Callable) -> Any:
        view, few_shot = self.view, self.view.few_shot
        panels = [
            view.bar.model_line, view.bar.offers, view.bar.preset, few_shot.cards, few_shot.unseen, few_shot.templates,
            view.predict.answers, view.train.train, view.train.status, view.untrained.row, view.untrained.text,
            view.untrained.train, view.shelf.put, view.shelf.status, view.save.library_code, view.save.client_code,
        ]  # fmt: skip
        return self._show(self.rendering.render_panels, panels, event)

    def show_explorer(self, event: Callable) -> Any:
        return self._show(self.rendering.render_explorer, self.view.explorer, event)

    def show_umap(self, event: Callable) -> Any:
        return self._show(self.rendering.draw_umap, self.view.explorer, event)

    def show_code(self, event: Callable) -> Any:
        save = self.view.save
        return self._show(self.rendering.render_code, [save.library_code, save.client_code], event)

    def show_all(self, event: Callable) -> Any:
        return self.show_umap(self.show_explorer(self.show_panels(event).then).then)

    def show_answer(self, event: Callable) -> Any:
        return self._show(self.rendering.render_answer, [self.view.explorer, self.view.predict.query], event)

    def _show(self, render: Callable, outputs: Any, event: Callable) -> Any:
        """A part that is just being drawn when the event happens is drawn once more; gradio would leave that out."""
        return event(Drawing(friendly(render), self.rendering.visitors.kept), None, outputs, **NEWEST)


def wire(page: Page, demo: gr.Blocks) -> None:
    """Connect every component; an action answers with its summary, then the page is drawn from the session."""
    _wire_set(page)
    _wire_replacing(page)
    _wire_model(page)
    _wire_training(page)
    _wire_tuning(page)
    _wire_asking(page)
    _wire_visit(page, demo)
    _wire_downloads(page)
    _wire_cards(page)
    _wire_camera(page)
    _wire_explorer(page)
    wire_shelf(page.shelf, page.view, page.show_all)
    _name_endpoints(page)


def _wire_set(page: Page) -> None:
    """What is dropped joins the set, names join the answers; templates that were edited are its templates."""
    actions, few_shot, summary = page.actions, page.view.few_shot, page.view.summary
    wire_questions(Questions(actions), page.view, page.show_panels, page.show_explorer)
    edited = few_shot.templates.blur(
        friendly(actions.set_templates), few_shot.templates, summary, api_name="set_templates",
        trigger_mode="always_last",
    )  # fmt: skip
    page.show_panels(edited.then)


def _wire_replacing(page: Page) -> None:
    """What brings another set or another adapter."""
    actions, view = page.actions, page.view
    replacements = [
        (view.bar.preset.input, actions.load_example, [view.bar.preset]),
        (view.save.reopen.upload, actions.open_adapter, [view.save.reopen]),
        (view.save.clear.click, actions.clear, []),
    ]
    for event, action, inputs in replacements:
        replaced = event(friendly(action), inputs, view.summary, api_name=action.__name__, trigger_mode="always_last")
        page.show_all(replaced.success)


def _wire_model(page: Page) -> None:
    """What a model is, is told before it is loaded; the Cancel button is there while it is on its way. Those that read
    pictures are loaded once somebody is about to bring some."""
    panel, summary, rendering = page.view.model, page.view.summary, page.rendering
    chosen = [panel.model, panel.checkpoint]
    for event in (panel.model.change, panel.checkpoint.blur):
        event(friendly(rendering.render_facts), chosen, panel.facts, **PRIVATE)
    panel.load.click(lambda: gr.update(visible=True), None, panel.cancel, queue=False, **PRIVATE)
    loaded = panel.load.click(
        friendly(page.models.load_model), chosen, [panel.progress, summary], api_name="load_model",
        show_progress="hidden", **IN_LINE,
    )  # fmt: skip
    page.show_all(loaded.success)
    for over in ends(loaded):
        ended = over(lambda: gr.update(visible=False), None, panel.cancel, **PRIVATE)
        ended.then(friendly(rendering.render_facts), chosen, panel.facts, **PRIVATE)
    cancel = friendly(page.models.cancel_model)
    panel.cancel.click(cancel, None, summary, api_name="cancel_model", show_progress="hidden")
    offers: Any = page.view.bar.offers  # gradio finds its event in its script
    offered = offers.offer(with_event(rendering.render_offer, "name"), None, [panel.accordion, panel.model], **PRIVATE)
    look = "() => { lluExplorer.openMode('teach'); document.querySelector('#model')?.scrollIntoView(); }"
    offered.success(None, None, None, js=look)
    modes: Any = page.view.bar.modes  # as above
    modes.reading(with_event(page.models.load_ahead), None, None, **PRIVATE)


def _wire_training(page: Page) -> None:
    """The Cancel button is there while the training is; the bar's button presses the panel's."""
    work, panel, summary = page.work, page.view.train, page.view.summary
    panel.train.click(lambda: gr.update(visible=True), None, panel.cancel, queue=False, **PRIVATE)
    trained = panel.train.click(
        friendly(work.train), panel.recipe, [panel.status, summary], api_name="train", **IN_LINE
    )
    for over in ends(trained):
        page.show_all(over(lambda: gr.update(visible=False), None, panel.cancel, **PRIVATE).then)
    page.view.untrained.train.click(None, None, None, js="() => document.querySelector('#train').click()")
    panel.cancel.click(friendly(work.cancel), None, summary, api_name="cancel", show_progress="hidden")


def _wire_tuning(page: Page) -> None:
    """The sliders of the set on the page move to what was chosen, as if by hand."""
    panel, summary = page.view.train, page.view.summary
    chosen = panel.tune.click(
        friendly(page.work.choose_mask), None, [panel.tuned, summary], api_name="choose_mask", trigger_mode="once",
        **IN_LINE,
    )  # fmt: skip
    move = """({ trained }) => {
        lluExplorer.giveSliders("");
        lluExplorer.setBeta(trained.beta);
        lluExplorer.setGamma(String(trained.gamma));
    }"""
    chosen.success(None, summary, None, js=move)


def _wire_asking(page: Page) -> None:
    query = page.view.predict.query
    asked = query.input(friendly(page.actions.ask), query, page.view.summary, api_name="ask", trigger_mode="multiple")
    photographs: Any = page.view.predict.photographs  # gradio finds its event in its script
    chosen = photographs.photograph(with_event(page.actions.ask_photograph, "name"), None, None, **EACH)
    for event in (asked, chosen):
        page.show_answer(event.then)


def _wire_visit(page: Page, demo: gr.Blocks) -> None:
    """A visitor comes, perhaps by a copied link, and goes."""
    look = "() => [window.location.hash]"
    opened = demo.load(friendly(page.actions.open_link), page.view.link, page.view.summary, js=look, **PRIVATE)
    page.show_umap(page.show_panels(page.show_explorer(opened.then).then).then)
    demo.unload(page.actions.forget_visitor)


def _wire_downloads(page: Page) -> None:
    """The file is written when it is asked for, once the server knows where the sliders are; a click on the hidden
    button then hands it to the browser."""
    panel, actions = page.view.save, page.actions
    hand_over = "() => setTimeout(() => document.querySelector('#download-file').click(), 50)"
    files = [
        (panel.download, actions.save_adapter, panel.pictures),
        (panel.predictions, actions.save_predictions, None),
        (panel.project, actions.save_project, None),
        (panel.page, actions.save_page, None),
    ]
    unsent, take = "() => [window.lluExplorer?.takeUnsent() ?? null]", friendly(page.settings.take_settings)
    for button, action, asked in files:
        told = button.click(take, panel.unsent, None, js=unsent, **SETTINGS)
        page.show_code(told.success)
        written = told.success(friendly(action), asked, panel.file, api_name=action.__name__, show_progress="hidden")
        written.success(None, None, None, js=hand_over)
    panel.link.click(None, None, panel.link_said, js="() => lluExplorer.copyLink()")
    for button, kind in ((panel.png, "png"), (panel.svg, "svg")):
        button.click(None, None, None, js=f"() => lluExplorer.saveMap('{kind}')")


def _wire_cards(page: Page) -> None:
    """Every edit on the class cards; afterwards the cards are drawn anew."""
    cards, actions = page.view.few_shot.cards, page.actions
    edits = [
        (cards.rename, with_event(actions.rename_class, "old", "new")),
        (cards.remove, with_event(actions.delete_class, "name")),
        (cards.create, with_event(actions.create_class, "name")),
        (cards.move, with_event(actions.move_picture, "picture", "to")),
        (cards.discard, with_event(actions.delete_picture, "picture")),
    ]
    for event, edit in edits:
        page.show_panels(event(edit, None, None, **EACH).then)
    page.show_all(cards.undo(with_event(actions.undo), None, None, **EACH).then)


def _wire_camera(page: Page) -> None:
    """The script sends the pictures of a recording one call after the other; they are drawn when it has ended."""
    camera: Any = page.view.predict.camera  # gradio finds its events in its script
    actions = page.camera
    shot = ("number", "name", "pictures", "recording", "begins", "manner")
    camera.shots(with_event(actions.add_shots, *shot), None, camera, **EACH)
    page.show_panels(camera.recorded)
    camera.frame(with_event(actions.answer_frame, "number", "picture", often=True), None, camera, **EACH)
    kept = camera.keep(with_event(actions.keep_frame, "number", "picture"), None, camera, **EACH)
    page.show_explorer(kept.then)


def _wire_explorer(page: Page) -> None:
    """What the explorer asks the server for: to remember the sliders, an arc's points, a comparison, another set."""
    actions, explorer = page.actions, page.view.explorer

    def follow_arc(request: gr.Request, event: gr.EventData) -> str:
        return actions.follow_arc(*received(actions.follow_arc, [event._data, request]))

    def compare(request: gr.Request, event: gr.EventData) -> Iterator[str]:
        yield from page.work.compare(*received(page.work.compare, [*entries(event._data, "run"), request]))

    def set_settings(request: gr.Request, event: gr.EventData) -> None:
        page.settings.take_settings(event._data, request)

    page.show_code(explorer.settings(friendly(set_settings), None, None, **SETTINGS).then)
    explorer.walk(friendly(follow_arc), None, explorer, **EACH)
    explorer.methods(friendly(compare), None, explorer, **EACH, **IN_LINE)
    page.show_explorer(explorer.unquery(with_event(actions.remove_query, "name"), None, None, **EACH).then)
    linked = explorer.link(with_event(actions.open_link, "hash"), None, None, **IN_ORDER)
    page.show_all(linked.success)


def _name_endpoints(page: Page) -> None:
    """What a program can call besides: an endpoint's inputs are its action's, in their order."""
    actions = page.actions
    for action in (
        actions.rename_class, actions.delete_class, actions.create_class, actions.move_picture, actions.delete_picture,
        actions.undo, actions.set_mask, actions.set_statistics, actions.ask_photograph, actions.remove_query,
        actions.add_class, actions.remove_answer, actions.set_unseen_classes,
    ):  # fmt: skip
        gr.api(friendly(action), api_name=action.__name__)
    gr.api(friendly(page.work.compare_methods), api_name="compare_methods", **IN_LINE)
    gr.api(friendly(actions.get_summary), api_name="summary")
    gr.api(friendly(actions.get_pictures), api_name="pictures")


def build_app(host: Host, settings: Settings) -> gr.Blocks:
    """The whole app for what its visitors share."""
    take_uploads_only()
    gr.set_static_paths([PLOTLY_JS])  # the gate answers the modules; every file of a call is held against these
    with DrawnBlocks(title="LLU Explorer", analytics_enabled=False, delete_cache=UPLOADS_KEPT) as demo:
        rendering = Rendering(Visitors(host.store), host.maps)
        actions, shelf = Actions(host), ShelfActions(host)
        others = LongWork(host), CameraActions(host), ModelLoading(host), shelf, SentSettings(actions, shelf)
        wire(Page(build_view(settings), actions, *others, rendering), demo)
    demo.queue(default_concurrency_limit=CONCURRENT, max_size=MAX_QUEUE)
    demo._queue.sleep_when_free = LOOK_SECONDS
    return demo
