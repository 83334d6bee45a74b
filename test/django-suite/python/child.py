"""The Node process that carries calls out, and its answers in Django's words."""

import json
import logging
import os
import shlex
import subprocess

import django
from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.core.exceptions import ImproperlyConfigured
from django.core.signing import BadSignature, SignatureExpired
from django.utils import timezone

import wire


class RemoteError(Exception):
    """What no Django has a word for: a defect, in most cases."""


class Refused(Exception):
    """A request that Node takes for forged."""

    reason = None


SENT_SETTINGS = [
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "SESSION_COOKIE_AGE",
    "SESSION_COOKIE_NAME",
    "SESSION_EXPIRE_AT_BROWSER_CLOSE",
    "TIME_ZONE",
    "USE_TZ",
]

ERRORS = {
    "ERR_BAD_SIGNATURE": BadSignature,
    "ERR_SIGNATURE_EXPIRED": SignatureExpired,
    "ERR_SESSION_INTERRUPTED": UpdateError,
    "ERR_SESSION_DATA": TypeError,
    "ERR_PAYLOAD": ValueError,
    "ERR_INVALID_ARGUMENT": ValueError,
    "ERR_PASSWORD_HASH": ValueError,
    "ERR_CSRF": Refused,
    "ERR_IMPROPERLY_CONFIGURED": ImproperlyConfigured,
}

LOGS = {
    ("session.corrupt", "badSignature"): (
        "django.security.SuspiciousSession",
        logging.WARNING,
        "Session data corrupted",
    ),
}


class Child:
    """Starts at the first call, and counts them."""

    def __init__(self):
        self.process = None
        self.calls = 0

    def start(self):
        command = shlex.split(os.environ["CONFORMANCE_CHILD"])
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, encoding="utf-8")

    def stop(self):
        """Lets go of the database, too: Django drops it in the end."""
        if self.process is None:
            return
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.process = None

    def call(self, name, handle=None, engine=None, request=None, extra=None, now=None, **given):
        """What came of a call: its result, and the state of its session or request.

        ``extra`` are settings beside those that are always sent.
        """
        if self.process is None:
            self.start()
        self.calls += 1
        request = {
            "call": name,
            "handle": handle,
            "engine": wire.write(engine),
            "request": wire.write(request),
            "given": wire.write(given),
            "settings": wire.write({**sent_settings(SENT_SETTINGS), **(extra or {})}),
            "version": django.get_version(),
            "now": wire.write(now or timezone.now()),
        }
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RemoteError(f"Node ended during {name}")
        return json.loads(answer)


child = Child()


def sent_settings(names):
    """Those that there are: some have their default in Django's code."""
    return {name: getattr(settings, name) for name in names if hasattr(settings, name)}


def result_of(answer):
    """The result of a call; or logs and raises what Django would."""
    for event in answer["events"]:
        if tuple(event) in LOGS:
            logger, level, message = LOGS[tuple(event)]
            logging.getLogger(logger).log(level, message)
    if "error" in answer:
        told = answer["error"]
        error = ERRORS.get(told["code"], RemoteError)(told["message"])
        error.reason = told["reason"]
        raise error
    return wire.read(answer["result"])
