"""Links that reset a password: their tokens, and the user's key in them."""

import django.utils.http
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator

from child import child, result_of
from imported import replace


def plug_tokens():
    PasswordResetTokenGenerator.make_token = make_token
    PasswordResetTokenGenerator.check_token = check_token
    replace(django.utils.http.urlsafe_base64_encode, encode_uid)
    replace(django.utils.http.urlsafe_base64_decode, decode_uid)


def make_token(self, user):
    return ask(self, "make_token", user)


def check_token(self, user, token):
    return ask(self, "check_token", user, token=token)


def ask(generator, call, user, **given):
    options = {
        "key": generator.secret,
        "fallbackKeys": list(generator.secret_fallbacks),
        "passwordResetTimeout": settings.PASSWORD_RESET_TIMEOUT,
        "timeZone": settings.TIME_ZONE,
        "useTz": settings.USE_TZ,
    }
    now = generator._now()
    return result_of(child.call(call, now=now, options=options, user=describe(user), **given))


def describe(user):
    """Keys of more than one column are text in a token, too."""
    if user is None:
        return None
    return {
        "pk": str(user.pk),
        "password": user.password,
        "lastLogin": user.last_login,
        "email": getattr(user, user.get_email_field_name(), None),
    }


def encode_uid(value):
    return result_of(child.call("encode_uid", text=value.decode()))


def decode_uid(uid):
    """Django's answers bytes, which its callers take for text; or raises."""
    text = result_of(child.call("decode_uid", uid=uid))
    if text is None:
        raise ValueError("This is no key in URL-safe base64.")
    return text.encode()
