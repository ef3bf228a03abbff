"""Bytes of tensors, counted one by one as operators make and read them: what torch does not tell of a CPU."""

import weakref

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only


class LiveBytes(TorchDispatchMode):
    """Counts the bytes of the tensors on a kind of device that are made while it is on, and that are alive at once.

    now: of tensors made while it was on; peak: the most that `now` was; given: of tensors that were there before and
    were read. What an operator allocates and frees inside itself does not count.
    """

    def __init__(self, device: torch.device | str = "cpu") -> None:
        super().__init__()
        self.now = self.peak = self.given = 0
        self._kind = torch.device(device).type
        self._known: set[int] = set()

    @property
    def held(self) -> int:
        """All that is alive, made or given."""
        return self.now + self.given

    def forget_peak(self) -> None:
        """The peak is what is alive now."""
        self.peak = self.now

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        tree_map_only(torch.Tensor, lambda tensor: self._know(tensor, made_here=False), (args, kwargs or {}))
        made = func(*args, **(kwargs or {}))
        tree_map_only(torch.Tensor, lambda tensor: self._know(tensor, made_here=True), made)
        return made

    def _know(self, tensor: Tensor, *, made_here: bool) -> None:
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._known or tensor.device.type != self._kind:
            return
        self._known.add(key)
        self._count(size := storage.nbytes(), made_here)
        weakref.finalize(storage, self._forget, key, size, made_here).atexit = False

    def _count(self, size: int, made_here: bool) -> None:
        if made_here:
            self.now += size
            self.peak = max(self.peak, self.now)
        else:
            self.given += size

    def _forget(self, key: int, size: int, made_here: bool) -> None:
        self._known.discard(key)
        self._count(-size, made_here)
