"""Django's session store, every method of which Node carries out."""

import itertools
import os

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.exceptions import InvalidSessionKey
from django.core.cache import caches
from django.utils.module_loading import import_string

import wire
from child import child, result_of

handles = itertools.count(1)


class RemoteSession(SessionBase):
    """What all engines have in common. A subclass names the engine, and is called SessionStore."""

    engine = None

    def __init__(self, session_key=None):
        self.handle = next(handles)
        self.ask("new", session_key=session_key)

    @classmethod
    def call(cls, call, handle=None, **given):
        return child.call(call, handle, {"name": cls.engine, **cls.describe_engine()}, **given)

    @classmethod
    def describe_engine(cls):
        """What Django's settings say of where this engine keeps sessions."""
        return {}

    def ask(self, call, **given):
        answer = self.call(call, self.handle, **given)
        if answer["state"] is not None:
            self.state = answer["state"]
        return result_of(answer)

    def need(self, key, call, **given):
        value = self.ask(call, key=key, **given)
        if value is wire.MISSING:
            raise KeyError(key)
        return value

    # What Django and its tests reach into.

    @property
    def accessed(self):
        return self.state["accessed"]

    @accessed.setter
    def accessed(self, flag):
        self.ask("set_accessed", flag=flag)

    @property
    def modified(self):
        return self.state["modified"]

    @modified.setter
    def modified(self, flag):
        self.ask("set_modified", flag=flag)

    @property
    def session_key(self):
        return self.state["key"]

    @property
    def _session_key(self):
        return self.state["key"]

    @_session_key.setter
    def _session_key(self, session_key):
        self.ask("set_key", session_key=session_key)

    @property
    def _session_cache(self):
        if not self.state["hasData"]:
            raise AttributeError("_session_cache")
        return self.ask("get_cache")

    @_session_cache.setter
    def _session_cache(self, data):
        self.ask("set_cache", data=data)

    @_session_cache.deleter
    def _session_cache(self):
        self.ask("set_cache", data=None)

    @property
    def _session(self):
        return dict(self.items())

    @property
    def serializer(self):
        return import_string(settings.SESSION_SERIALIZER)

    # The data.

    def __contains__(self, key):
        return self.ask("contains", key=key)

    def __getitem__(self, key):
        return self.need(key, "get", default=wire.MISSING)

    def __setitem__(self, key, value):
        self.ask("set", key=key, value=value)

    def __delitem__(self, key):
        self.need(key, "delete_item")

    def __bool__(self):
        return not self.is_empty()

    def get(self, key, default=None):
        return self.ask("get", key=key, default=default)

    def pop(self, key, default=wire.MISSING):
        return self.need(key, "pop", default=default)

    def setdefault(self, key, value):
        return self.ask("setdefault", key=key, value=value)

    def update(self, dict_):
        self.ask("update", values=dict(dict_))

    def has_key(self, key):
        return self.ask("contains", key=key)

    def keys(self):
        return dict.fromkeys(self.ask("keys")).keys()

    def values(self):
        return dict(enumerate(self.ask("values"))).values()

    def items(self):
        return dict(self.ask("items")).items()

    def clear(self):
        self.ask("clear")

    def is_empty(self):
        return self.ask("is_empty")

    def set_test_cookie(self):
        self.ask("set_test_cookie")

    def test_cookie_worked(self):
        return self.ask("test_cookie_worked")

    def delete_test_cookie(self):
        self.ask("delete_test_cookie")

    def encode(self, session_dict):
        return self.ask("encode", values=session_dict)

    def decode(self, session_data):
        return self.ask("decode", session_data=session_data)

    # When it ends.

    def get_session_cookie_age(self):
        return self.ask("get_session_cookie_age")

    def get_expiry_age(self, **options):
        return self.ask("get_expiry_age", options=options)

    def get_expiry_date(self, **options):
        return self.ask("get_expiry_date", options=options)

    def set_expiry(self, value):
        self.ask("set_expiry", expiry=value)

    def get_expire_at_browser_close(self):
        return self.ask("get_expire_at_browser_close")

    # Where it is kept.

    def exists(self, session_key):
        return self.ask("exists", session_key=session_key)

    def create(self):
        self.ask("create")

    def save(self, must_create=False):
        self.ask("save", must_create=must_create)

    def delete(self, session_key=None):
        self.ask("delete", session_key=session_key)

    def load(self):
        return self.ask("load")

    def flush(self):
        self.ask("flush")

    def cycle_key(self):
        self.ask("cycle_key")

    @classmethod
    def clear_expired(cls):
        result_of(cls.call("clear_expired"))

    @classmethod
    async def aclear_expired(cls):
        cls.clear_expired()


NOT_CALLED = {"ask", "need", "call", "describe_engine"}


def add_async(name, method):
    """Django's asynchronous methods are called like the others, with an ``a`` in front."""

    async def method_async(self, *args, **kwargs):
        return method(self, *args, **kwargs)

    setattr(RemoteSession, f"a{name}", method_async)


for name, member in list(vars(RemoteSession).items()):
    if callable(member) and not name.startswith("_") and name not in NOT_CALLED:
        add_async(name, member)
add_async("set", RemoteSession.__setitem__)


class DatabaseSession(RemoteSession):
    """What belongs to the model is Django's own."""

    @classmethod
    def get_model_class(cls):
        return cls.base.get_model_class()

    @property
    def model(self):
        return self.get_model_class()


class CacheSession(RemoteSession):
    @classmethod
    def describe_engine(cls):
        cache = caches[settings.SESSION_CACHE_ALIAS]
        location = settings.CACHES[settings.SESSION_CACHE_ALIAS]["LOCATION"]
        return {"location": location, "keyPrefix": cache.key_prefix, "version": cache.version}

    @property
    def cache_key(self):
        return self.base.cache_key_prefix + self.session_key

    async def acache_key(self):
        return self.cache_key

    # Django signs text for any engine; this one does not keep it so.

    def encode(self, session_dict):
        return result_of(child.call("encode", values=session_dict))

    def decode(self, session_data):
        return result_of(child.call("decode", session_data=session_data))


class CachedDatabaseSession(DatabaseSession, CacheSession):
    pass


class FileSession(RemoteSession):
    @classmethod
    def describe_engine(cls):
        return {"sessionFilePath": settings.SESSION_FILE_PATH}

    def __init__(self, session_key=None):
        super().__init__(session_key)
        # Django's tests make it forget where its files are.
        type(self)._storage_path = self._get_storage_path()

    @classmethod
    def _get_storage_path(cls):
        return os.fspath(settings.SESSION_FILE_PATH)

    def _key_to_file(self, session_key):
        """Node tells nobody where its files are: it is asked for one that is there."""
        path = os.path.join(self._get_storage_path(), settings.SESSION_COOKIE_NAME + session_key)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w"):
            pass
        if not self.exists(session_key):
            raise InvalidSessionKey(f"Node looks for no file of the name {path}.")
        return path


CLASSES = {
    "db": DatabaseSession,
    "cached_db": CachedDatabaseSession,
    "cache": CacheSession,
    "file": FileSession,
    "signed_cookies": RemoteSession,
}


def store_of(engine, base):
    """The class for an engine, in the place of Django's own."""
    return type("SessionStore", (CLASSES[engine],), {"engine": engine, "base": base})
