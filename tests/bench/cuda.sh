#!/usr/bin/env bash
# Everything that only a GPU can show, in one command from the root of the project, in under ten minutes and without a
# network:
#
#   tests/bench/cuda.sh [FOLDER]
#
# The tests (those of the page only where gradio is installed), then the benchmark's subjects that run on CUDA, then the
# time and memory of a training pass. What they print is kept in FOLDER (default: cuda-report). Needs python3 with torch,
# scipy, scikit-learn, open_clip_torch, pytest and hypothesis; takes pytest-xdist where it is there. The exit status is
# that of the tests: a missed bar of the benchmark is printed and is no failure.
set -u -o pipefail
report=${1:-cuda-report}
mkdir -p "$report"
export HF_HUB_OFFLINE=1 PYTHONUNBUFFERED=1
has() { python3 -c "import $1" 2>/dev/null; }

has torch && python3 -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' || {
  echo "torch sees no CUDA device on this machine; run this where there is one" >&2
  exit 2
}
python3 -c 'import torch; print(torch.cuda.get_device_name(), "torch", torch.__version__)'

tests=(tests/method tests/bridges tests/systems tests/evaluation tests/encoders tests/data tests/cli tests/pictoworld)
has gradio && tests+=(tests/demo) || tests+=(--ignore=tests/encoders/test_photo.py)
options=(-W default --tb=short -p no:cacheprovider)
has xdist && options+=(-n "$(($(nproc) > 2 ? $(nproc) - 2 : 1))")
OMP_NUM_THREADS=1 python3 -m pytest "${options[@]}" "${tests[@]}" 2>&1 | tee "$report/tests.log" | tail -60
status=${PIPESTATUS[0]}

python3 -m llu_core bench training many clustering encoding --device cuda --json "$report/bench.json" 2>&1 |
  tee "$report/bench.log"
python3 -m llu_core evaluate timing random:1000 --model random:ViT-B-16-quickgelu --device cuda --seeds 1 \
  --classes 10,100,1000 --batch-sizes 1,16,256 --methods coop,cocoop,prograd,clip-adapter,llu \
  --json "$report/timing.json" 2>&1 | tee "$report/timing.log"
exit "$status"
