"""What the page asks before it does what may not be meant: where files go, and words no model was taught."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import gradio as gr

from demo.page.actions import Actions
from demo.page.arguments import received
from demo.page.faults import friendly, with_event
from demo.page.views import View
from demo.payloads.waiting import NOTHING, question_payload, reading_payload, warning_panel
from demo.session import edits, queries
from demo.session.uploads.question import question_about

PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
EACH: dict[str, Any] = {"trigger_mode": "multiple", **PRIVATE}
IN_ORDER: dict[str, Any] = {"concurrency_limit": 1, **EACH}
NEWEST: dict[str, Any] = {"trigger_mode": "always_last", **PRIVATE}
"""Events that come while a call of theirs is under way: each has its call at once, or after those before it, or there
is one more call afterwards, with what the fields hold by then but the first event's own data. Gradio by itself leaves
them out, which is right where they are the same once more."""


def ends(event: Any) -> tuple[Callable, Callable]:
    """Both ways in which a call can end: what comes `then` does not in the page where the call was refused."""
    return event.then, event.failure


READING: dict[str, Any] = {"concurrency_limit": 4}
"""So many at once read files, and wait for the disk and for decoders, of which each may take a whole minute."""


class Questions:
    """Asks first, then calls the action; what is asked about waits on the page, and nothing is changed for it."""

    def __init__(self, actions: Actions):
        self.actions = actions

    def take_files(
        self, files: list[str] | None, class_name: str, manner: str, request: gr.Request
    ) -> Iterator[tuple[Any, Any, Any]]:
        """(what is asked or told, the files, the class): the files wait where something is to be asked about them."""
        if not files:
            yield NOTHING, gr.skip(), gr.skip()
            return
        session = self.actions.visitors.session(request)
        question = question_about(session, files, class_name)
        if question is not None and not (manner and question.kind == "manner"):
            yield question_payload(question), gr.skip(), class_name
            return
        yield reading_payload(files), gr.skip(), gr.skip()
        for done, total in self.actions.take_pictures(files, class_name, manner, request):
            yield reading_payload(files, done, total), gr.skip(), gr.skip()
        yield NOTHING, None, ""

    def add_answer(self, name: str, warned: str, request: gr.Request) -> list[Any]:
        """The name that was warned of, the warning, the button, and what was added; a name is warned of once."""
        told = queries.warning_before(self.actions.visitors.session(request), [name])
        if told and name != warned:
            return [name, warning_panel(f"{told} Not added yet."), "Add anyway", ""]
        self.actions.add_class(name, request)
        return ["", "", "Add class", name]

    def name_classes(self, names: str, request: gr.Request) -> list[Any]:
        """The names that are warned of, the warning and its button; names that need no warning are taken."""
        session = self.actions.visitors.session(request)
        told = queries.warning_before(session, edits.classes_that_join(session, names))
        if told:
            return [names, warning_panel(f"{told} Not added yet."), gr.update(visible=True)]
        return self.take_names(names, request)

    def take_names(self, names: str, request: gr.Request) -> list[Any]:
        """What is left of the warning once its names are taken: nothing."""
        self.actions.set_unseen_classes(names, request)
        return ["", "", gr.update(visible=False)]


def wire_questions(questions: Questions, view: View, show_panels: Callable, show_explorer: Callable) -> None:
    """show_<part>(event): draws a part anew when the event has happened, and returns what came of it."""
    _wire_files(questions, view, show_panels)
    _wire_answers(questions, view, show_panels, show_explorer)
    _wire_names(questions, view, show_panels, show_explorer)


def _wire_files(questions: Questions, view: View, show_panels: Callable) -> None:
    """Dropped files wait for answers; what is refused is taken back, and nothing else: more may be on its way."""
    few_shot = view.few_shot
    waiting = [few_shot.question, few_shot.files, few_shot.class_name]

    def answer(files: list[str] | None, typed: str, request: gr.Request, event: gr.EventData) -> Iterator[Any]:
        data = event._data if isinstance(event._data, dict) else {}
        name, manner = data.get("name", typed), data.get("manner", "")
        yield from questions.take_files(*received(questions.take_files, [files, name, manner, request]))

    question: Any = few_shot.question  # gradio finds its events in its script
    dropped, given = [few_shot.files, few_shot.class_name], {"outputs": waiting, **PRIVATE}
    for event in (
        few_shot.files.upload(friendly(questions.take_files), [*dropped, few_shot.manner], **given, **READING),
        few_shot.class_name.submit(friendly(questions.take_files), [*dropped, few_shot.manner], **given, **READING),
        question.answer(friendly(answer), dropped, **given, **READING),
    ):
        event.failure(lambda: (NOTHING, None, ""), None, waiting, **PRIVATE)
        show_panels(event.then)
    for left in (question.leave, few_shot.files.clear):
        left(lambda: (NOTHING, None, ""), None, waiting, **PRIVATE)
    programs = few_shot.manner.submit  # nobody sees it, so that only programs call it
    added = friendly(questions.actions.add_pictures)
    programs(added, [*dropped, few_shot.manner], view.summary, api_name="add_pictures", **READING)


def _wire_answers(questions: Questions, view: View, show_panels: Callable, show_explorer: Callable) -> None:
    """The field is emptied once its name was added; another one that was typed meanwhile stays."""
    panel = view.predict
    shown = [panel.warned, panel.warning, panel.add_class]
    emptied = "(typed, added) => typed === added ? '' : typed"
    for event in (panel.add_class.click, panel.new_class.submit):
        asked = [panel.new_class, panel.warned]
        added = event(friendly(questions.add_answer), asked, [*shown, panel.added], **PRIVATE)
        added.success(None, [panel.new_class, panel.added], panel.new_class, js=emptied, **PRIVATE)
        show_explorer(show_panels(added.success).then)
    panel.new_class.input(None, None, shown, js='() => ["", "", "Add class"]', **PRIVATE)
    answers: Any = panel.answers  # gradio finds its event in its script
    remove = with_event(questions.actions.remove_answer, "name")
    removed = answers.remove(remove, None, None, **EACH)
    show_explorer(show_panels(removed.then).then)


def _wire_names(questions: Questions, view: View, show_panels: Callable, show_explorer: Callable) -> None:
    """Names that wait after a warning stay in their field, which is drawn anew with those that the set has."""
    panel = view.few_shot
    shown: Sequence[Any] = [panel.names_warned, panel.names_warning, panel.names_anyway]
    named = panel.unseen.blur(friendly(questions.name_classes), panel.unseen, shown, **NEWEST)
    anyway = panel.names_anyway.click(friendly(questions.take_names), panel.names_warned, shown, **PRIVATE)
    keep = "(waiting, drawn) => waiting || drawn"
    for event in (named, anyway):
        drawn = show_explorer(show_panels(event.success).then)
        drawn.then(None, [panel.names_warned, panel.unseen], panel.unseen, js=keep, **PRIVATE)
