"""What is put in Django's place, by name."""

import importlib

from csrf_protection import plug_csrf
from message_storage import plug_messages
from password_hashers import plug_hashers
from reset_links import plug_tokens
from session_store import store_of
from signers import plug_signing

BACKENDS = "django.contrib.sessions.backends"
ENGINES = ["db", "cached_db", "cache", "file", "signed_cookies"]


def plug_engine(engine):
    """Every import of Django's class for this engine, and its name in SESSION_ENGINE, is ours."""
    modules = {name: importlib.import_module(f"{BACKENDS}.{name}") for name in ENGINES}
    module = modules[engine]
    module.SessionStore = store_of(engine, module.SessionStore)


PLUGS = {
    "signing": plug_signing,
    "hashers": plug_hashers,
    "tokens": plug_tokens,
    "csrf": plug_csrf,
    "messages": plug_messages,
}


def plug(name):
    if name in PLUGS:
        PLUGS[name]()
    else:
        plug_engine(name)
