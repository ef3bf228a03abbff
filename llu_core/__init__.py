"""Localized Latent Updates (arXiv 2212.06556): a few pictures teach a CLIP-like model without spoiling what it knows.

shots = load_source("my_pictures/", OpenClipEncoder.load("vit-b-16"))
adapter = fit(shots)
logits = adapter.logits(image_embeddings, class_embeddings)
"""

import lazy_loader

__version__ = "0.1.0"

# torch takes seconds to import, and most commands and programs need a part of this only: see __init__.pyi
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
