"""What the page's camera asks for; every answer bears the number of its call, also where it is a refusal."""

import gradio as gr

from demo.hosting.frames import Busy
from demo.hosting.host import Host
from demo.page.visitors import Visitors, visitor
from demo.payloads.live import live_answer, told
from demo.session import queries
from demo.session.session import Session
from demo.session.uploads import shots
from llu_core.errors import LluError


class CameraActions:
    """Shots that join the set, live frames, and the frame that is kept; the answers are JSON for the script."""

    def __init__(self, host: Host):
        self.frames, self.visitors = host.frames, Visitors(host.store)

    def add_shots(
        self,
        number: int,
        name: str,
        pictures: list[str],
        recording: str,
        begins: bool,
        manner: str,
        request: gr.Request,
    ) -> str:
        """Add what a recording has brought so far to the class `name`; all of one recording is one step for Undo.

        manner: "join" the set on show or "replace" it where a new class begins; "" as for files that are dropped.
        """
        counted = 0

        def join(session: Session) -> Session:
            nonlocal counted
            joined, counted = shots.join_shots(session, read)
            return joined

        try:
            read_for = self.visitors.session(request)
            read = shots.read_shots(read_for, name, pictures, recording, begins, manner)
            self.visitors.update(request, join)
        except LluError as error:
            return told(number, message=str(error))
        full = {} if counted == len(pictures) else {"message": str(shots.full(read_for.limits))}
        return told(number, taken=counted, **full)

    def answer_frame(self, number: int, picture: str, request: gr.Request) -> str:
        """Ask the adapter about the webcam's picture of the moment, which nothing keeps."""
        try:
            with self.frames.turn(visitor(request)):
                return live_answer(number, shots.glance(self.visitors.session(request), picture))
        except Busy:
            return told(number, busy=True)
        except LluError as error:
            return told(number, message=str(error))

    def keep_frame(self, number: int, picture: str, request: gr.Request) -> str:
        """Put a live picture on the map, as one that was asked about."""
        try:
            frame = shots.encode_frame(self.visitors.session(request), picture)
            self.visitors.update(request, queries.join_query, frame)
        except LluError as error:
            return told(number, message=str(error))
        return told(number, kept=True)
