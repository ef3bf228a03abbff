"""A trained adapter with a fixed set of classes as one ONNX file, which needs neither this package nor PyTorch.

export_onnx("adapter.onnx", trained.adapter, trained.class_embeddings, trained.class_names)
logits, probabilities = onnxruntime.InferenceSession("adapter.onnx").run(None, {"embeddings": rows})
"""

import json
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from llu_core.encoders.rows import class_names_of, unit_rows
from llu_core.errors import LluError
from llu_core.files.writing import write_whole
from llu_core.method.adapter import (
    AffineUpdate,
    LocalizedAdapter,
    interpolate,
    interpolation_mask,
    nearest_anchor,
    require_width,
)
from llu_core.method.statistics.head import AddedLogits

INPUT, OUTPUTS = "embeddings", ("logits", "probabilities")


class FixedClasses(nn.Module):
    """An adapter under its beta and gamma for C classes: embeddings (n, d) -> logits and probabilities, (n, C) each.

    All that depends on the classes alone is computed once, their class statistics too.
    """

    weight: Tensor
    bias: Tensor
    anchors: Tensor
    classes: Tensor
    added_rows: Tensor
    added_offsets: Tensor

    def __init__(self, adapter: LocalizedAdapter, class_embeddings: Tensor):
        """class_embeddings: (C, d). Raises LluError where they are no embeddings of the adapter's width."""
        super().__init__()
        texts = unit_rows(class_embeddings, "class embeddings", adapter.text.anchors)
        require_width(adapter.width, adapter.image.anchors, texts)
        self.beta, self.gamma = adapter.beta, adapter.gamma
        updated = adapter.text(texts, beta=adapter.beta, gamma=adapter.gamma)
        tensors = {
            "weight": adapter.image.update.weight,
            "bias": adapter.image.update.bias,
            "anchors": adapter.image.anchors,
            "classes": adapter.logit_scale * updated,
        }
        self.familiar_from = None
        if adapter.statistics is not None:
            form, nearest = adapter.statistics.closed_form, nearest_anchor(texts, adapter.text.anchors)[0]
            added = form.of_classes(texts, nearest, beta=adapter.beta)
            self.familiar_from = float(added.familiar_from)
            tensors |= {"added_rows": added.rows, "added_offsets": added.offsets}
        for name, values in tensors.items():
            self.register_buffer(name, values.detach().clone())

    def forward(self, embeddings: Tensor) -> tuple[Tensor, Tensor]:
        """Rows (n, d) of any length but 0 -> logits and probabilities."""
        points = F.normalize(embeddings, dim=1)
        nearest = (points @ self.anchors.T).amax(dim=1)
        alpha = interpolation_mask(nearest, beta=self.beta, gamma=self.gamma)
        logits = interpolate(points, AffineUpdate(self.weight, self.bias)(points), alpha) @ self.classes.T
        if self.familiar_from is not None:
            logits = logits + AddedLogits(self.added_rows, self.added_offsets, self.familiar_from).logits(
                points, nearest
            )
        return logits, logits.softmax(dim=1)


def export_onnx(
    path: str | Path, adapter: LocalizedAdapter, class_embeddings: Any, class_names: Iterable[object]
) -> Path:
    """Write the adapter under its beta and gamma for these classes to `path` (ending in .onnx); gives the path back.

    The input "embeddings" is (n, d) float32 rows of any length but 0, the outputs are "logits" and "probabilities",
    (n, C). The file's metadata have the class names as a JSON list, beta and gamma. Class statistics are part of it.
    Raises LluError where onnx or onnxscript is not installed, names and embeddings disagree or it cannot be written.
    """
    path, names = Path(path), class_names_of(class_names)
    if path.suffix.lower() != ".onnx":
        raise LluError(f"{path.name}: the name of an ONNX file must end in .onnx")
    module = FixedClasses(adapter.to("cpu"), class_embeddings).eval()
    if len(module.classes) != len(names):
        raise LluError(f"there are {len(names)} names for {len(module.classes)} class embeddings; give one for each")
    content = _exported(
        module, {"class_names": json.dumps(names), "beta": f"{adapter.beta}", "gamma": f"{adapter.gamma}"}
    )
    try:
        write_whole(path, lambda file: file.write(content))
    except OSError as error:
        raise LluError(f"{path} cannot be written ({error.strerror or error}); choose another place") from None
    return path


def _exported(module: FixedClasses, metadata: dict[str, str]) -> bytes:
    """The module as the bytes of an ONNX file."""
    try:
        import onnx  # an extra, and the exporter is slow to import
        import onnxscript  # noqa: F401  what the exporter works with
    except ImportError as error:
        raise LluError(f"an ONNX file needs onnx and onnxscript ({error}): pip install onnx onnxscript") from None
    example = module.bias.new_ones(2, len(module.bias))
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter's, about its own future
        program = torch.onnx.export(
            module,
            (example,),
            input_names=[INPUT],
            output_names=list(OUTPUTS),
            dynamic_shapes=({0: torch.export.Dim("n")},),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    proto = program.model_proto
    for each in (proto.graph, *proto.graph.node, *proto.graph.value_info, *proto.graph.initializer, *proto.functions):
        del each.metadata_props[:]  # they name files of this machine, line by line
    onnx.helper.set_model_props(proto, metadata)
    return proto.SerializeToString()
