"""CLIP zero-shot (Radford et al., arXiv 2103.00020): nothing is learned."""

from llu_core.method.classifier import ZeroShotClassifier
from llu_core.systems.contract import AnyClasses, Device, Fitted, Material


def fit(material: Material, seed: int, device: Device) -> Fitted:
    """Plain CLIP at the model's logit scale; seed and device are of no use."""
    return AnyClasses(ZeroShotClassifier(material.shots.logit_scale))
