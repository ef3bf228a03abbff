"""Settings: the command line over the environment over the defaults; what is wrong is told in a line."""

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from demo.settings import Limits, Settings

ROOT = Path(__file__).parents[2]


def test_without_anything_said_the_app_is_for_this_machine():
    settings = Settings.read([], {})
    assert (settings.model, settings.host, settings.port, settings.login) == ("picto", "127.0.0.1", None, None)
    assert (settings.cache, settings.share, settings.choose_models) == (None, False, True)
    assert settings.limits == Limits()


def test_the_environment_is_read():
    settings = Settings.read(
        [],
        {
            "LLU_BACKBONE": "vit-b-16",
            "LLU_LIMITS": "pictures=5, classes=3",
            "LLU_CACHE": "/tmp/c",
            "LLU_LOGIN": "ada:love:lace",
            "GRADIO_SERVER_NAME": "0.0.0.0",
            "GRADIO_SERVER_PORT": "8000",
        },
    )
    assert (settings.model, settings.host, settings.port) == ("vit-b-16", "0.0.0.0", 8000)
    assert (settings.limits.pictures, settings.limits.classes, settings.limits.files) == (5, 3, Limits().files)
    assert (settings.cache, settings.login) == (Path("/tmp/c"), ("ada", "love:lace"))


def test_the_command_line_goes_before_the_environment():
    environment = {"LLU_BACKBONE": "vit-b-16", "LLU_LIMITS": "pictures=5", "GRADIO_SERVER_PORT": "8000"}
    options = ["--model", "picto", "--port", "7000", "--host", "::", "--limits", "classes=4", "--cache", "here"]
    settings = Settings.read(options, environment)
    assert (settings.model, settings.port, settings.host, settings.cache) == ("picto", 7000, "::", Path("here"))
    assert (settings.limits.pictures, settings.limits.classes) == (Limits().pictures, 4)


@pytest.mark.parametrize(
    ("options", "environment", "models"),
    [
        ([], {}, ("picto", "photo")),
        ([], {"SPACE_ID": "a/b"}, ("picto", "mobileclip2-s0")),
        ([], {"LLU_BACKBONE": "vit-b-16"}, ("vit-b-16", "vit-b-16")),
        (["--model", "picto"], {"SPACE_ID": "a/b"}, ("picto", "picto")),
    ],
)
def test_a_model_that_is_chosen_reads_everything(options, environment, models):
    settings = Settings.read(options, environment)
    assert (settings.model, settings.own_model) == models


@pytest.mark.parametrize("public", [{"SPACE_ID": "a/b"}, {"GRADIO_SHARE": "True"}])
def test_on_a_public_page_visitors_choose_no_models_unless_allowed(public):
    assert not Settings.read([], public).choose_models
    assert Settings.read([], public | {"LLU_CHOOSE_MODELS": "1"}).choose_models


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"LLU_LIMITS": "picture=5"}, "'picture=5' is not understood"),
        ({"LLU_LIMITS": "pictures=0"}, "not understood"),
        ({"LLU_LIMITS": "pictures=-1"}, "not understood"),
        ({"LLU_LIMITS": "pictures"}, "NAME=NUMBER"),
        ({"LLU_LOGIN": "ada"}, "NAME:PASSWORD"),
        ({"GRADIO_SERVER_PORT": "99999"}, "1 to 65535"),
        ({"LLU_CHOOSE_MODELS": "maybe"}, "1 for yes"),
    ],
)
def test_what_is_not_understood_is_told(environment, says: str):
    with pytest.raises(ValueError, match=says):
        Settings.read([], environment)


def test_help_and_mistakes_are_answered_in_a_line_each_without_loading_a_model():
    told = subprocess.run([sys.executable, "app.py", "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for option in ("--host", "--port", "--model", "--share", "--cache", "--limits"):
        assert option in told.stdout
    program = "import sys; import demo.settings; print('torch' in sys.modules or 'gradio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True).stdout == b"False\n"
    refused = subprocess.run([sys.executable, "app.py", "--limits", "x=1"], cwd=ROOT, capture_output=True, text=True)
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1].startswith("python app.py: error: the limit 'x=1' is not understood")


def test_the_page_names_its_limits_and_the_docstring_explains_each():
    text = Limits(pictures=1234, classes=56, upload_mb=78, picture_megapixels=9).as_text()
    assert all(part in text for part in ("1,234 pictures", "56 classes", "78 MB", "9 megapixels"))
    assert all(field.name in (Limits.__doc__ or "") for field in fields(Limits))
