"""Messages for a visitor's next page: where they are kept, and which of them, is Node's."""

import json

from django.contrib.messages.storage.base import BaseStorage, Message
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.core import signing
from django.http import HttpRequest
from django.utils.safestring import SafeData, mark_safe

from signers import ask
from visits import Visit

EVERY_LEVEL = -1

NO_MESSAGE = "no-message"
"""Django's tests keep plain text among messages, too: it travels as a message with this tag."""


def plug_messages():
    for name, member in STORAGE.items():
        setattr(BaseStorage, name, member)
    for storage in (CookieStorage, SessionStorage, FallbackStorage):
        del storage._get, storage._store
    CookieStorage._encode = encode
    CookieStorage._decode = decode
    SessionStorage.serialize_messages = lambda self, messages: serialize(messages)
    SessionStorage.deserialize_messages = lambda self, data: deserialize(data)


class RemoteMessage(Message):
    """A message with the tags that Node gives it."""

    tags = None
    level_tag = None


def read_message(told):
    if told["extraTags"] == NO_MESSAGE:
        return told["message"]
    text = mark_safe(told["message"]) if told["safe"] else told["message"]
    message = RemoteMessage(told["level"], text, told["extraTags"])
    message.tags, message.level_tag = told["tags"], told["levelTag"]
    return message


# What Django and its tests call, and reach into.


def visit_of(storage):
    """Node reads the request at the first call of a storage."""
    if storage._visit is None:
        storage._visit = open_visit(type(storage), storage.request)
    return storage._visit


def open_visit(cls, request, cookies=None):
    keys = [] if cls is CookieStorage else [SessionStorage.session_key]
    path = f"{cls.__module__}.{cls.__qualname__}"
    return Visit(request, keys, cookies, extra={"MESSAGE_STORAGE": path})


def get_messages(self):
    return [read_message(told) for told in visit_of(self).ask("get_messages")]


def count(self):
    return visit_of(self).ask("count_messages")


def add(self, level, message, extra_tags=""):
    before = count(self)
    options = {
        "extraTags": None if extra_tags is None else str(extra_tags),
        "safe": isinstance(message, SafeData),
    }
    text = str(message) if message else ""
    visit_of(self).ask("add_message", level=int(level), message=text, options=options)
    self.added_new = self.added_new or count(self) > before
    self._handed_over.append(Message(level, message, extra_tags))


def update(self, response):
    """Answers messages that there was no room for: those that the response does not hold."""
    visit = visit_of(self)
    visit.ask("commit", response)
    if ["messages.dropped"] not in visit.events:
        return []
    kept = decode(self, response.cookies[CookieStorage.cookie_name].value)
    return [message for message in self._handed_over if message not in kept]


def is_used(self):
    return visit_of(self).ask("are_messages_used")


def get_level(self):
    return visit_of(self).ask("get_message_level")


def set_level(self, value=None):
    visit_of(self).ask("set_message_level", level=value)


def get_loaded(self):
    if self._visit is None:
        raise AttributeError("_loaded_data")
    return get_messages(self)


def set_loaded(self, messages):
    """As if an earlier request had left them."""
    if not messages:
        self._visit = open_visit(type(self), self.request, cookies={})
    elif isinstance(self, SessionStorage):
        self.request.session[self.session_key] = serialize(messages)
        self._visit = open_visit(type(self), self.request)
    else:
        cookies = {CookieStorage.cookie_name: encode(None, messages)}
        self._visit = open_visit(type(self), self.request, cookies)


def forget(self):
    self._visit = None


own_init = BaseStorage.__init__


def init(self, request, *args, **kwargs):
    self._visit = None
    self._handed_over = []
    own_init(self, request, *args, **kwargs)


STORAGE = {
    "__init__": init,
    "__len__": count,
    "__iter__": lambda self: iter(get_messages(self)),
    "add": add,
    "update": update,
    "used": property(is_used, lambda self, flag: None),
    "level": property(get_level, set_level, set_level),
    "_loaded_data": property(get_loaded, set_loaded, forget),
}


# Text that tests make, and look into: what Node keeps of messages, and finds in what is kept.


def serialize(messages):
    request = HttpRequest()
    request.session = {}
    visit = open_visit(SessionStorage, request)
    visit.ask("set_message_level", level=EVERY_LEVEL)
    for message in messages:
        visit.ask("add_message", **describe(message))
    visit.ask("commit")
    return request.session.get(SessionStorage.session_key, "[]")


def describe(message):
    if not isinstance(message, Message):
        return {"level": 0, "message": message, "options": {"extraTags": NO_MESSAGE}}
    options = {"extraTags": message.extra_tags, "safe": isinstance(message.message, SafeData)}
    return {"level": message.level, "message": str(message.message), "options": options}


def deserialize(data):
    request = HttpRequest()
    request.session = {SessionStorage.session_key: data}
    return get_messages(SessionStorage(request))


class CookieOfOne(str):
    """A message without a list around it, which only tests of 4.2 put into a cookie."""


def encode(self, messages, encode_empty=False):
    """A cookie with what Node keeps of messages, and with Django's sign that some are elsewhere."""
    if isinstance(messages, Message):
        return CookieOfOne(encode(self, [messages]))
    if not (messages or encode_empty):
        return None
    kept = [one for one in messages if one != CookieStorage.not_finished]
    sign = [CookieStorage.not_finished] * (len(messages) - len(kept))
    signer = signing.get_cookie_signer(salt=CookieStorage.key_salt)
    return ask(signer, "sign_object", object=json.loads(serialize(kept)) + sign, compress=True)


def decode(self, cookie):
    """The messages in a cookie; None where Node takes it for none of its own."""
    request = HttpRequest()
    request.COOKIES = {CookieStorage.cookie_name: cookie}
    storage = CookieStorage(request)
    if storage.used:
        return None
    messages = get_messages(storage)
    return messages[0] if isinstance(cookie, CookieOfOne) else messages
