"""Code to take away: the same steps as on the page, filled in with what the page shows."""

from demo.payloads.arrays import told_gamma
from demo.session.session import Session
from demo.session.shelf.members import answering
from llu_core.encoders.model_table import BACKBONES
from llu_core.method.composition.saved import TrainedComposition
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
    if session.model is not None and not (session.model.trained.encoder_identity and session.model.trained.model):
        return EMBEDDINGS_CODE
    model = session.encoder_name if session.model is None else session.model.trained.model
    if _composed(session):
        return f"""from llu_core import OpenClipEncoder, TrainedComposition
from llu_core.files.images import decode
from llu_core.method.composition.prediction import predict_saved

sets = TrainedComposition.from_pretrained("llu-adapter.zip")
encoder = OpenClipEncoder.load({model!r})
answer, = predict_saved(sets, encoder, [decode("{PICTURE}")], ["{PICTURE}"])
print(f"CLIP: {{answer.clip_class}}, LLU: {{answer.llu_class}}, alpha {{answer.alpha:.3f}}, {{answer.set_name}}")
"""
    return f"""from llu_core import OpenClipEncoder, TrainedAdapter, predict
from llu_core.files.images import decode

adapter = TrainedAdapter.from_pretrained("llu-adapter.zip")
encoder = OpenClipEncoder.load({model!r})
answer, = predict(adapter, encoder, [decode("{PICTURE}")], ["{PICTURE}"])
print(f"CLIP: {{answer.clip_class}}, LLU: {{answer.llu_class}}, alpha {{answer.alpha:.3f}}")
"""


def client_code(session: Session, address: str) -> str:
    """Python that repeats the page's work through the running app."""
    ask = f'print(client.predict(handle_file("{PICTURE}"), api_name="/ask"))'
    if session.model is not None and not session.model.trained.encoder_identity:
        ask = 'print(client.predict(api_name="/save_predictions"))  # of embeddings, for which no encoder is known'
    return f"""from gradio_client import Client, handle_file

client = Client({address!r})
{_start(session)}
{ask}
"""


def _composed(session: Session) -> bool:
    return session.model is not None and isinstance(answering(session), TrainedComposition)


def _start(session: Session) -> str:
    """What brings what answers, at its beta and gamma: of several sets, what is downloaded has every one's own."""
    if _composed(session):
        return _opened(session)
    mask = f"{session.beta!r}, {told_gamma(session.gamma)!r}"
    return f'{_adapter(session)}\nclient.predict({mask}, api_name="/set_mask")'


def _adapter(session: Session) -> str:
    """What brings the adapter: the example, the downloaded adapter, or a training where neither has it.

    What is downloaded has no class statistics where they are switched off; after a training they are switched off.
    """
    model = session.model
    recipe = "fast" if model is None else str(model.trained.recipe.get("name"))
    as_it_came = model is None or (recipe == "fast" and not model.answers)
    if session.preset and as_it_came:
        return f'client.predict({session.preset!r}, api_name="/load_example")'
    if model is None or session.features is not None or not model.trained.encoder_identity:
        file = "my_pictures.zip" if session.features is None else "my_embeddings.npz"
        trained = recipe if recipe in RECIPES else "fast"
        off = '\nclient.predict(False, api_name="/set_statistics")' if session.statistics_told is False else ""
        return (
            f'client.predict([handle_file("{file}")], "", api_name="/add_pictures")\n'
            f'client.predict({trained!r}, api_name="/train"){off}'
        )
    return _opened(session)


def _opened(session: Session) -> str:
    """The downloaded adapter, or all that were saved together, with the model that reads for it."""
    opened, model = 'client.predict(handle_file("llu-adapter.zip"), api_name="/open_adapter")', session.require_model()
    chosen = session.readers is None and model.trained.model in BACKBONES  # one model was chosen for everything
    return f'client.predict({model.trained.model!r}, "", api_name="/load_model")\n{opened}' if chosen else opened
