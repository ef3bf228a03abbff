"""Make assets/photo/coefficients.safetensors anew: `python -m llu_core.encoders.photo.join`, less than a minute.

Everything comes from installed packages: the tower's classifier, the word vectors, the names and definitions of the
classes. No picture is read, and nothing is drawn by lot.
"""

from collections.abc import Iterator

import torch
from safetensors.torch import save
from torch import Tensor
from torch.nn import functional as F

from llu_core.encoders.photo.model import COEFFICIENTS, WIDTH, kernel
from llu_core.encoders.photo.parts import load_tower, load_words
from llu_core.files.writing import write_whole

RIDGE = 0.01


def known_texts() -> Iterator[tuple[int, str]]:
    """The texts that the model is taught, each with its class: every synonym, and the name with its definition."""
    from timm.data import ImageNetInfo

    info = ImageNetInfo("imagenet-1k")
    for label in range(info.num_classes()):
        for name in info.index_to_description(label, detailed=False).split(", "):
            yield label, name
        yield label, info.index_to_description(label, detailed=True)


def join() -> dict[str, Tensor]:
    """The coefficients, in half precision; see `model.PhotoModel`."""
    rows = load_tower().classifier.weight.double()
    rows = rows - rows.mean(dim=0)
    projection = torch.linalg.svd(rows, full_matrices=False)[2][:WIDTH]
    # A singular vector's sign is the library's whim.
    projection *= projection.gather(1, projection.abs().argmax(dim=1, keepdim=True)).sign()
    labels, texts = zip(*known_texts(), strict=True)
    words = load_words()(texts).half().double()
    targets = F.normalize(rows @ projection.mT, dim=-1)[list(labels)]
    ridge = RIDGE * torch.eye(len(words), dtype=torch.float64)
    answers = torch.linalg.solve(kernel(words, words) + ridge, targets)
    coefficients = {"projection": projection, "words": words, "answers": answers}
    return {name: values.half().contiguous() for name, values in coefficients.items()}


def main() -> None:
    coefficients = join()
    content = save(coefficients)
    COEFFICIENTS.parent.mkdir(parents=True, exist_ok=True)
    write_whole(COEFFICIENTS, lambda file: file.write(content))
    print(f"{COEFFICIENTS}: {len(coefficients['words']):,} known texts, {len(content) / 2**20:.1f} MB")


if __name__ == "__main__":
    main()
