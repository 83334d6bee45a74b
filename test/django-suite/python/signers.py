"""Django's signers: every signature is Node's."""

import datetime
import time

from django.core import signing
from django.utils.crypto import InvalidAlgorithm

from child import child, result_of


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
