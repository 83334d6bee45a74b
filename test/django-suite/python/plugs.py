"""What is put in Django's place, by name."""

import datetime
import importlib
import time

from django.contrib.auth import hashers
from django.core import signing
from django.utils.crypto import InvalidAlgorithm

from child import child, result_of
from reset_links import plug_tokens
from session_store import store_of

BACKENDS = "django.contrib.sessions.backends"
ENGINES = ["db", "cached_db", "cache", "file", "signed_cookies"]


def plug_engine(engine):
    """Every import of Django's class for this engine, and its name in SESSION_ENGINE, is ours."""
    modules = {name: importlib.import_module(f"{BACKENDS}.{name}") for name in ENGINES}
    module = modules[engine]
    module.SessionStore = store_of(engine, module.SessionStore)


def plug_signing():
    for cls in (signing.Signer, signing.TimestampSigner):
        cls.sign = lambda self, value: ask(self, "sign", value=text(value))
    signing.Signer.signature = signature
    signing.Signer.unsign = lambda self, value: ask(self, "unsign", value=value)
    signing.TimestampSigner.unsign = unsign_in_time
    signing.Signer.sign_object = sign_object
    signing.Signer.unsign_object = unsign_object
    signing.b62_encode = lambda number: result_of(child.call("b62_encode", number=number))
    signing.b62_decode = lambda text: result_of(child.call("b62_decode", text=text))


def plug_hashers():
    for cls in (getattr(hashers, name) for name in HASHER_PARAMETERS):
        cls.encode = encode_password
        cls.verify = verify_password
        cls.must_update = must_update
    hashers.is_password_usable = is_password_usable


def plug(name):
    if name in PLUGS:
        PLUGS[name]()
    else:
        plug_engine(name)


def ask(signer, method, key=None, **given):
    options = {
        "key": key or signer.key,
        "fallbackKeys": list(signer.fallback_keys),
        "salt": signer.salt,
        "sep": signer.sep,
        "algorithm": signer.algorithm,
    }
    is_stamped = isinstance(signer, signing.TimestampSigner)
    cls = "TimestampSigner" if is_stamped else "Signer"
    now = datetime.datetime.fromtimestamp(time.time(), datetime.timezone.utc)
    try:
        return result_of(child.call(f"{cls}.{method}", now=now, signer=options, **given))
    except ValueError as error:
        if "hash algorithm" not in str(error):
            raise
        message = f"{signer.algorithm!r} is not an algorithm accepted by the hashlib module."
        raise InvalidAlgorithm(message) from error


def text(value):
    """Node's signers take text; Django's take the bytes of one as well, and str() of anything."""
    return value.decode() if isinstance(value, bytes) else str(value)


def seconds(max_age):
    is_length = isinstance(max_age, datetime.timedelta)
    return max_age.total_seconds() if is_length else max_age


def signature(self, value, key=None):
    return ask(self, "signature", key, value=text(value))


def unsign_in_time(self, value, max_age=None):
    return ask(self, "unsign", value=value, max_age=seconds(max_age))


def is_json(serializer):
    return serializer is signing.JSONSerializer


own_sign_object = signing.Signer.sign_object
own_unsign_object = signing.Signer.unsign_object


def sign_object(self, obj, serializer=signing.JSONSerializer, compress=False):
    if not is_json(serializer):
        return own_sign_object(self, obj, serializer, compress)
    return ask(self, "sign_object", object=obj, compress=compress)


def unsign_object(self, signed_obj, serializer=signing.JSONSerializer, max_age=None):
    if not is_json(serializer):
        age = {} if max_age is None else {"max_age": max_age}
        return own_unsign_object(self, signed_obj, serializer, **age)
    return ask(self, "unsign_object", value=signed_obj, max_age=seconds(max_age))


PBKDF2 = ["iterations"]
BCRYPT = ["rounds"]
HASHER_PARAMETERS = {
    "PBKDF2PasswordHasher": PBKDF2,
    "PBKDF2SHA1PasswordHasher": PBKDF2,
    "Argon2PasswordHasher": ["time_cost", "memory_cost", "parallelism"],
    "BCryptSHA256PasswordHasher": BCRYPT,
    "BCryptPasswordHasher": BCRYPT,
    "ScryptPasswordHasher": ["work_factor", "block_size", "parallelism"],
    "MD5PasswordHasher": [],
}


def ask_hasher(hasher, call, overrides=(), **given):
    """Django's class, or the one of Django's that a test's own class derives from."""
    name = next(cls.__name__ for cls in type(hasher).__mro__ if cls.__name__ in HASHER_PARAMETERS)
    parameters = {key: getattr(hasher, key) for key in HASHER_PARAMETERS[name]}
    parameters.update(overrides)
    described = {"hasher": name, "algorithm": hasher.algorithm, "parameters": parameters}
    return result_of(child.call(call, **described, **given))


def encode_password(self, password, salt, iterations=None, n=None, r=None, p=None):
    given = {"iterations": iterations, "work_factor": n, "block_size": r, "parallelism": p}
    overrides = {key: value for key, value in given.items() if value is not None}
    salt = text(salt) if isinstance(salt, bytes) else salt
    try:
        return ask_hasher(self, "hash", overrides, password=password, salt=salt)
    except ValueError as error:
        if "A password must be given" in str(error):
            raise TypeError("password must be provided.") from error
        if "A salt must not be empty" in str(error):
            raise ValueError("salt must be provided and cannot contain $.") from error
        raise


def verify_password(self, password, encoded):
    return ask_hasher(self, "verify", password=password, encoded=encoded)


def must_update(self, encoded):
    return ask_hasher(self, "must_update", encoded=encoded)


def is_password_usable(encoded):
    return result_of(child.call("is_password_usable", encoded=encoded))


PLUGS = {
    "signing": plug_signing,
    "hashers": plug_hashers,
    "tokens": plug_tokens,
}
