"""A training step on a GPU as a CUDA graph, which is replayed without waiting for the host."""

import threading
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

Step = Callable[[Tensor], None]
"""A step of training; its number comes as a tensor (1,) on the device, so that every step is the same work."""

_ONE_AT_A_TIME = threading.Lock()
"""torch captures one graph at a time in a process, and graphs that share memory must not run at once."""

_SHARED_MEMORY: dict[torch.device, torch.cuda.CUDAGraph] = {}
"""An empty graph on every device, of whose memory the others take theirs: a graph with memory of its own leaves it
unused behind, and shared memory lives as long as a graph that it belongs to."""


class _SetUp(threading.local):
    """The devices that a thread has trained on."""

    def __init__(self) -> None:
        self.devices: set[torch.device] = set()


_set_up = _SetUp()


def replay(step: Step, steps: int, device: torch.device) -> None:
    """Take the steps 0 to steps - 1 and wait for the last: as replays of one step's graph, or as they are where it
    cannot be captured. The first of a thread is taken as it is: libraries set themselves up then, which cannot be
    captured."""
    number, taken, graph = torch.zeros(1, dtype=torch.int64, device=device), 0, None
    here, (side, _) = torch.cuda.current_stream(device), streams(device)
    with _ONE_AT_A_TIME:
        side.wait_stream(here)
        with torch.cuda.stream(side):
            if device in _set_up.devices:
                graph = _captured(step, number, device)
            if graph is None:
                step(number)
                number += 1
                taken = 1
                graph = _captured(step, number, device)
                _set_up.devices.add(device)
        here.wait_stream(side)
        for _ in range(taken, steps):
            if graph is not None:
                graph.replay()
            else:
                step(number)
                number += 1
        here.synchronize()


@cache
def streams(device: torch.device) -> tuple[torch.cuda.Stream, torch.cuda.Stream]:
    """The stream that steps are captured on, and one for work beside it; the same two for every training, since cuBLAS
    keeps tens of megabytes for every stream that it has worked on."""
    return torch.cuda.Stream(device), torch.cuda.Stream(device)


def _captured(step: Step, number: Tensor, device: torch.device) -> torch.cuda.CUDAGraph | None:
    """The step and the count to the next one, on the current stream; None if a part of it cannot be captured.

    torch.cuda.graph would give the allocator's memory back first, which takes as long as a few steps, and other threads
    could not allocate meanwhile.
    """
    if device not in _SHARED_MEMORY:
        _SHARED_MEMORY[device] = empty = torch.cuda.CUDAGraph()
        with torch.cuda.graph(empty):
            torch.zeros(1, device=device)
    graph = torch.cuda.CUDAGraph()
    try:
        graph.capture_begin(pool=_SHARED_MEMORY[device].pool(), capture_error_mode="thread_local")
        try:
            step(number)
            number += 1
        finally:
            graph.capture_end()
    except RuntimeError:
        return None
    return graph
