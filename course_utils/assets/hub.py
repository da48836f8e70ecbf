"""The Hugging Face Hub: whether it is asked for, and what to say when it cannot be reached."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from urllib.request import getproxies

from .errors import NoNetworkError

SETTING = "COURSE_HUB"
"""Environment variable: 1 takes weights and reviews from the Hub, 0 or nothing takes the installed packages."""

ENCODER = "google-bert/bert-base-uncased"
REVIEWS = {"rotten_tomatoes": "cornell-movie-review-data/rotten_tomatoes", "imdb": "stanfordnlp/imdb"}


def wanted(hub: bool | None) -> bool:
    """The argument if it says yes or no, otherwise the setting.

    Raises:
        ValueError: the setting is neither yes nor no.
    """
    if hub is not None:
        return hub
    value = os.environ.get(SETTING, "").strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"", "0", "false", "no", "off"}:
        return False
    raise ValueError(f"{SETTING} is {value!r}; expected 1 (use the Hub) or 0 (use the installed packages).")


def resolvable() -> bool:
    """Whether the Hub's name can be looked up, or a proxy does that for us.

    Asked first because without a network the Hub's libraries try for over twenty seconds before they give up.
    """
    if getproxies():
        return True
    host = urlsplit(os.environ.get("HF_ENDPOINT", "")).hostname or "huggingface.co"
    try:
        socket.getaddrinfo(host, 443)
    except OSError:
        return False
    return True


@contextmanager
def asking_for(name: str) -> Iterator[None]:
    """Turn whatever the Hub's libraries raise for want of a network into one error that says what to do.

    Without a network the libraries are told so, and then find what an earlier session downloaded, or fail at once.
    """
    import datasets
    import huggingface_hub

    before = datasets.config.HF_HUB_OFFLINE, huggingface_hub.constants.HF_HUB_OFFLINE
    if not resolvable():
        datasets.config.HF_HUB_OFFLINE = huggingface_hub.constants.HF_HUB_OFFLINE = True
    try:
        yield
    except OSError as error:  # ConnectionError and the libraries' own network errors are all OSErrors
        raise NoNetworkError(
            f"{name} could not be had from the Hugging Face Hub ({type(error).__name__}); a network connection "
            f"was expected because {SETTING}=1 or hub=True asks for it. Connect, or turn that off (remove "
            f"{SETTING}, pass hub=False) to use the installed packages, which need no network."
        ) from error
    finally:
        datasets.config.HF_HUB_OFFLINE, huggingface_hub.constants.HF_HUB_OFFLINE = before
