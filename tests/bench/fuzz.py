"""The fuzz corpus with a clock: `python tests/bench/fuzz.py` prints counts, the slowest file and the peak of memory."""

import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from demo.session import edits, saving, training
from demo.session.session import Session
from llu_core.errors import LluError
from llu_core.method.training import RECIPES
from support.demo_sessions import drain
from support.mutations import cases, open_case
from support.sample_pictures import write_zip
from support.toy_encoder import ToyEncoder


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        session = edits.add_files(Session(ToyEncoder(), "toy"), [write_zip(folder / "mine.zip")])
        trained = drain(training.train_adapter(session, RECIPES["fast"]))[0]
        adapter = saving.save_adapter(trained, folder).read_bytes()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        times, refused = [], 0
        for kind, file, data in cases(adapter):
            (folder / file).write_bytes(data)
            start = time.perf_counter()
            try:
                open_case(trained, kind, folder / file)
            except LluError:
                refused += 1
            times.append((time.perf_counter() - start, kind, file))
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    seconds, kind, file = max(times)
    print(f"{len(times)} files, {refused} refused, {len(times) - refused} taken, no traceback")
    print(f"slowest {seconds:.2f} s ({kind} {file}), all {sum(t for t, *_ in times):.1f} s, {peak:.0f} MB more memory")


if __name__ == "__main__":
    main()
