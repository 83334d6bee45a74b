"""Values on their way between Python and Node: JSON, and tags for what JSON has no words for.

The other half is ``../wire.ts``. Moments travel in UTC; on this side they are what ``USE_TZ`` says.
"""

import base64
import datetime
import os

from django.conf import settings
from django.utils import timezone

LARGEST_NUMBER = 2**53

MISSING = object()
"""Stands for an argument that was not given, and for a value that is not there."""


def write(value):
    """What Node is sent."""
    if value is MISSING:
        return tag("missing", None)
    if isinstance(value, datetime.datetime):
        return tag("moment", utc(value).isoformat())
    if isinstance(value, datetime.timedelta):
        return tag("length", value.total_seconds())
    if isinstance(value, bytes):
        return tag("bytes", base64.b64encode(value).decode())
    if isinstance(value, dict):
        return tag("dict", [[write(key), write(member)] for key, member in value.items()])
    if isinstance(value, tuple):
        return tag("tuple", [write(item) for item in value])
    if isinstance(value, list):
        return [write(item) for item in value]
    if isinstance(value, int) and abs(value) > LARGEST_NUMBER:
        return tag("integer", str(value))
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def read(value):
    """What Node sent."""
    if isinstance(value, list):
        return [read(item) for item in value]
    if not isinstance(value, dict):
        return value
    kind, content = value["$t"]
    return READERS[kind](content)


def tag(kind, content):
    return {"$t": [kind, content]}


def utc(moment):
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment, timezone.get_default_timezone())
    return moment.astimezone(datetime.timezone.utc)


def local(text):
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    if settings.USE_TZ:
        return moment
    return timezone.make_naive(moment, timezone.get_default_timezone())


READERS = {
    "dict": lambda pairs: {key: read(member) for key, member in pairs},
    "moment": local,
    "bytes": base64.b64decode,
    "integer": int,
    "missing": lambda _: MISSING,
}
