"""Threads of a training: one where there is little to do, as many as torch takes otherwise."""

from collections.abc import Iterator

import pytest
import torch

from llu_core.method.batched.threads import SMALL, threads_for


@pytest.fixture
def threads() -> Iterator[int]:
    """How many torch takes; there are two at least."""
    before = torch.get_num_threads()
    torch.set_num_threads(max(2, before))
    yield torch.get_num_threads()
    torch.set_num_threads(before)


def test_little_work_is_done_by_one_thread_and_more_by_all(threads: int):
    with threads_for(SMALL - 1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == threads
    with threads_for(SMALL):
        assert torch.get_num_threads() == threads


def test_the_threads_are_back_after_an_error(threads: int):
    with pytest.raises(ValueError, match="stopped"), threads_for(1):
        raise ValueError("stopped")
    assert torch.get_num_threads() == threads
