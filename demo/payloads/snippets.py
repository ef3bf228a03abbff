"""Code to take away: the same steps as on the page, filled in with what the page shows."""

from demo.session.session import Session
from llu_core.method.recipes import RECIPES

PICTURE = "picture.png"

EMBEDDINGS_CODE = """import torch

from llu_core import TrainedAdapter

trained = TrainedAdapter.from_pretrained("llu-adapter.zip")
images = torch.nn.functional.normalize(torch.load("embeddings.pt", weights_only=True), dim=1)
logits = trained.adapter.logits(images, trained.class_embeddings)
print([trained.class_names[k] for k in logits.argmax(dim=1)])
"""
"""The code for a set that came as embeddings: no encoder is known, so the pictures come as embeddings too."""


def library_code(session: Session) -> str:
    """Python that loads the downloaded adapter and predicts a picture."""
    if session.model is not None and not session.model.trained.encoder_identity:
        return EMBEDDINGS_CODE
    model = session.encoder_name if session.model is None else session.model.trained.model
    return f"""from llu_core import OpenClipEncoder, TrainedAdapter, predict
from llu_core.files.images import decode

adapter = TrainedAdapter.from_pretrained("llu-adapter.zip")
encoder = OpenClipEncoder.load({model!r})
answer, = predict(adapter, encoder, [decode("{PICTURE}")], ["{PICTURE}"])
print(f"CLIP: {{answer.clip_class}}, LLU: {{answer.llu_class}}, alpha {{answer.alpha:.3f}}")
"""


def client_code(session: Session, address: str) -> str:
    """Python that repeats the page's work through the running app."""
    gamma = "inf" if session.gamma == float("inf") else session.gamma
    start = (
        f'client.predict({session.preset!r}, api_name="/load_example")'
        if session.preset
        else 'client.predict([handle_file("my_pictures.zip")], "", api_name="/add_pictures")'
    )
    off = "" if session.statistics_told in (None, True) else '\nclient.predict(False, api_name="/set_statistics")'
    return f"""from gradio_client import Client, handle_file

client = Client({address!r})
{start}{_training(session)}
client.predict({session.beta!r}, {gamma!r}, api_name="/set_mask"){off}
print(client.predict(handle_file("{PICTURE}"), api_name="/ask"))
"""


def _training(session: Session) -> str:
    """The line that trains as the adapter on the page was trained; an example comes with an adapter of its own."""
    trained = session.model and session.model.trained
    if session.preset and (trained is None or trained is session.given):
        return ""
    known = str(trained.recipe.get("name")) if trained else ""
    return f'\nclient.predict({known if known in RECIPES else "fast"!r}, api_name="/train")'
