"""What the machine can do, measured, so that a measurement can be held against the least that it could be."""

import platform
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from llu_core.evaluation.runner import cores

MATRIX_SIDE = 2048
COPY_BYTES = 2**28
"""Eight times the last-level cache of the machines at hand, so that it is memory that is measured."""
ATTEMPTS = 5
PACKAGES = ("torch", "numpy", "scipy", "scikit-learn", "open_clip_torch", "gradio")


@dataclass(frozen=True)
class Limit:
    """The least value that is possible, and what sets it."""

    value: float
    of: str


@dataclass(frozen=True)
class Machine:
    """A device and what it was seen to do at its best: float32 operations and bytes moved per second."""

    device: torch.device
    flops: float
    bytes: float

    @classmethod
    def measured(cls, device: torch.device) -> "Machine":
        """The machine as it is measured now, which takes about a second."""
        left, right = torch.randn(2, MATRIX_SIDE, MATRIX_SIDE, device=device)
        product = torch.empty_like(left)
        source = torch.ones(COPY_BYTES // 4, device=device)
        target = torch.empty_like(source)
        multiply = cls._fastest(lambda: torch.mm(left, right, out=product), device)
        copy = cls._fastest(lambda: target.copy_(source), device)
        return cls(device, flops=2 * MATRIX_SIDE**3 / multiply, bytes=2 * COPY_BYTES / copy)

    @staticmethod
    def _fastest(work: Callable[[], object], device: torch.device) -> float:
        seconds = []
        for _ in range(1 + ATTEMPTS):
            start = time.perf_counter()
            work()
            synchronize(device)
            seconds.append(time.perf_counter() - start)
        return min(seconds[1:])

    def least_seconds(self, *, flops: float = 0.0, bytes: float = 0.0) -> Limit:
        """The least time of work that cannot do with fewer float32 operations and bytes moved to or from memory."""
        computing = Limit(flops / self.flops, f"operations at {self.flops / 1e9:.0f} GFLOP/s")
        moving = Limit(bytes / self.bytes, f"bytes at {self.bytes / 1e9:.1f} GB/s")
        return max(computing, moving, key=lambda limit: limit.value)

    def facts(self) -> dict[str, str | int | float]:
        """What a reader must know to compare measurements of two machines."""
        on_gpu = self.device.type == "cuda"
        return {
            "device": torch.cuda.get_device_name(self.device) if on_gpu else self.device.type,
            "cpu": _cpu_name(),
            "cores": cores(),
            "threads": torch.get_num_threads(),
            "matmul_gflops": round(self.flops / 1e9, 1),
            "copy_gbytes_per_second": round(self.bytes / 1e9, 2),
            "platform": platform.platform(terse=True),
            "python": platform.python_version(),
            **_versions(),
        }


def synchronize(device: torch.device) -> None:
    """Wait for what the device was asked to do."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _versions() -> dict[str, str]:
    """Of the packages that are there: training alone does without some of them."""
    found = {}
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def _cpu_name() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
