"""What gradio keeps of visits and the app does not need, deleted while the app runs.

Gradio holds the last inputs and outputs of 10,000 sessions for links that outlive a visit, which this app has closed,
and what was answered and never fetched. The names of its holders are its own: a test tells when they change.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from gradio.routes import file_upload_statuses

from demo.hosting import logs

QUIET_SECONDS, SWEEP_SECONDS = 40.0, 10.0
"""A session without a call for so long is forgotten, at the next sweep; its next call finds it as if it were new."""
UPLOAD_SECONDS = 3600.0
"""The progress of an upload that goes on is forgotten after so long; of others, after QUIET_SECONDS."""


class Leftovers:
    """The sessions of gradio's app that have gone quiet; it must be swept in the thread of the app's event loop."""

    def __init__(self, app: Any, clock: Callable[[], float] = time.time):
        self._app, self._clock = app, clock
        self._quiet: dict[str, float] = {}
        self._uploads: dict[str, float] = {}

    def sweep(self) -> None:
        """Forget the sessions that were left, and those that have been quiet for long."""
        now, queue, holder = self._clock(), self._app.get_blocks()._queue, self._app.state_holder
        busy = {event.session_hash for event in queue.event_ids_to_events.values()}
        known = {*holder.session_data, *queue.pending_messages_per_session, *queue.pending_event_ids_session} - busy
        self._quiet = {session: self._quiet.get(session, now) for session in known}
        for session in known:
            state, used = holder.session_data.get(session), holder.time_last_used.get(session)
            since = max(self._quiet[session], used.timestamp() if used else 0.0)
            if (state is not None and state.is_closed) or now - since > QUIET_SECONDS:
                self.forget(session)
        self._forget_uploads(now)

    def forget(self, session: str) -> None:
        """Forget one session in every holder."""
        queue, holder = self._app.get_blocks()._queue, self._app.state_holder
        blocks = self._app.get_blocks()
        for kept in (
            holder.session_data, holder.time_last_used, queue.pending_messages_per_session,
            queue.pending_event_ids_session, blocks.pending_streams, blocks.pending_diff_streams, self._quiet,
        ):  # fmt: skip
            kept.pop(session, None)

    def _forget_uploads(self, now: float) -> None:
        known = {*file_upload_statuses._statuses, *file_upload_statuses._signals}
        self._uploads = {upload: self._uploads.get(upload, now) for upload in known}
        for upload, since in self._uploads.items():
            status = file_upload_statuses._statuses.get(upload)
            goes_on = status is not None and not status.is_done  # else it has ended, or was only asked for
            if now - since > (UPLOAD_SECONDS if goes_on else QUIET_SECONDS):
                file_upload_statuses._statuses.pop(upload, None)
                file_upload_statuses._signals.pop(upload, None)


@asynccontextmanager
async def swept(app: Any) -> AsyncIterator[None]:
    """Sweep while the app runs."""
    task = asyncio.create_task(_sweep(Leftovers(app)))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _sweep(leftovers: Leftovers) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        try:
            leftovers.sweep()
        except Exception as error:  # the page goes on without
            logs.event("failure", failure=error, action="sweep")
