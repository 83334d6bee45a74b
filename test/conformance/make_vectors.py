#!/usr/bin/env python3
"""Makes golden vectors with an installed Django, one JSON object a line.

    make_vectors.py --seed WORD --out FILE [--fuzz COUNT] [--redis URL]

It runs under whatever Django the interpreter has, 2.2 to 6.1. A vector is

    {"id", "django": [release], "kind", "input", "settings", "output"}

  *_json   JSON text exactly as Python wrote it (1.0, NaN, integers of any size): keep it as text
  *_b64    raw bytes in standard base64
  now      the frozen clock, in seconds since the epoch
  raises   the class name of the exception that Django let escape

The same seed makes the same vectors: secrets, data, and whatever Django draws at random come from
it. The release is no part of the seed, so that the vectors of two releases can be compared.
`--fuzz` adds so many random inputs, most of them damaged, to each kind that reads text. `--redis`
adds sessions in a Redis, whose keys it removes again.
"""

import argparse
import base64
import contextlib
import datetime
import decimal
import hashlib
import hmac
import json
import logging
import os
import pickle
import random
import sqlite3
import string
import sys
import tempfile
import uuid
import warnings
import zlib
from unittest import mock

import django
from django.conf import settings

warnings.simplefilter("ignore")
parser = argparse.ArgumentParser()
parser.add_argument("--seed", required=True)
parser.add_argument("--out", required=True)
parser.add_argument("--fuzz", type=int, default=0)
parser.add_argument("--redis")
args = parser.parse_args()

V = django.VERSION[:2]


def gen(section):
    """One generator a section, so that a new section leaves the others as they are."""
    return random.Random("%s/%s" % (args.seed, section))


ALNUM = string.ascii_lowercase + string.ascii_uppercase + string.digits
KEYCH = string.ascii_lowercase + string.digits


def rs(g, n, chars=ALNUM):
    return "".join(g.choice(chars) for _ in range(n))


g0 = gen("secrets")
SECRET = "django-insecure-" + rs(g0, 50, ALNUM + "!@#$%^&*(-_=+)")
SECRET2 = rs(g0, 64)
SECRET3 = "s\u00e9cret-\u65e5\u672c-\U0001f511-" + rs(g0, 10)
NOW = 1700000000 + g0.randrange(10**8)

FOLDER = tempfile.TemporaryDirectory(prefix="async-django-vectors-")

settings.configure(
    SECRET_KEY=SECRET,
    ALLOWED_HOSTS=["*"],
    USE_TZ=True,
    TIME_ZONE="UTC",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.sessions"],
    MIDDLEWARE=[],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    LOGGING_CONFIG=None,
    ROOT_URLCONF="__main__",
    SESSION_FILE_PATH=FOLDER.name,
)
urlpatterns = []
django.setup()
logging.getLogger("django").setLevel(logging.CRITICAL + 1)

from django.contrib.messages.storage.base import Message  # noqa: E402
from django.contrib.messages.storage.cookie import CookieStorage  # noqa: E402
from django.contrib.messages.storage.fallback import FallbackStorage  # noqa: E402
from django.contrib.messages.storage.session import SessionStorage  # noqa: E402
from django.contrib.sessions.backends import base as s_base  # noqa: E402
from django.contrib.sessions.backends import cache as s_cache  # noqa: E402
from django.contrib.sessions.backends import cached_db as s_cached_db  # noqa: E402
from django.contrib.sessions.backends import db as s_db  # noqa: E402
from django.contrib.sessions.backends import file as s_file  # noqa: E402
from django.contrib.sessions.backends import signed_cookies as s_cookies  # noqa: E402
from django.contrib.sessions.middleware import SessionMiddleware  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402
from django.core import signing  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.http.cookie import SimpleCookie, parse_cookie  # noqa: E402
from django.http.request import split_domain_port  # noqa: E402
from django.middleware import csrf  # noqa: E402
from django.test import RequestFactory  # noqa: E402
from django.test.utils import override_settings  # noqa: E402
from django.utils import crypto, timezone  # noqa: E402
from django.utils.safestring import SafeData, mark_safe  # noqa: E402
from django.utils import http as d_http  # noqa: E402

call_command("migrate", verbosity=0, interactive=False)
UTC = datetime.timezone.utc
VECTORS = []
COUNT = {}


def b64(b):
    return base64.b64encode(b).decode()


def jd(o):
    return json.dumps(o)


def add(kind, input, output, settings=None):
    n = COUNT[kind] = COUNT.get(kind, 0) + 1
    VECTORS.append(
        {
            "id": "%s/%d.%d/%s/%03d" % (args.seed, V[0], V[1], kind, n),
            "django": [django.get_version()],
            "kind": kind,
            "input": input,
            "settings": settings or {},
            "output": output,
        }
    )


def answer(run):
    """What a call answers, or the name of what it raises."""
    try:
        return run()
    except Exception as e:
        return {"raises": type(e).__name__}


@contextlib.contextmanager
def world(now=NOW, rnd=None, **over):
    """A frozen clock, frozen randomness and other settings."""
    with contextlib.ExitStack() as stack:
        if over:
            stack.enter_context(override_settings(**over))
        # Naive where USE_TZ is false: local time of TIME_ZONE, as timezone.now() answers it.
        zone = UTC if over.get("USE_TZ", settings.USE_TZ) else None
        moment = datetime.datetime.fromtimestamp(now, zone)
        stack.enter_context(mock.patch("time.time", lambda: now))
        stack.enter_context(mock.patch.object(timezone, "now", lambda: moment))
        if rnd is not None:
            drawn = gen("frozen/" + rnd)
            source = crypto.secrets if hasattr(crypto, "secrets") else crypto.random
            stack.enter_context(mock.patch.object(source, "choice", drawn.choice))
        yield


class LogCatch(logging.Handler):
    def __init__(self):
        super().__init__()
        self.seen = []

    def emit(self, record):
        self.seen.append([record.name, record.levelname, record.getMessage()])


@contextlib.contextmanager
def catch_logs():
    logger = logging.getLogger("django")
    before = logger.level, logger.propagate
    catch = LogCatch()
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(catch)
    try:
        yield catch.seen
    finally:
        logger.removeHandler(catch)
        logger.setLevel(before[0])
        logger.propagate = before[1]


def sset(now=NOW, SECRET_KEY=SECRET, **more):
    return {"SECRET_KEY": SECRET_KEY, "now": now, **more}


# --------------------------------------------------------------------------------- session data
# fmt: off
STR_POOLS = [
    "abcdefghijklmnopqrstuvwxyz ", ALNUM, "\"\\/\b\f\n\r\t'<>&", "\u00e9\u00df\u00f1\u00ff\u0080",
    "\u4e2d\u6587\u0416\u05d0\u2028\u2029\u200b",
    "\U0001f600\U0001f9d1\u200d\U0001f4bb\U00010348\U0010ffff", "\x00\x01\x1f\x7f",
]
ODD_FLOATS = [
    0.1, 1e16, 1e15, 1e17, 1e21, 1e22, 123456789012345680.0, 1e-5, 1e-4, 1e-7, 5e-324,
    1.7976931348623157e308, -0.0, 0.0, 100.0,
]
ODD_INTS = [2**31 - 1, 2**31, -2**31, 2**32, 2**64, -2**63, 10**30]
ODD_KEYS = [
    "__proto__", "constructor", "toString", "hasOwnProperty", "", "0", "1", "10", "2", "01", "-1",
    "a.b", "a b", "_auth_user_id", "length", "\u00e9", "\U0001f600", "key\"quote", "1e3",
    "4294967295", "4294967294",
]
# fmt: on


def rand_str(g, maxlen=24):
    pool = g.choice(STR_POOLS) if g.random() < 0.6 else "".join(STR_POOLS)
    return "".join(g.choice(pool) for _ in range(g.randrange(maxlen)))


def rand_num(g):
    k = g.randrange(9)
    if k == 0:
        return g.randrange(-5, 100)
    if k == 1:
        return g.randrange(2**53 - 3, 2**53 + 4)
    if k == 2:
        return g.choice([-1, 1]) * g.randrange(2**63, 2**70)
    if k == 3:
        return float(g.randrange(-5, 100))
    if k == 4:
        return g.random() * 10 ** g.randrange(-12, 25)
    if k == 5:
        return g.choice(ODD_FLOATS)
    if k == 6:
        return g.choice(ODD_INTS)
    if k == 7:
        return round(g.uniform(-1000, 1000), g.randrange(6))
    return g.randrange(10**6)


def rand_val(g, depth=3):
    k = g.randrange(10)
    if depth and k == 0:
        return [rand_val(g, depth - 1) for _ in range(g.randrange(5))]
    if depth and k == 1:
        return rand_dict(g, g.randrange(5), depth - 1)
    if k in (2, 3, 4):
        return rand_str(g)
    if k in (5, 6, 7):
        return rand_num(g)
    return g.choice([True, False, None])


def rand_dict(g, n, depth=3):
    d = {}
    for _ in range(n):
        k = g.choice(ODD_KEYS) if g.random() < 0.4 else rs(g, g.randrange(1, 10))
        d[k] = rand_val(g, depth)
    return d


def session_datas(g):
    """Pairs of label and dict: fixed shapes, contents by the seed."""

    def w(n=8):
        return rs(g, n)

    def hexdigest():
        return hashlib.sha256(w().encode()).hexdigest()

    nan, inf = float("nan"), float("inf")
    # fmt: off
    out = [
        ("empty", {}),
        ("one", {w(): w()}),
        ("auth", {"_auth_user_id": str(g.randrange(1, 10**6)),
                  "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
                  "_auth_user_hash": hexdigest()}),
        ("auth-uuid", {"_auth_user_id": str(uuid.UUID(int=g.getrandbits(128))),
                       "_auth_user_backend": "app.backends.Custom",
                       "_auth_user_hash": hexdigest()}),
        ("key-order", {"b": 1, "a": 2, "10": 3, "9": 4, "2": w(), "1": 5, "z": 6}),
        ("integer-like-keys", {"7": "x", "3": "y", "-1": "z", "00": w(), "1.0": 1, "4294967295": 2,
                               "4294967294": 3}),
        ("proto-keys", {"__proto__": {"polluted": w()}, "constructor": 1, "toString": 2,
                        "hasOwnProperty": 3, "valueOf": None}),
        ("dup-after-coercion", {1: "int-" + w(3), "1": "str-" + w(3), True: None}),
        ("non-str-keys", {2: "int", None: "none", False: "false", 1.5: "float", 1e16: "bigfloat",
                          nan: "nan"}),
        ("floats", {"one": 1.0, "zero": 0.0, "negzero": -0.0, "e308": 1e308,
                    "max": 1.7976931348623157e308, "min": 5e-324, "tiny": 1e-7, "e16": 1e16,
                    "e15": 1e15, "e21": 1e21, "e22": 1e22, "pi": 3.141592653589793,
                    "rand": g.random(), "tenth": 0.1, "third": 1 / 3, "e-5": 1e-5, "e-4": 0.0001,
                    "123e5": 12300000.0}),
        ("nan-inf", {"nan": nan, "inf": inf, "ninf": -inf, "l": [nan, w(3)]}),
        ("bigints", {"2^53": 2**53, "2^53+1": 2**53 + 1, "-2^53-1": -2**53 - 1, "2^63": 2**63,
                     "2^64": 2**64, "10^40": 10**40, "rand": g.getrandbits(200),
                     "neg": -g.getrandbits(90)}),
        ("unicode-bmp", {"fr": "d\u00e9j\u00e0 vu " + w(4), "he": "\u05e9\u05dc\u05d5\u05dd",
                         "zh": "\u4f60\u597d",
                         "\u043a\u043b\u044e\u0447": "\u0437\u043d\u0430\u0447\u0435\u043d\u0438\u0435",
                         "ls": "a\u2028b\u2029c", "bom": "\ufeff" + w(3), "nfc": "\u00e9",
                         "nfd": "e\u0301"}),
        ("unicode-astral", {"emoji": "\U0001f600" + w(4),
                            "family": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
                            "\U0001f511": "\U0010ffff\U00010000",
                            "math": "\U0001d518\U0001d52b\U0001d526"}),
        ("lone-surrogates", {"hi": "\ud83d" + w(3), "lo": w(3) + "\ude00", "swapped": "\ude00\ud83d",
                             "\ud800": "key", "pairasone": "\U0001f600"}),
        ("controls", {"c0": "".join(map(chr, range(32))), "del": "\x7f\x80\x9f", "q": "\"'\\/",
                      "html": "</script><!--", "w": w(3)}),
        ("looks-escaped", {"a": "\\u0041\\n", "b": "\\\\u00e9", "c": "%7B%7D", "d": "&quot;" + w(3)}),
        ("bools-nulls", {"t": True, "f": False, "n": None, "l": [True, False, None, [], {}], "e": "",
                         "w": w(3)}),
        ("nested", {"a": {"b": {"c": {"d": {"e": [1, [2, [3, [4, [w()]]]]]}}}},
                    "list": [{"id": i, "name": w(4)} for i in range(5)], "x": [[], {}, [[]], [{}]]}),
        ("tuple-and-list", {"t": (1, 2, (3, w(3))), "l": [1, 2, [3]]}),
        ("compress-just", {"k": "a" * 14 + w(2)}),
        ("compress-not", {"k": rs(g, 60)}),
        ("compress-yes", {"k": w(4) * 40}),
        ("large-compressible", {"items": [
            {"sku": "SKU-%05d" % i, "qty": i % 7, "price": "%d.%02d" % (i, i % 100),
             "note": w(3) if i % 10 == 0 else "same text again and again"} for i in range(300)]}),
        ("large-random", {"blob": rs(g, 6000)}),
        ("large-unicode", {"blob": "".join(chr(g.randrange(0x4e00, 0x9fff)) for _ in range(1500))}),
        ("very-large", {"blob": (rs(g, 997, "abcdef") + "\n") * 60}),
        ("csrf", {"_csrftoken": rs(g, 32), "cart": [1, 2, 3]}),
        ("messages", {"_messages": '[["__json_message", 0, 25, "Saved %s.", ""]]' % w(4)}),
        ("testcookie", {"testcookie": "worked", "x": w(2)}),
        ("expiry-int", {"_session_expiry": 300, "x": w(3)}),
        ("expiry-zero", {"_session_expiry": 0, "x": w(3)}),
        ("expiry-iso", {"_session_expiry": "2031-0%d-15T12:34:56.%06d+00:00"
                        % (g.randrange(1, 10), g.randrange(10**6)), "x": w(3)}),
        ("expiry-iso-naive", {"_session_expiry": "2031-05-15T12:34:5%d" % g.randrange(10)}),
        ("json-text-values", {"a": '{"b":1}', "c": "[1,2]", "d": "null", "w": w(3)}),
        ("whitespace", {" lead": " x ", "tab\t": "\ttab", "nl\n": "a\r\nb",
                        "nbsp\u00a0": "\u3000" + w(2)}),
        ("numeric-strings", {"a": "1", "b": "1.0", "c": "1e3", "d": "007", "e": str(2**70),
                             "w": w(2)}),
    ]
    # fmt: on
    for i in range(40):
        out.append(("random-%02d" % i, rand_dict(g, g.randrange(1, 9))))
    return out


DATAS = session_datas(gen("datas"))


# ------------------------------------------------------------------------------------- signing
def sec_signing():
    g = gen("signing")
    algorithms = ["sha1"] if V < (3, 1) else ["sha1", "sha256", "sha512", "md5"]
    salts = ["django.contrib.sessions.SessionStore", "django.contrib.messages", ""]
    for key in [SECRET, SECRET2, SECRET3, ""]:
        for salt in [*salts, "s\u00e4lt\U0001f600", rs(g, 20)]:
            for value in ["", rs(g, 12), "v\u00e4lue\u2019\U0001f600", "a" * 300]:
                o = {alg: salted_hmac(salt, value, key, alg) for alg in algorithms}
                add("signing.salted_hmac", {"key_salt": salt, "value": value, "secret": key}, o)
    for key in [b"\xe7", bytes(g.randrange(256) for _ in range(40)), b"x" * 200]:
        value = bytes(g.randrange(256) for _ in range(20))
        alg = "sha1" if V < (3, 1) else "sha256"
        add(
            "signing.salted_hmac",
            {"key_salt": "salt", "value_b64": b64(value), "secret_b64": b64(key)},
            {alg: salted_hmac("salt", value, key, alg)},
        )
    ints = [0, 1, 9, 10, 35, 36, 61, 62, 63, 3843, 3844, NOW, 2**31, 2**32, 2**53, 10**10]
    for n in [*ints, g.getrandbits(60)]:
        add("signing.b62", {"int": str(n)}, {"text": b62_encode(n)})
    sign_vectors(g)
    for sep in ["", "-", "_", "=", "abc", "A", "[", "^", "`", "\\", "a1", ":", ".", "|", "::", "]"]:
        add("signing.sep", {"sep": sep}, separator_verdict(sep))
    unsign_vectors(g)
    dumps_vectors()
    cookie_signer_vectors(g)


def salted_hmac(salt, value, key, alg):
    more = {} if V < (3, 1) else {"algorithm": alg}
    return crypto.salted_hmac(salt, value, key, **more).hexdigest()


def b62_encode(n):
    if hasattr(signing, "b62_encode"):
        return signing.b62_encode(n)
    from django.utils import baseconv

    return str(baseconv.base62.encode(n))


def separator_verdict(sep):
    def make():
        signing.Signer(sep=sep)
        return {"ok": True}

    with world():
        return answer(make)


def sign_vectors(g):
    more = [{"algorithm": "sha1"}, {"algorithm": "sha512"}] if V >= (3, 1) else []
    seps = [{"sep": "/"}, {"sep": "*sep*"}, {"sep": ","}]
    for cls in (signing.Signer, signing.TimestampSigner):
        salts = [{}, {"salt": rs(g, 9)}, {"salt": "s\u00e4lt"}]
        for opts in [*salts, *seps, {"key": SECRET2}, *more]:
            for value in ["", rs(g, 6), "a:b:c", "with space", "\u2019\U0001f600", "x" + ":" * 3]:
                with world():
                    s = cls(**opts)
                    o = {"signed": s.sign(value), "salt_used": s.salt}
                i = {"class": cls.__name__, "opts": opts, "value": value}
                add("signing.sign", i, o, sset())


def unsign_vectors(g):
    base = rs(g, 8)
    with world():
        good = signing.TimestampSigner(salt="u").sign(base)
        other = signing.TimestampSigner(key=SECRET2, salt="u").sign(base)
        plain = signing.Signer(salt="u")
        plains = {
            "plain-signed, no timestamp": plain.sign(base),
            "value has no separator": plain.sign("nots"),
            "timestamp not base62": plain.sign("v:!!!"),
            "empty timestamp": plain.sign("v:"),
            "negative timestamp": plain.sign("v:-1"),
        }
    value, signature = good.rsplit(":", 1)
    standard = value + ":" + signature.replace("-", "+").replace("_", "/")
    cases = [
        ("good", good),
        ("plain-signed, no timestamp", plains.pop("plain-signed, no timestamp")),
        ("other key", other),
        *plains.items(),
        ("upper", good.upper()),
        ("extra char", good + "a"),
        ("truncated", good[:-1]),
        ("padded =", good + "="),
        ("no sep", good.replace(":", "")),
        ("empty", ""),
        ("only sep", ":"),
        ("leading space", " " + good),
        ("trailing space", good + " "),
        ("std base64 alphabet", standard),
    ]
    aged = ("good", "negative timestamp", "timestamp not base62")
    ages = [(None, 0), (10, 10), (10, 10.5), (10, 11), (0, 0), (10, -100)]
    for label, signed in cases:
        for key, fallbacks in [(SECRET, []), (SECRET2, [SECRET]), (SECRET3, [SECRET2])]:
            if fallbacks and V < (4, 1):
                continue
            for age, later in ages if label in aged else ages[:1]:
                unsign_vector(label, signed, age, NOW + later, key, fallbacks)


def unsign_vector(label, signed, max_age, now, key=SECRET, fallbacks=()):
    over = {"SECRET_KEY": key}
    if V >= (4, 1):
        over["SECRET_KEY_FALLBACKS"] = list(fallbacks)
    with world(now=now, **over):
        signer = signing.TimestampSigner(salt="u")
        o = answer(lambda: {"value": signer.unsign(signed, max_age=max_age)})
    add(
        "signing.unsign",
        {
            "label": label,
            "class": "TimestampSigner",
            "opts": {"salt": "u"},
            "signed": signed,
            "max_age": max_age,
        },
        o,
        sset(now=now, SECRET_KEY=key, SECRET_KEY_FALLBACKS=list(fallbacks)),
    )


def dumps_vectors():
    for label, data in DATAS[:30]:
        for compress in (False, True):
            dumps_vector(label, data, "vec.dumps", compress)
    for data in [None, True, 0, 1.0, "text", "", [], [1, "a", None], "\u2019"]:
        dumps_vector("scalar", data, "django.core.signing", False)
    for label, data in [
        ("datetime", {"d": datetime.datetime(2024, 1, 1)}),
        ("decimal", {"d": decimal.Decimal("1.1")}),
        ("uuid", {"u": uuid.uuid4()}),
        ("set", {"s": {1}}),
        ("bytes", {"b": b"x"}),
        ("tuplekey", {(1, 2): 3}),
    ]:
        with world():
            o = answer(lambda: {"signed": signing.dumps(data)})
        add("signing.unserializable", {"label": label}, o)


def dumps_vector(label, data, salt, compress):
    def run():
        signed = signing.dumps(data, compress=compress, salt=salt)
        decoded = jd(signing.loads(signed, salt=salt))
        return {"signed": signed, "compressed": signed.startswith("."), "decoded_json": decoded}

    with world():
        o = answer(run)
    i = {"label": label, "data_json": jd(data), "salt": salt, "compress": compress}
    add("signing.dumps", i, o, sset())


def cookie_signer_vectors(g):
    for salt in ["django.contrib.messages", "django.core.signing.get_cookie_signer", "x"]:
        for value in [rs(g, 6), "caf\u00e9", ""]:
            with world():
                o = {"signed": signing.get_cookie_signer(salt=salt).sign(value)}
            add("signing.cookie_signer", {"salt": salt, "value": value}, o, sset())
    for name, salt, value in [
        ("c", "", "hello"),
        ("a", "bc", "hello"),
        ("ab", "c", "hello"),
        ("pref", "one", rs(g, 10)),
        ("x", "s\u00e4\U0001f600lt", "v"),
    ]:
        signed_cookie_vector(name, salt, value)


def signed_cookie_vector(name, salt, value):
    more = {}
    with world():
        response = HttpResponse()
        response.set_signed_cookie(name, value, salt=salt)
        o = {"cookie_value": response.cookies[name].value}
        if hasattr(signing, "_cookie_signer_salt"):
            o["salt_used"] = signing._cookie_signer_salt(name, salt)
            o["legacy_salt"] = signing._cookie_signer_legacy_salt(name, salt)
            legacy = signing.get_cookie_signer(salt=o["legacy_salt"])
            o["legacy_cookie_value"] = legacy.sign(value)
        else:
            o["salt_used"] = name + salt
        if hasattr(settings, "SIGNED_COOKIE_LEGACY_SALT_FALLBACK"):
            fallback = settings.SIGNED_COOKIE_LEGACY_SALT_FALLBACK
            more["SIGNED_COOKIE_LEGACY_SALT_FALLBACK(default)"] = fallback
    i = {"name": name, "salt": salt, "value": value}
    add("signing.http_signed_cookie", i, o, sset(**more))


# ------------------------------------------------------------------------------- session codec
ENGINES = {"db": s_db, "cached_db": s_cached_db, "cache": s_cache, "file": s_file}
SESSION_SALT = "django.contrib.sessions.SessionStore"


def compact(o):
    return json.dumps(o, separators=(",", ":")).encode("latin-1")


def payload_of(encoded):
    """The JSON inside an encoded session, and whether it is compressed: None in the old form."""
    if ":" not in encoded:
        return base64.b64decode(encoded).split(b":", 1)[1].decode("latin-1"), None
    packed = encoded.rsplit(":", 2)[0]
    compressed = packed.startswith(".")
    raw = signing.b64_decode((packed[1:] if compressed else packed).encode())
    return (zlib.decompress(raw) if compressed else raw).decode("latin-1"), compressed


def sign_body(body, salt=SESSION_SALT, key=SECRET, alg="sha256", timestamp=None):
    """A validly signed text with any body, whatever the release can write."""
    value = body + b":" + (timestamp or b62_encode(NOW)).encode()
    prepared = hashlib.new(alg, (salt + "signer").encode() + key.encode()).digest()
    signature = signing.b64_encode(hmac.new(prepared, value, alg).digest())
    return (value + b":" + signature).decode("latin-1")


def sign_payload(payload, **more):
    return sign_body(signing.b64_encode(payload), **more)


def sign_deflated(deflated):
    return sign_body(b"." + signing.b64_encode(deflated))


def legacy(payload, key=SECRET, cls="SessionStore"):
    """A text as releases before 3.1 wrote it."""
    prepared = hashlib.sha1(("django.contrib.sessions" + cls).encode() + key.encode()).digest()
    digest = hmac.new(prepared, payload, "sha1").hexdigest()
    return base64.b64encode(digest.encode() + b":" + payload).decode()


def sec_session_codec():
    for i, (label, data) in enumerate(DATAS):
        key = [SECRET, SECRET2, SECRET3][i % 3] if i % 5 == 0 else SECRET
        encode_vector(label, data, SECRET_KEY=key)
        if V in ((3, 1), (3, 2)):
            encode_vector(label, data, SECRET_KEY=key, DEFAULT_HASHING_ALGORITHM="sha1")
    for name, module in ENGINES.items():
        store = module.SessionStore()
        o = {
            "key_salt": getattr(store, "key_salt", None),
            "legacy_key_salt": "django.contrib.sessions" + type(store).__name__,
        }
        add("session.key_salt", {"engine": name}, o)
    g = gen("decode")
    data = {"u": rs(g, 6), "n": 1.0, "x": "\U0001f600"}
    longer = {"a": rs(g, 4) * 60}
    text_verdicts(data, longer)
    payload_verdicts()
    body_verdicts(data, longer)
    key_verdicts()


def encode_vector(label, data, **over):
    with world(**over):
        store = s_db.SessionStore()
        encoded = store.encode(data)
        payload, compressed = payload_of(encoded)
        decoded = store.decode(encoded)
    o = {
        "encoded": encoded,
        "format": "legacy-sha1-base64" if compressed is None else "signing",
        "compressed": compressed,
        "payload_json": payload,
        "decoded_json": jd(decoded),
        "reencoded_payload_json": compact(decoded).decode("latin-1"),
    }
    add("session.encode", {"label": label, "data_json": jd(data)}, o, sset(**over))


def verdict(encoded, label, key=SECRET, fallbacks=()):
    over = {"SECRET_KEY": key}
    if V >= (4, 1):
        over["SECRET_KEY_FALLBACKS"] = list(fallbacks)
    elif fallbacks:
        return
    with world(**over), catch_logs() as seen:
        o = answer(lambda: {"decoded_json": jd(s_db.SessionStore().decode(encoded))})
    over["SECRET_KEY_FALLBACKS"] = list(fallbacks)
    i = {"label": label, "encoded": encoded}
    add("session.decode", i, {**o, "log": seen}, sset(**over))


def text_verdicts(data, longer):
    good = sign_payload(compact(data))
    deflated = sign_deflated(zlib.compress(compact(longer)))
    old = legacy(compact(data))
    cookie_salt = "django.contrib.sessions.backends.signed_cookies"
    module_salt = "django.contrib.sessions.backends.db.SessionStore"
    sha1 = sign_payload(compact(data), alg="sha1")
    foreign = sign_payload(compact(data), key=SECRET2)
    old_other = legacy(compact(data), cls="OtherStore")
    verdict(good, "sha256 signing format")
    verdict(deflated, "sha256 signing format, compressed")
    verdict(sha1, "signing format with sha1 signature (3.1/3.2 accept it)")
    verdict(old, "pre-3.1 format")
    verdict(legacy(compact(longer)), "pre-3.1 format, longer")
    verdict(old_other, "pre-3.1 format, other class name")
    verdict(legacy(compact(data), key=SECRET2), "pre-3.1 format, other secret")
    verdict(foreign, "other secret")
    verdict(foreign, "other secret, in fallbacks", fallbacks=[SECRET3, SECRET2])
    verdict(deflated.replace(".", "", 1), "compression marker removed")
    verdict("." + good, "compression marker added")
    verdict(sign_payload(compact(data), salt=cookie_salt), "signed_cookies salt")
    verdict(sign_payload(compact(data), salt=module_salt), "module path salt")
    in_1970 = sign_payload(compact(data), timestamp=b62_encode(1))
    in_future = sign_payload(compact(data), timestamp=b62_encode(NOW + 10**8))
    verdict(in_1970, "signed in 1970 (no max_age is applied)")
    verdict(in_future, "signed in the future")
    verdict(sign_payload(compact(data), timestamp="!"), "timestamp not base62, signature valid")
    # fmt: off
    for damaged in [
        "", " ", ":", "::", "a:b:c", "bad:encoded:value", good + " ", " " + good, good + "\n",
        good[:-1], good[1:], good.upper(), good + "A", good.replace(":", "", 1),
        good.replace(":", "."), b64(b"flaskdj:alkdjf"), b64(b"nocolonhere"), old[:-4], old + "=",
        old.rstrip("="), old + "\n", "\u00e9\u00e9\u00e9", "\U0001f600:x:y", "{}", "null",
        "gAN9cQAu", "e30:1:x",
    ]:
        verdict(damaged, "damaged")
    # fmt: on


# fmt: off
PAYLOADS = [
    ("list", b"[1,2]"), ("int", b"5"), ("string", b'"abc"'), ("null", b"null"), ("true", b"true"),
    ("empty object", b"{}"), ("empty payload", b""), ("not json", b"invalid data"),
    ("spaces", b' { "a" : 1 , "b" : [ ] } '), ("trailing garbage", b'{"a":1}x'),
    ("NaN", b'{"a":NaN,"b":-Infinity,"c":Infinity}'), ("dup keys", b'{"a":1,"a":2,"b":3,"a":4}'),
    ("dup keys order", b'{"b":1,"a":2,"b":3}'), ("raw utf-8 bytes", '{"a":"\u00e9\u4e2d"}'.encode()),
    ("raw latin-1 byte", b'{"a":"\xe9"}'), ("utf-8 BOM", b'\xef\xbb\xbf{"a":1}'),
    ("raw control char", b'{"a":"x\x01y"}'), ("raw newline", b'{"a":"x\ny"}'),
    ("uppercase escapes", b'{"a":"\\u00E9\\/"}'),
    ("surrogate pair escapes", b'{"a":"\\ud83d\\ude00"}'),
    ("lone surrogate escape", b'{"a":"\\ud83d"}'),
    ("two escapes that join", b'{"a":"\\ud83d","b":"\\ude00"}'), ("bad escape", b'{"a":"\\x41"}'),
    ("single quotes", b"{'a':1}"), ("trailing comma", b'{"a":1,}'),
    ("number forms",
     b'{"a":1.0,"b":1e5,"c":1E+2,"d":-0,"e":-0.0,"f":1e400,"g":0.1e-6,"h":100000000000000000000,'
     b'"i":1.5e300,"j":12345678901234567890.5}'),
    ("leading zero", b'{"a":01}'), ("plus sign", b'{"a":+1}'), ("hex", b'{"a":0x1}'),
    ("dot only", b'{"a":1.}'), ("comments", b'{"a":1/*x*/}'), ("tab nl ws", b'{\t"a"\r\n:\n1}'),
    ("formfeed ws", b'{\x0c"a":1}'), ("nbsp ws", b'{\xa0"a":1}'),
    ("proto key", b'{"__proto__":{"x":1},"y":2}'), ("int-like keys", b'{"10":1,"9":2,"a":3,"1":4}'),
    ("deep", b"[" * 200 + b"]" * 200), ("very deep", b"[" * 20000 + b"]" * 20000),
    ("huge int", b'{"a":' + b"9" * 4000 + b"}"),
    ("too many digits (py>=3.10.7 limit 4300)", b'{"a":' + b"9" * 5000 + b"}"),
    ("python literal", b"{'a': True}"), ("pickle protocol 2", pickle.dumps({"a": 1}, 2)),
]
OLD_PAYLOADS = [
    "list", "null", "dup keys", "not json", "raw latin-1 byte", "raw utf-8 bytes", "NaN",
]
# fmt: on


def payload_verdicts():
    for label, payload in PAYLOADS:
        verdict(sign_payload(payload), "valid signature, payload: " + label)
        if label in OLD_PAYLOADS:
            verdict(legacy(payload), "pre-3.1, payload: " + label)


def body_verdicts(data, longer):
    body = signing.b64_encode(compact(data))
    text = compact(longer)
    deflated = zlib.compress(text)
    raw = zlib.compressobj(6, zlib.DEFLATED, -15)
    # A gzip stream: the same header in every release of Python.
    zipped = zlib.compressobj(9, zlib.DEFLATED, 31)
    for label, each in [
        ("body not base64", b"!!!notbase64"),
        ("body not zlib", b".AAAA"),
        ("body with = padding", body + b"=="),
        ("newline in base64", body[:5] + b"\n" + body[5:]),
        ("1-char body", b"A"),
    ]:
        verdict(sign_body(each), "valid signature, " + label)
    for label, each in [
        ("truncated zlib", deflated[:-3]),
        ("bytes after zlib stream", deflated + b"tail"),
        ("zlib level 9", zlib.compress(text, 9)),
        ("zlib level 0", zlib.compress(compact({"a": 1}), 0)),
        ("raw deflate without header", raw.compress(text) + raw.flush()),
        ("gzip", zipped.compress(text) + zipped.flush()),
    ]:
        verdict(sign_deflated(each), "valid signature, " + label)


def key_verdicts():
    # fmt: off
    for key in [
        "", "1", "1234567", "12345678", "a" * 32, "A" * 32, "a" * 40, "a" * 41, "a" * 300,
        "abc def!", "\u00e9" * 7, "\u00e9" * 8, "\U0001f600" * 7, "\U0001f600" * 4,
        "../../etc/passwd", "a/b/c/d/e", "a\\b\\c\\d\\", "0" * 8, "null\x00byte", "        ", None,
    ]:
        store = s_base.SessionBase()
        store._session_key = key
        add("session.key_valid", {"key": key}, {"accepted": store.session_key is not None})
    # fmt: on
    with world(rnd="newkeys"):
        chars = s_base.VALID_KEY_CHARS
        examples = [s_base.get_random_string(32, chars) for _ in range(5)]
    add("session.key_shape", {}, {"examples": examples, "alphabet": chars, "length": 32})


# -------------------------------------------------------------------------------------- expiry
ABSENT = "ABSENT"


def sec_expiry():
    g = gen("expiry")
    iso = datetime.datetime.fromtimestamp(NOW + 3600, UTC)
    micros = datetime.timedelta(microseconds=g.randrange(1, 10**6))
    india = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
    naive = iso.replace(tzinfo=None)
    # fmt: off
    values = [
        ("absent", ABSENT), ("null", None), ("0", 0), ("300", 300), ("-300", -300), ("true", True),
        ("false", False), ("1.5", 1.5), ("0.0", 0.0), ("iso+00:00", iso.isoformat()),
        ("iso micro", (iso + micros).isoformat()),
        ("iso +05:30", iso.astimezone(india).isoformat()),
        ("iso naive", naive.isoformat()), ("iso Z", naive.isoformat() + "Z"),
        ("iso past", (iso - datetime.timedelta(days=30)).isoformat()),
        ("iso date only", "2031-01-01"), ("iso space", "2031-01-01 00:00:00"),
        ("garbage", "tomorrow"), ("empty string", ""), ("numeric string", "300"), ("list", [300]),
        ("10^12", 10**12),
    ]
    # fmt: on
    for tz in (True, False):
        for close in (True, False):
            for label, value in values:
                expiry_vector(label, value, tz, close)
    for tz in (True, False):
        set_expiry_vectors(iso, tz)


def expiry_vector(label, value, tz, close):
    over = {
        "USE_TZ": tz,
        "SESSION_EXPIRE_AT_BROWSER_CLOSE": close,
        "SESSION_COOKIE_AGE": 1000,
    }
    data = {} if value == ABSENT else {"_session_expiry": value}
    with world(**over):
        store = s_db.SessionStore()
        store._session_cache = data
        o = {
            "get_expiry_age": answer(store.get_expiry_age),
            "get_expiry_date": answer(lambda: store.get_expiry_date().isoformat()),
            "get_expire_at_browser_close": answer(store.get_expire_at_browser_close),
        }
    add("session.expiry", {"label": label, "session_json": jd(data)}, o, sset(**over))


def set_expiry_vectors(iso, tz):
    west = datetime.timezone(datetime.timedelta(hours=-3))
    for label, value in [
        ("int", 300),
        ("0", 0),
        ("none", None),
        ("timedelta", datetime.timedelta(days=2, seconds=5, microseconds=7)),
        ("neg timedelta", -datetime.timedelta(seconds=10)),
        ("aware dt", iso),
        ("aware dt offset", iso.astimezone(west)),
        ("naive dt", iso.replace(tzinfo=None)),
        ("float", 2.5),
        ("str", "2031-01-01T00:00:00"),
    ]:
        set_expiry_vector(label, value, tz)


def set_expiry_vector(label, value, tz):
    with world(USE_TZ=tz):
        store = s_db.SessionStore()
        store._session_cache = {"keep": 1, "_session_expiry": 5} if value is None else {"keep": 1}
        store.set_expiry(value)
        try:
            o = {"stored": jd(dict(store._session)), "json_serializable": True}
        except TypeError:
            o = {"stored": repr(store._session["_session_expiry"]), "json_serializable": False}
    described = value
    if isinstance(value, datetime.timedelta):
        described = value.total_seconds()
    elif isinstance(value, datetime.datetime):
        described = value.isoformat()
    i = {"label": label, "value": described, "type": type(value).__name__}
    add("session.set_expiry", i, o, sset(USE_TZ=tz))


# ---------------------------------------------------------------------------------- middleware
EXISTING = {"hello": "there", "nested": {"q": 1}}


def set_a(request):
    request.session["a"] = 1


def set_then_del(request):
    request.session["x"] = 1
    del request.session["x"]


def flush_then_set(request):
    request.session.flush()
    request.session["after"] = 1


def set_with_expiry(expiry):
    def run(request):
        set_a(request)
        request.session.set_expiry(expiry)

    return run


def deleted_elsewhere(request):
    set_a(request)
    Session.objects.all().delete()


ACTIONS = {
    "none": lambda r: None,
    "read": lambda r: r.session.get("hello"),
    "set": lambda r: r.session.__setitem__("hello", "world"),
    "set-then-del": set_then_del,
    "clear": lambda r: r.session.clear(),
    "flush": lambda r: r.session.flush(),
    "flush-then-set": flush_then_set,
    "cycle": lambda r: r.session.cycle_key(),
    "mutate-nested": lambda r: r.session.get("nested", {}).__setitem__("q", 2),
    "del-existing": lambda r: r.session.pop("hello", None),
    "expiry0": set_with_expiry(0),
    "expiry300": set_with_expiry(300),
    "expiry-neg": set_with_expiry(-5),
    "test-cookie": lambda r: r.session.set_test_cookie(),
    "modified-flag": lambda r: setattr(r.session, "modified", True),
    "explicit-save": lambda r: r.session.save(),
    "deleted-elsewhere": deleted_elsewhere,
    "no-session-attr": lambda r: delattr(r, "session"),
}
COOKIES = ["none", "valid", "unknown", "expired", "short", "blank", "emptysess", "baddata"]
GENERAL = [{}, {"SESSION_SAVE_EVERY_REQUEST": True}, {"SESSION_EXPIRE_AT_BROWSER_CLOSE": True}]
ATTRIBUTES = [
    {"SESSION_COOKIE_SECURE": True},
    {"SESSION_COOKIE_HTTPONLY": False},
    {"SESSION_COOKIE_SAMESITE": "Strict"},
    {"SESSION_COOKIE_SAMESITE": "None"},
    {"SESSION_COOKIE_SAMESITE": None},
    {"SESSION_COOKIE_SAMESITE": "none", "SESSION_COOKIE_SECURE": True},
    {"SESSION_COOKIE_DOMAIN": ".example.com", "SESSION_COOKIE_PATH": "/app/"},
    {"SESSION_COOKIE_NAME": "__Host-sid", "SESSION_COOKIE_SECURE": True},
    {"SESSION_COOKIE_NAME": "sid"},
    {"SESSION_COOKIE_AGE": 60},
    {"SESSION_COOKIE_SAMESITE": False},
]
VARIES = ["Accept-Language", "cookie", "*", "Cookie, Accept", "Accept,Cookie"]
VARIES.append("Accept-Encoding,  X-Foo")


def sec_middleware():
    for over in GENERAL:
        for action in ACTIONS:
            for cookie in COOKIES[:3]:
                middleware_vector(action, cookie, 200, over)
    for cookie in COOKIES[3:]:
        for action in ("none", "read", "set", "flush"):
            for over in GENERAL[:2]:
                middleware_vector(action, cookie, 200, over)
    for status in (201, 302, 304, 404, 499, 500, 501, 503, 599):
        for cookie in ("none", "valid"):
            for action in ("set", "flush"):
                middleware_vector(action, cookie, status, {})
    for over in ATTRIBUTES:
        for action in ("set", "flush"):
            middleware_vector(action, "valid", 200, over)
    for vary in VARIES:
        middleware_vector("read", "valid", 200, {}, vary)
    middleware_vector("set", "valid", 200, {"USE_TZ": False})
    middleware_vector("expiry300", "valid", 200, {"USE_TZ": False})


def middleware_vector(action, cookie, status, over, vary=None):
    Session.objects.all().delete()
    over = {**over, "SESSION_ENGINE": "django.contrib.sessions.backends.db"}
    key = rs(gen("mw/%s/%s" % (action, cookie)), 32, KEYCH)
    sent = {"none": None, "short": "abc", "blank": ""}.get(cookie, key)
    with world(rnd="mw", **over):
        seed_row(cookie, key)
        o = answer(lambda: serve(action, sent, status, over, vary))
        o["db_rows_after"] = [row_after(row) for row in Session.objects.all()]
    i = {
        "action": action,
        "cookie": cookie,
        "existing_session_json": jd(EXISTING),
        "status": status,
        "response_vary": vary,
        "key_sent": sent,
    }
    add("session.middleware", i, o, sset(**over))


def seed_row(cookie, key):
    hours = {"valid": 1, "expired": -1, "emptysess": 1, "baddata": 1}.get(cookie)
    if hours is None:
        return
    encode = s_db.SessionStore().encode
    texts = {"baddata": "garbage:x:y", "emptysess": encode({})}
    Session.objects.create(
        session_key=key,
        session_data=texts.get(cookie) or encode(EXISTING),
        expire_date=timezone.now() + datetime.timedelta(hours=hours),
    )


def serve(action, sent, status, over, vary):
    name = over.get("SESSION_COOKIE_NAME", "sessionid")
    request = RequestFactory().get("/")
    if sent is not None:
        request.COOKIES[name] = sent
    response = HttpResponse("x", status=status)
    if vary:
        response["Vary"] = vary
    middleware = SessionMiddleware(lambda r: response)
    middleware.process_request(request)
    session = request.session
    ACTIONS[action](request)
    middleware.process_response(request, response)
    return {
        "set_cookie": response.cookies[name].OutputString() if name in response.cookies else None,
        "vary": response.get("Vary"),
        "accessed": session.accessed,
        "modified": session.modified,
        "session_key_after": session.session_key,
        "key_sent": sent,
    }


def row_after(row):
    # 2.2 lets binascii.Error out of decode().
    decoded = answer(lambda: jd(s_db.SessionStore().decode(row.session_data)))
    date = row.expire_date.isoformat()
    return {"session_key": row.session_key, "data_json": decoded, "expire_date": date}


# ------------------------------------------------------------------ sessions that are their cookies
COOKIE_SALT = "django.contrib.sessions.backends.signed_cookies"


def sec_cookie_sessions():
    for label, data in DATAS:
        cookie_vector(label, data)
    with world():
        cookie = signed_session({"a": "b"})
    for at in [NOW, NOW + 1209600, NOW + 1209600.5, NOW + 1209601, NOW - 5000]:
        cookie_load_vector(cookie, at)
    for bad in [cookie + "x", cookie[1:], "12345678", "", "a:b:c"]:
        cookie_load_vector(bad, NOW)
    with world():
        session = s_cookies.SessionStore()
        o = {"new_is_empty": session.is_empty(), "new_session_key": session.session_key}
        session.flush()
        o.update(flushed_is_empty=session.is_empty(), flushed_key=session.session_key)
    add("session.signed_cookies.empty", {}, o, sset())
    for save_every in (False, True):
        for cookie in ("none", "signed", "tampered", "expired"):
            for action in ACTIONS:
                if action not in ("deleted-elsewhere", "no-session-attr"):
                    cookie_request_vector(action, cookie, save_every)


def signed_session(data):
    session = s_cookies.SessionStore()
    session.update(data)
    session.save()
    return session.session_key


def cookie_vector(label, data):
    with world():
        cookie = signed_session(data)
        loaded = s_cookies.SessionStore(cookie).load()
    i = {"label": label, "data_json": jd(data)}
    o = {"cookie_value": cookie, "loaded_json": jd(loaded)}
    add("session.signed_cookies", i, o, sset(SESSION_COOKIE_AGE=1209600))


def cookie_load_vector(cookie, at):
    with world(now=at), catch_logs() as seen:
        session = s_cookies.SessionStore(cookie)
        loaded = dict(session._session)
    o = {"loaded_json": jd(loaded), "modified": session.modified, "log": seen}
    settings = sset(now=at, SESSION_COOKIE_AGE=1209600)
    add("session.signed_cookies.load", {"cookie_value": cookie}, o, settings)


def cookie_request_vector(action, cookie, save_every):
    sent = None
    if cookie != "none":
        with world(now=NOW - (1209601 if cookie == "expired" else 60)):
            sent = signed_session(EXISTING)
    if cookie == "tampered":
        sent = sent[:-1] + ("A" if sent[-1] != "A" else "B")
    over = {
        "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
        "SESSION_SAVE_EVERY_REQUEST": save_every,
    }
    with world(**over):
        o = answer(lambda: serve(action, sent, 200, over, None))
        o = {k: o[k] for k in ("set_cookie", "vary", "accessed", "modified") if k in o} or o
    i = {"action": action, "cookie": cookie, "cookie_value": sent}
    add("session.middleware.signed_cookies", i, o, sset(**over))


# ------------------------------------------------------------------------------ sessions in files
def sec_file_sessions():
    g = gen("file")
    for label, data in DATAS:
        file_vector(label, data, rs(g, 32, KEYCH))
    past = "2001-01-01T00:00:00+00:00"
    # fmt: off
    for label, content, age, data in [
        ("empty placeholder", b"", 0, None),
        ("fresh", None, 10, {"a": 1}),
        ("at its end", None, 1000, {"a": 1}),
        ("older than cookie age", None, 2000, {"a": 1}),
        ("own expiry 0", None, 10, {"a": 1, "_session_expiry": 0}),
        ("own expiry int, young", None, 10, {"a": 1, "_session_expiry": 300}),
        ("own expiry int, old file", None, 5000, {"a": 1, "_session_expiry": 300}),
        ("own expiry below 0", None, 10, {"a": 1, "_session_expiry": -1}),
        ("own expiry part of a second", None, 5000, {"a": 1, "_session_expiry": 0.5}),
        ("garbage", b"garbage", 10, None),
        ("garbage, old file", b"garbage", 5000, None),
        ("own expiry past iso", None, 10, {"a": 1, "_session_expiry": past}),
        ("own expiry future iso, old file", None, 5000,
         {"a": 1, "_session_expiry": past.replace("2001", "2101")}),
        ("non-ascii bytes", b"\xff\xfe", 10, None),
    ]:
        # fmt: on
        iso = isinstance((data or {}).get("_session_expiry"), str)
        if not iso or V >= (4, 1):
            file_load_vector(label, content, age, data, rs(g, 32, KEYCH))


def file_vector(label, data, key):
    path = os.path.join(FOLDER.name, "sessionid" + key)
    with world(rnd="file"):
        session = s_file.SessionStore()
        session._session_key = key
        session.save(must_create=True)
        session._session_cache = dict(data)
        session.save()
        with open(path, encoding="ascii") as file:
            content = file.read()
        left = [name for name in os.listdir(FOLDER.name) if "_out_" in name]
        o = {
            "file_name": "sessionid" + key,
            "content": content,
            "mode": oct(os.stat(path).st_mode & 0o7777),
            "leftover_temp_files": len(left),
        }
    os.unlink(path)
    i = {"label": label, "data_json": jd(data), "session_key": key}
    add("session.file", i, o, sset(SESSION_COOKIE_NAME="sessionid"))


def file_load_vector(label, content, age, data, key):
    path = os.path.join(FOLDER.name, "sessionid" + key)
    with world(rnd="file2", SESSION_COOKIE_AGE=1000):
        if content is None:
            content = s_file.SessionStore().encode(data).encode()
        with open(path, "wb") as file:
            file.write(content)
        os.utime(path, (NOW - age, NOW - age))
        session = s_file.SessionStore(key)
        o = answer(lambda: {"loaded_json": jd(session.load())})
        files = sorted(os.listdir(FOLDER.name))
        o.update(
            session_key_after=session.session_key,
            same_key=session.session_key == key,
            file_still_there=os.path.exists(path),
            files=files,
            modified=session.modified,
        )
    for name in files:
        os.unlink(os.path.join(FOLDER.name, name))
    i = {"label": label, "content_b64": b64(content), "age_seconds": age, "session_key": key}
    add("session.file.load", i, o, sset(SESSION_COOKIE_AGE=1000))


# -------------------------------------------------------------------------- rows of the database
def sec_db():
    g = gen("db")
    labels = ["empty", "one", "expiry-int", "expiry-zero", "unicode-astral", "large-compressible"]
    zones = [(True, "UTC"), (False, "UTC"), (True, "Asia/Tokyo"), (False, "Asia/Tokyo")]
    for tz, zone in [*zones, (False, "America/New_York")]:
        for label, data in DATAS:
            if label in (labels if zone == "UTC" else ["one", "expiry-int"]):
                row_vector(label, data, rs(g, 32, KEYCH), tz, zone, NOW + 0.123456)


def row_vector(label, data, key, tz, zone, now):
    with world(USE_TZ=tz, TIME_ZONE=zone, now=now):
        store = s_db.SessionStore()
        store._session_key = key
        store._session_cache = {}
        store.save(must_create=True)
        store._session_cache = dict(data)
        store.save()
        connection.ensure_connection()
        # The text as it stands there, not what Django makes of it.
        row = connection.connection.execute(
            "select session_key, session_data, cast(expire_date as text), typeof(expire_date)"
            " from django_session where session_key = ?",
            [key],
        ).fetchone()
    names = ("session_key", "session_data", "expire_date_text", "typeof")
    i = {"label": label, "data_json": jd(data), "session_key": key}
    over = {"USE_TZ": tz, "TIME_ZONE": zone, "now": now, "database": "sqlite"}
    add("session.db", i, {"row": dict(zip(names, row))}, sset(**over))


# ------------------------------------------------------------------------------------- pickles
def pickle_datas(g):
    """What caches hold: plain data, and values that only Python has."""
    moment = datetime.datetime.fromtimestamp(NOW + g.random(), UTC)
    yield from DATAS
    yield "tuples", {"t": (1, 2), "e": (), "t1": (1,), "t4": tuple(rs(g, 3) for _ in range(4))}
    yield "keys", {g.randrange(10**6): "a", None: "b", g.random(): "c", True: "d"}
    yield "bytes", {"b": bytes(g.randrange(256) for _ in range(g.randrange(300))), "e": b""}
    yield "dates", {"_session_expiry": moment, "naive": moment.replace(tzinfo=None)}
    yield "parts", {"date": moment.date(), "time": moment.time(), "td": moment - moment.min.replace(tzinfo=UTC)}
    yield "numbers", {"d": decimal.Decimal(g.randrange(10**9)) / 1000, "u": uuid.UUID(int=g.getrandbits(128))}
    yield "sets", {"s": {g.random() for _ in range(5)}, "fs": frozenset([rs(g, 4), 1])}
    yield "safestring", {"m": mark_safe(rs(g, 9))}
    for index in range(20):
        yield "random %d" % index, rand_dict(g, 8)
    for value in ([1, 2], 5, rs(g, 5), None, True, 1.5):
        yield "no dict", value


def pickles_of(value):
    made = {}
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        try:
            made[str(protocol)] = b64(pickle.dumps(value, protocol))
        except RecursionError:  # a SafeString, in the protocols that are text
            pass
    return made


def sec_pickle():
    for label, value in pickle_datas(gen("pickle")):
        o = {"protocols": pickles_of(value)}
        try:
            o["json"] = json.dumps(value)
        except TypeError:
            o["json"] = None
        add("cache.pickle", {"label": label}, o)
    if V >= (4, 0):
        redis_vectors(gen("redis"))


def redis_vectors(g):
    from django.core.cache.backends.redis import RedisSerializer

    serializer = RedisSerializer()
    for value in (42, -7, g.randrange(10**30), 0, True, 1.0, "42", None, {"a": g.random()}):
        raw = serializer.dumps(value)
        raw = raw if isinstance(raw, bytes) else str(raw).encode()
        o = {"raw_b64": b64(raw), "read_back_json": jd(serializer.loads(raw))}
        add("cache.redis_value", {"value_json": jd(value)}, o)
    good = pickle.dumps({"a": g.random()}, 4)
    for raw in (b"42", b" 42 ", b"4_2", b"+42", b"1.5", b'{"a":1}', b"", good, good[:-2]):
        read = answer(lambda: {"read_json": jd(serializer.loads(raw))})
        add("cache.redis_read", {"raw_b64": b64(raw)}, read)


# --------------------------------------------------------------------------- sessions in caches
def sec_cache_keys():
    from django.core.cache.backends.base import default_key_func

    g = gen("cache keys")
    for prefix, version in [("", 1), (rs(g, 5), 1), ("a:b", 2), ("\u00e9", "v")]:
        for key in ("k", "x y", "\u00e9", "django.contrib.sessions.cache" + rs(g, 32, KEYCH)):
            made = default_key_func(key, prefix, version)
            add("cache.key", {"key": key, "key_prefix": prefix, "version": version}, {"made": made})


def sec_redis_sessions():
    if args.redis is None or V < (4, 0):
        return
    g = gen("redis sessions")
    prefix = "vectors-" + rs(g, 8)
    for options in ({}, {"VERSION": g.randrange(100)}, {"KEY_PREFIX": prefix + ":\u00e9"}):
        options = {"KEY_PREFIX": prefix, **options}
        for engine, module in (("cache", s_cache), ("cached_db", s_cached_db)):
            for label, data in DATAS:
                if label == "expiry-iso-naive":  # with USE_TZ it has no age
                    continue
                redis_session_vector(options, engine, module, label, data, rs(g, 32, KEYCH))


def redis_session_vector(options, engine, module, label, data, key):
    import redis

    backend = "django.core.cache.backends.redis.RedisCache"
    over = {"CACHES": {"default": {"BACKEND": backend, "LOCATION": args.redis, **options}}}
    client = redis.Redis.from_url(args.redis)
    try:
        data_json = jd(data)
    except (TypeError, ValueError):
        return
    with world(**over):
        session = module.SessionStore(key)
        session._session_cache = {}
        session.save(must_create=True)
        session._session_cache = dict(data)
        session.save()
        from django.core.cache import caches

        redis_key = caches["default"].make_key(session.cache_key)
    raw, ttl = client.get(redis_key), client.ttl(redis_key)
    client.delete(redis_key)
    o = {"redis_key": redis_key, "raw_b64": b64(raw), "ttl": ttl}
    if engine == "cached_db":
        row = Session.objects.get(session_key=key)
        o["db_session_data"] = row.session_data
        row.delete()
    is_other = label in ("non-str-keys", "tuple-and-list", "dup-after-coercion")
    i = {"engine": engine, "label": label, "data_json": data_json, "session_key": key}
    add("session.redis", {**i, "data_repr": repr(data) if is_other else None}, o, sset(CACHE=options))


# ------------------------------------------------------------------------------------- cookies
# fmt: off
HEADERS = [
    "", "a=b", "a=b; c=d", "a=b;c=d", " a = b ", "a", "=b", "a=", "a=b=c", "a=b; a=c", 'a="b c"',
    'a="b\\"c"', 'a="b\\054c"', 'a="\\303\\251"', "a=\u00e9", "SESSION", ";;a=b;;", "a=b,c=d",
    "$Version=1; a=b", "a=%20b", "a=b; path=/; secure", "\ta=b\t", 'a="unterminated', "a b=c",
    "A=1; a=2", '"a"=b', "a=b\\073c", "__Host-sid=x", "a=b; =c; d", 'm=".eJx:1abc:def-_"',
]
COOKIE_VALUES = [
    "plain", "a:b.c-d_e", "with space", 'q"uote', "semi;colon", "comma,", "back\\slash", "\u00e9",
    "", "a=b", "\x01", "(par)", "[br]", "{br}", "@/?", "<>", "\u4e2d", "\U0001f600",
]
# fmt: on


def sec_cookies():
    g = gen("cookies")
    for header in HEADERS:
        if header == "SESSION":
            header = "sessionid=" + rs(g, 32, KEYCH) + "; csrftoken=" + rs(g, 32)
        parse_vector(header)
    for value in COOKIE_VALUES:
        value_vector(value)


def parse_vector(header):
    add("cookie.parse", {"header": header}, {"cookies": parse_cookie(header)})


def value_vector(value):
    encoded = SimpleCookie().value_encode(value)[1]
    add("cookie.value_encode", {"value": value}, {"encoded": encoded})


# ---------------------------------------------------------------------------------------- csrf
HOSTS = ["www.example.com", "example.com", ".example.org"]
TRUSTED = [
    "https://dashboard.example.com",
    "https://*.example.net",
    "http://plain.example",
    "https://port.example:8443",
    "https://*.p.example:9000",
]
# fmt: off
TOKENS = [
    "", "a" * 16, "a" * 31, "a" * 32, "a" * 33, "a" * 63, "a" * 64, "a" * 65, "*" * 32, "*" * 64,
    "\u00e9" * 32, "a" * 31 + "\n", "a" * 31 + "-", "A1" * 16, "\U0001f600" * 32, "\U0001f600" * 16,
]
ORIGINS = [
    "http://www.example.com", "https://www.example.com", "http://www.example.com:80",
    "http://WWW.EXAMPLE.COM", "http://evil.example", "null", "", "http://sub.www.example.com",
    "http://www.example.com.evil.example", "file://", "https://[", "http://www.example.com/",
    "www.example.com", *TRUSTED, "https://a.example.net", "https://a.b.example.net",
    "https://example.net", "http://a.example.net", "https://xexample.net", "https://A.EXAMPLE.NET",
    "https://z.p.example:9000", "https://z.p.example", "https://dashboard.example.com:443",
]
REFERERS = [
    None, "", "https://www.example.com/page", "https://www.example.com", "http://www.example.com/",
    "https://www.evil.example/a?b=c#d", "//example.com/", "https://", "https://[",
    "\u00d8B\u00f6I\u00df", "http://http://www.example.com/", "https://www.example.com:443/",
    "https://www.example.com:4443/", "https://WWW.example.com/", "https://user:pw@www.example.com/",
    "https://sub.www.example.com/", "javascript:x", "about:blank", "https:///x",
    "HTTPS://www.example.com/?#", "https://[::1]:80/", "https://evil.example?#", "https://evil.example;a", *[origin + "/x" for origin in TRUSTED],
    "https://a.example.net/x", "https://port.example/x", "https://z.p.example:9000/x",
]
CSRF_COOKIES = [
    {"CSRF_COOKIE_NAME": "xsrf"}, {"CSRF_COOKIE_AGE": 123}, {"CSRF_COOKIE_AGE": None},
    {"CSRF_COOKIE_SECURE": True}, {"CSRF_COOKIE_HTTPONLY": True},
    {"CSRF_COOKIE_SAMESITE": "Strict"}, {"CSRF_COOKIE_SAMESITE": "None"},
    {"CSRF_COOKIE_SAMESITE": None},
    {"CSRF_COOKIE_PATH": "/x/", "CSRF_COOKIE_DOMAIN": ".example.com"},
]
DOMAINS = [{}, {"CSRF_COOKIE_DOMAIN": ".example.com"}, {"CSRF_COOKIE_DOMAIN": "example.com"}]
# fmt: on
mask = getattr(csrf, "_mask_cipher_secret", None) or csrf._salt_cipher_secret
unmask = getattr(csrf, "_unmask_cipher_token", None) or csrf._unsalt_cipher_token


def sec_csrf():
    g = gen("csrf")
    for n in range(12):
        mask_vector(rs(g, 32), "mask %d" % n)
    for token in ["a" * 64, "b" * 64, "a" * 32 + "b" * 32, "9" * 32 + "a" * 32, rs(g, 64)]:
        add("csrf.unmask", {"token": token}, {"secret": unmask(token)})
    for token in TOKENS:
        format_vector(token)
    secret = rs(g, 32)
    tokens = [mask_with(secret, "one"), mask_with(rs(g, 32), "wrong"), *TOKENS]
    # No cookie holds the end of a line.
    kept = [token for token in TOKENS if "\n" not in token]
    for cookie in [None, secret, mask_with(secret, "two"), *kept]:
        for method in ["GET", "HEAD", "OPTIONS", "TRACE"]:
            request_vector(method, cookie=cookie, uses_token=method != "HEAD")
        for method in ["POST", "PUT", "PATCH", "DELETE", "ODD"]:
            for post, header in [(None, None), (tokens[0], None), (None, tokens[0]), tokens[:2]]:
                request_vector(method, cookie=cookie, post=post, header=header, uses_token=True)
    for token in [secret, *tokens]:
        request_vector("POST", cookie=secret, post=token)
        request_vector("POST", cookie=secret, header=token)
    source_vectors({"cookie": secret, "post": tokens[0]})
    for over in CSRF_COOKIES:
        request_vector("GET", uses_token=True, over=over)
    for stored in [None, *tokens, secret]:
        session = None if stored is None else {"_csrftoken": stored}
        over = {"CSRF_USE_SESSIONS": True, "SESSION_COOKIE_DOMAIN": ".example.com"}
        # A session that holds no secret is a TypeError, or worse: nobody writes one.
        if stored in (None, secret, tokens[0]):
            request_vector("GET", cookie=secret, session=session, uses_token=True, over=over)
            request_vector("POST", cookie=secret, session=session, post=tokens[0], over=over)


def source_vectors(good):
    for secure in (False, True):
        for origin in ORIGINS:
            for over in ({}, {"CSRF_TRUSTED_ORIGINS": TRUSTED}):
                request_vector("POST", secure, origin=origin, over=over, **good)
        for referer in REFERERS:
            for over in ({}, {"CSRF_TRUSTED_ORIGINS": TRUSTED}, *DOMAINS[1:]):
                for host in ("www.example.com", "www.example.com:4443"):
                    request_vector("POST", secure, host, referer=referer, over=over, **good)
    for host in ("bad.example", "@odd", "WWW.Example.com", "a.example.org.", "[::1]:8000", ""):
        request_vector("POST", host=host, origin="http://" + host, **good)
    proxy = {"SECURE_PROXY_SSL_HEADER": ["HTTP_X_FORWARDED_PROTO", "https"]}
    for proto in ("https", " https , http", "http", "HTTPS", ""):
        request_vector("POST", over=proxy, extra={"HTTP_X_FORWARDED_PROTO": proto}, **good)
    forwarded = {"HTTP_X_FORWARDED_HOST": "www.example.com", "HTTP_X_FORWARDED_PORT": "8443"}
    for referer in ("https://www.example.com/x", "https://a.example.com:8443/x"):
        for name in ("USE_X_FORWARDED_HOST", "USE_X_FORWARDED_PORT"):
            for domain in DOMAINS:
                over = {name: True, **domain}
                how = {"referer": referer, "over": over, "extra": forwarded}
                request_vector("POST", True, "example.com", **how, **good)


def mask_with(secret, rnd):
    with world(rnd="csrf " + rnd):
        return mask(secret)


def mask_vector(secret, rnd):
    token = mask_with(secret, rnd)
    output = {"token": token, "unmasked": unmask(token)}
    add("csrf.mask", {"secret": secret, "mask": token[:32]}, output)


def format_vector(token):
    if not hasattr(csrf, "_check_token_format"):
        return
    try:
        csrf._check_token_format(token)
        add("csrf.format", {"token": token}, {"ok": True})
    except csrf.InvalidTokenFormat as error:
        add("csrf.format", {"token": token}, {"reason": error.reason})


def request_vector(
    method,
    secure=False,
    host="www.example.com",
    cookie=None,
    post=None,
    header=None,
    origin=None,
    referer=None,
    uses_token=False,
    exempt=False,
    session=None,
    extra={},
    over={},
):
    over = {"ALLOWED_HOSTS": HOSTS, **over}
    meta = {
        "HTTP_HOST": host,
        over.get("CSRF_HEADER_NAME", "HTTP_X_CSRFTOKEN"): header,
        "HTTP_ORIGIN": origin,
        "HTTP_REFERER": referer,
        # Servers take the port from the header Host where they listen on no port themselves.
        "SERVER_PORT": str(host_port(host) or (443 if secure else 80)),
        **extra,
    }
    meta = {name: value for name, value in meta.items() if value is not None}
    data = {} if post is None else {"csrfmiddlewaretoken": post}
    with world(rnd="csrf %d" % COUNT.get("csrf.request", 0), **over):
        factory = RequestFactory()
        form = {"content_type": "application/x-www-form-urlencoded"}
        request = (
            factory.post("/form", data, secure=secure, **meta)
            if method == "POST"
            else factory.generic(method, "/form", b"", secure=secure, **form, **meta)
        )
        if cookie is not None:
            request.COOKIES[over.get("CSRF_COOKIE_NAME", "csrftoken")] = cookie
        request.session = s_db.SessionStore()
        request.session._session_cache = dict(session or {})
        output = answer(lambda: protected(request, uses_token, exempt, over))
    add(
        "csrf.request",
        {
            "method": method,
            "https": secure,
            "host": host,
            "cookie": cookie,
            "post_token": post,
            "content_type": None,
            "header_token": header,
            "origin": origin,
            "referer": referer,
            "view_uses_token": uses_token,
            "view_exempt": exempt,
            "session_json": jd(session) if session else None,
            "extra_meta": extra,
        },
        output,
        sset(**over),
    )


def host_port(host):
    return split_domain_port(host)[1]


def protected(request, uses_token, exempt, over):
    """What the middleware does with a request, and with its response."""
    reasons = []

    def refuse(request, reason=""):
        reasons.append(reason)
        return HttpResponse(status=403)

    response = HttpResponse()

    def view(request):
        return response

    view.csrf_exempt = exempt
    middleware = csrf.CsrfViewMiddleware(view)
    with mock.patch.object(csrf, "_get_failure_view", lambda: refuse):
        middleware.process_request(request)
        refusal = middleware.process_view(request, view, (), {})
    token = csrf.get_token(request) if refusal is None and uses_token else None
    response = middleware.process_response(request, refusal or response)
    name = over.get("CSRF_COOKIE_NAME", "csrftoken")
    output = {
        "accepted": refusal is None,
        "reason": reasons[0] if reasons else None,
        "set_cookie": response.cookies[name].OutputString() if name in response.cookies else None,
        "vary": response.get("Vary"),
    }
    if token is not None:
        output.update(page_token=token, page_token_secret=unmask(token))
    if over.get("CSRF_USE_SESSIONS"):
        output["session_json"] = jd(dict(request.session._session))
        output["session_modified"] = request.session.modified
    return output


# ------------------------------------------------------------------------------------ messages
def message(level, text, extra_tags="", safe=False):
    return {"level": level, "message": text, "extra_tags": extra_tags, "safe": safe}


def message_lists(g):
    yield [message(20, "Hello " + rs(g, 4))]
    yield [message(level, "m%d" % level) for level in (10, 20, 25, 30, 40, 29, 0, -1, 10**12)]
    yield [message(25, "a", "alert alert-ok"), message(25, "b", None), message(25, "c", "")]
    yield [message(20, "<b>x</b>", "", True), message(20, "<b>x</b>")]
    yield [message(30, pool) for pool in STR_POOLS]
    yield [message(20, "\\te,st"), message(20, ';m"e'), message(20, "$a:b.c"), message(20, " ")]
    yield [message(20, "message %d %s" % (n, rs(g, 5))) for n in range(12)]
    yield [message(20, "the same text " * 30)]
    yield [message(20, "the same text " * 3000)]
    yield [message(20, rs(g, 390)) for _ in range(7)]
    yield [message(20, rs(g, 3000))]


def sec_messages():
    g = gen("messages")
    lists = list(message_lists(g))
    for some in lists:
        message_vectors(some)
        for existing in (None, lists[1]):
            for read_first in (False, True):
                update_vectors(existing, read_first, some)
    update_vectors(lists[1], True, [])
    update_vectors(lists[1], False, [])
    over = {
        "SESSION_COOKIE_DOMAIN": ".example.com",
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_SAMESITE": "Strict",
    }
    update_vectors(None, False, lists[0], over)
    update_vectors(lists[1], True, [], over)
    with world():
        good = CookieStorage(RequestFactory().get("/"))._encode(built(lists[1]))
        other = signing.get_cookie_signer(salt="other").sign("x")
    for cookie in [good, good[:-1] + ("B" if good[-1] == "A" else "A"), good[1:], "", "x", other]:
        decode_vector(cookie)


def built(some):
    return [
        Message(
            one["level"],
            mark_safe(one["message"]) if one["safe"] else one["message"],
            extra_tags=one["extra_tags"],
        )
        for one in some
    ]


def dumped(some):
    return [
        {
            "level": one.level,
            "message": str(one.message),
            "extra_tags": one.extra_tags,
            "safe": isinstance(one.message, SafeData),
        }
        for one in some
    ]


def message_vectors(some):
    with world():
        request = RequestFactory().get("/")
        request.session = s_db.SessionStore()
        request.session._session_cache = {}
        storage = CookieStorage(request)
        cookie = storage._encode(built(some))
        output = {
            "cookie_value": cookie,
            "set_cookie_header_value": SimpleCookie().value_encode(cookie)[1],
            "decoded": dumped(storage._decode(cookie)),
        }
        # A header of this length is for no browser, and not what the storage would write.
        if len(cookie) <= 2048:
            add("messages.cookie", {"messages": some}, output, sset())
        storage = SessionStorage(request)
        value = storage.serialize_messages(built(some))
        output = {"session_value": value, "decoded": dumped(storage.deserialize_messages(value))}
        add("messages.session", {"messages": some}, output, sset())


def is_close(some):
    """Whether a few bytes decide what has room: compressed, builds of zlib do not agree on them."""
    with world():
        storage = CookieStorage(RequestFactory().get("/"))
        parts = [some, *(some[:n] for n in range(len(some))), *(some[n:] for n in range(len(some)))]
        lengths = [len(storage._encode([*built(part), storage.not_finished])) for part in parts]
    return any(1900 < length < 2200 for length in lengths)


def update_vectors(existing, read_first, added, over={}):
    if is_close([*(existing or []), *added]) or is_close(added):
        return
    for storage in (CookieStorage, FallbackStorage, SessionStorage):
        update_vector(storage, existing, read_first, added, over)


def update_vector(storage_class, existing, read_first, added, over):
    with world(MESSAGE_LEVEL=-1, **over):
        request = RequestFactory().get("/")
        request.session = s_db.SessionStore()
        request.session._session_cache = {}
        if existing and storage_class is SessionStorage:
            value = SessionStorage(request).serialize_messages(built(existing))
            request.session._session_cache["_messages"] = value
        elif existing:
            request.COOKIES["messages"] = CookieStorage(request)._encode(built(existing))
        storage = storage_class(request)
        response = HttpResponse()
        read = dumped(storage) if read_first else None
        for one in built(added):
            storage.add(one.level, one.message, one.extra_tags)
        unstored = storage.update(response)
        cookies = response.cookies
        output = {
            "read": read,
            "set_cookie": cookies["messages"].OutputString() if "messages" in cookies else None,
            "unstored": None if unstored is None else dumped(unstored),
            "session_json": jd(dict(request.session._session)),
        }
    add(
        "messages.update",
        {
            "storage": storage_class.__name__,
            "existing": existing,
            "read_first": read_first,
            "add": added,
        },
        output,
        sset(**over),
    )


def decode_vector(cookie):
    with world():
        storage = CookieStorage(RequestFactory().get("/"))
        decoded = storage._decode(cookie)
    output = {"decoded": decoded and dumped(decoded), "used": storage.used}
    add("messages.decode", {"cookie_value": cookie}, output, sset())


# ------------------------------------------------------------------------------- random inputs
# fmt: off
HEADER_PIECES = [
    *"abAB01=;;  \t\"\"\\\\,.:-_%/", "=", "; ", "=\"", "\";", "\\054", "\\301", "\\400", "\\\"",
    "\\\n", "\\\r", "\n", "\x00", "\x1c", "\x1f", "\x7f", "\x85", "\xa0", "\u00e9", "\u2003",
    "\u2028", "\u3000", "\ufeff", "\U0001f600", "sessionid",
]
JSON_PIECES = [
    *b'{}[],:"\\0123456789.-+eE \t\n\r', b"NaN", b"Infinity", b"-Infinity", b"true", b"false",
    b"null", b"\\u", b"\\ud83d\\ude00", b"\\uD83D", b"\x00", b"\x1f", b"\x7f", b"\xa0", b"\xe9",
    b'"__proto__":', b'"1":', b"9007199254740993", b"1e999", b"0", b"//", b"'",
]
ISO_PIECES = [
    *"0123456789-:.,TZ+ W", "00", "12", "24", "59", "60", "99", "-01", ":30", "+05:30", "-00:00",
    "W01", "0000", "9999", "\u0661", "\u00e9", "\U0001f600",
]
ZONES = [
    "UTC", "Asia/Tokyo", "America/New_York", "Europe/London", "Australia/Lord_Howe",
    "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "Europe/Lisbon",
]
REDIRECT_URLS = [
    "", " ", "/", "/a?b=c#d", "a/b", "?a=b", "#a", "//site.example/x", "///site.example", "////x",
    "http://site.example/", "https://site.example/x", "HTTP://site.example", "http:///site.example",
    "http:/site.example", "http:site.example", "https:evil.example", "http:\\\\evil.example",
    "\\\\evil.example", "\\evil.example", "/\\evil.example", "\\/evil.example", "/\\/evil.example",
    "http://site.example\\@evil.example", "http://evil.example\\@site.example", "\x08//evil.example",
    "\x00/a", "\x1f//evil.example", "\t//evil.example", "/\t/evil.example", "/\n/evil.example",
    "java\nscript:alert(1)", "javascript:alert(1)", "data:text/html,a", "mailto:a@site.example",
    "http://user@site.example/", "http://user:pass@site.example", "http://site.example:80/",
    "http://site.example:8080", "//site.example:8080/x", "http://SITE.example/", "http://site.example.",
    "http://[::1]/", "http://[::1]:8000/", "http://[::1", "http://::1]/", "//[v1.a]/", "http://[1.2.3.4]/",
    "http://site.example?x=http://evil.example", "/?next=//evil.example", "/a//b", "\u2028//evil.example",
    "\u3000/a", "\xa0//evil.example", "\x85//evil.example", "\u200b//evil.example", "\ufeff/a",
    "http://site\u2100example/", "http://evil.example\uff0fsite.example/", "/\u00e9\U0001f600",
    "ftp://site.example/", "://site.example", ":a", "1http://site.example", "+a:b", "site.example:80",
    "http:", "http://", "//", "//\\evil.example", "/a" * 1025, "/" + "a" * 2047, "/" + "a" * 2048,
]
REDIRECT_PIECES = [
    "/", "//", "\\", ":", "@", "?", "#", "http", "https:", "HTTP:", "ftp:", "site.example",
    "evil.example", ":8080", "[", "]", "[::1]", " ", "\t", "\n", "\x00", "\x1f", "\x7f", "\x85", "\xa0",
    "\u200b", "\u2028", "\u3000", "\uff0f", "\u2100", "%2f", "%5c", ".", "a", "1", "+", "-", ";",
]
REDIRECT_HOSTS = [[], ["site.example"], ["site.example", "site.example:8080", "[::1]", "[::1]:8000"]]
# fmt: on


def sec_redirects():
    for url in REDIRECT_URLS:
        # Before 5.0 there was no longest address.
        if len(url) > 2048 and V < (5, 0):
            continue
        for hosts in REDIRECT_HOSTS:
            for https in (False, True):
                redirect_vector(url, hosts, https)


def redirect_vector(url, hosts, https):
    allowed = d_http.url_has_allowed_host_and_scheme(url, set(hosts), require_https=https)
    add(
        "auth.safe_redirect",
        {"url": url, "allowed_hosts": hosts, "require_https": https},
        {"allowed": allowed},
    )


def fuzz_redirect(g):
    url = "".join(g.choice(REDIRECT_PIECES) for _ in range(g.randrange(1, 9)))
    redirect_vector(url, g.choice(REDIRECT_HOSTS), g.random() < 0.5)


def mutate(g, text, pieces):
    """Takes out, puts in and doubles a few pieces of a text, or of bytes."""
    empty = text[:0]
    for _ in range(g.choice([0, 1, 1, 1, 2, 3])):
        at = g.randrange(len(text) + 1)
        end = min(len(text), at + g.choice([0, 0, 1, 1, 2, 5]))
        piece = g.choice([empty, g.choice(pieces), g.choice(pieces), text[at:end] * 2])
        if isinstance(piece, int):
            piece = bytes([piece])
        text = text[:at] + piece + text[end:]
    return text


def fuzz_csrf_token(g):
    pieces = [*ALNUM, "*", "\u00e9", "\U0001f600"]
    secret = rs(g, 32)
    token = mutate(g, mask_with(secret, rs(g, 8)), pieces)
    cookie = mutate(g, secret, pieces) if g.random() < 0.3 else secret
    post, header = g.choice([(token, None), (None, token), ("", token), (token, secret)])
    request_vector("POST", cookie=cookie, post=post, header=header, uses_token=True)


def fuzz_csrf_source(g):
    secret = rs(g, 32)
    pieces = [*"/:@#?[].*;%", "//", "\t", " ", "https", "example.com", "www.", ":443", "\u2100", "\u00e9"]
    host = mutate(g, g.choice(["www.example.com", "example.com:8000", "[::1]"]), pieces)
    # No server hands on what is no header.
    host = host.replace("\t", "").encode("ascii", "ignore").decode().strip()
    over = {**g.choice(DOMAINS), **g.choice([{}, {"CSRF_TRUSTED_ORIGINS": TRUSTED}])}
    name, source = g.choice([("origin", ORIGINS), ("referer", REFERERS[1:])])
    value = mutate(g, g.choice(source), pieces)
    how = {name: value, "over": over, "cookie": secret, "post": secret}
    request_vector("POST", g.random() < 0.7, host, **how)


def rand_message(g, longest=50):
    text = rand_str(g, longest) or "x"
    return message(g.randrange(60), text, g.choice(["", None, rand_str(g)]), g.random() < 0.2)


def fuzz_message_update(g):
    existing = [rand_message(g) for _ in range(g.randrange(3))]
    added = [rand_message(g, g.choice([5, 50, 500, 900])) for _ in range(g.randrange(6))]
    update_vectors(existing, g.random() < 0.5, added)


def fuzz_message_decode(g):
    with world():
        storage = CookieStorage(RequestFactory().get("/"))
        cookie = storage._encode(built([rand_message(g) for _ in range(g.randrange(1, 4))]))
    decode_vector(mutate(g, cookie, list(ALNUM + ":.-_=")) if g.random() < 0.5 else cookie)


def fuzz_header(g):
    parse_vector("".join(g.choice(HEADER_PIECES) for _ in range(g.randrange(24))))


def fuzz_value(g):
    pool = "".join(STR_POOLS) + string.printable + "".join(map(chr, range(256)))
    value_vector("".join(g.choice(pool) for _ in range(g.randrange(12))))


def fuzz_b62(g):
    n = g.getrandbits(g.randrange(1, 200)) * g.choice([1, -1])
    add("signing.b62", {"int": str(n)}, {"text": b62_encode(n)})


def fuzz_dumps(g):
    data = g.choice([rand_val, lambda g: rand_dict(g, g.randrange(6))])(g)
    dumps_vector("random", data, rs(g, 5), g.random() < 0.5)


def fuzz_encode(g):
    encode_vector("random", rand_dict(g, g.randrange(9)), SECRET_KEY=SECRET)


def fuzz_payload(g):
    data = rand_dict(g, g.randrange(5), 2)
    text = json.dumps(data, indent=g.choice([None, None, 1]), ensure_ascii=g.random() < 0.5)
    payload = mutate(g, text.encode("utf-8", "surrogatepass"), JSON_PIECES)
    verdict(sign_payload(payload), "random JSON")


def fuzz_body(g):
    body = signing.b64_encode(compact(rand_dict(g, g.randrange(3), 1)))
    pieces = [bytes([n]) for n in range(256) if chr(n) != ":"] + [b"=", b"==", b"+", b"/"] * 40
    body = mutate(g, body, pieces).replace(b".", b"")
    # Releases of Python do not agree on what follows after padding.
    data = body.rstrip(b"=")
    body = data.replace(b"=", b"") + body[len(data) :]
    # Text past ASCII would be signed as UTF-8, which is not what is tried here.
    verdict(sign_body(bytes(n & 127 for n in body)), "random base64")


def fuzz_deflated(g):
    text = compact(rand_dict(g, g.randrange(9)))
    make = zlib.compressobj(g.randrange(10), zlib.DEFLATED, g.choice([9, 12, 15, 15, 15, -15, 31]))
    deflated = make.compress(text) + make.flush()
    pieces = [bytes([n]) for n in range(256)]
    verdict(sign_deflated(mutate(g, deflated, pieces)), "random zlib stream")


def fuzz_text(g):
    good = sign_payload(compact(rand_dict(g, g.randrange(3), 1)))
    verdict(mutate(g, good, list(ALNUM + ":::-_=. \u00e9")), "random text")


def fuzz_unsign(g):
    stamp = b62_encode(NOW + g.randrange(-30, 30))
    signer = signing.Signer(salt="u")
    stamp = mutate(g, stamp, list("0aZ-+ !:")) if g.random() < 0.3 else stamp
    with world():
        signed = signer.sign(rs(g, g.randrange(5), "ab: \u00e9") + ":" + stamp)
    if g.random() < 0.3:
        signed = mutate(g, signed, list(ALNUM + ":::-_= "))
    unsign_vector("random", signed, g.choice([None, 0, 10, 10.25]), NOW + g.choice([0, 0.25, 5]))


def rand_iso(g):
    moment = datetime.datetime(1, 1, 1) + datetime.timedelta(
        days=g.randrange(3652058) if g.random() < 0.2 else g.randrange(700000, 760000),
        seconds=g.randrange(86400),
        microseconds=g.choice([0, g.randrange(10**6)]),
    )
    if g.random() < 0.5:
        seconds = g.choice([0, 3600, -18000, 19800, 12345, -86399, g.randrange(-86399, 86400)])
        moment = moment.replace(tzinfo=datetime.timezone(datetime.timedelta(seconds=seconds)))
    text = moment.isoformat(g.choice(["T", "T", " ", "x"]))
    week = "%04d-W%02d-%d" % tuple(moment.isocalendar())
    week = g.choice([week, week[:8], week.replace("-", "")])
    return g.choice([text, text, text.replace("-", ""), text.replace(":", ""), week + text[10:]])


def fuzz_iso(g):
    text = rand_iso(g)
    text = mutate(g, text, ISO_PIECES) if g.random() < 0.5 else text
    # Releases of Python do not agree on 24 o'clock.
    if "24" not in text[8:]:
        expiry_vector("random date", text, g.random() < 0.5, g.random() < 0.5)


def fuzz_expiry(g):
    value = g.choice(
        [
            g.randrange(-(10**12), 10**12),
            g.uniform(-(10**6), 10**6),
            g.randrange(-(10**7), 10**7) / 2 ** g.randrange(30),
            round(g.uniform(-100, 100), 7),
            g.choice([[], {}, [1], {"a": 1}, -0.0, 1e-7, 5e-7, 1.5e-6, 2.5e-6, -2.5e-6]),
        ]
    )
    expiry_vector("random value", value, g.random() < 0.5, g.random() < 0.5)


def fuzz_set_expiry(g):
    length = datetime.timedelta(
        days=g.randrange(-400, 4000),
        seconds=g.randrange(10**6),
        microseconds=g.choice([0, g.randrange(10**6)]),
    )
    moment = datetime.datetime.fromtimestamp(NOW, UTC) + length
    value = g.choice([length, moment, moment.replace(tzinfo=None)])
    set_expiry_vector("random", value, g.random() < 0.5)


def fuzz_row(g):
    data = (
        {"_session_expiry": g.choice([0, 1, 0.0000015, 86400, 10**7])} if g.random() < 0.5 else {}
    )
    now = g.randrange(10**9, 19 * 10**8) + g.choice([0, 0.5, 0.000001, 0.999999])
    row_vector("random", data, rs(g, 32, KEYCH), g.random() < 0.3, g.choice(ZONES), now)


def fuzz_cookie_sessions(g):
    with world():
        cookie = signed_session(rand_dict(g, g.randrange(6)))
    damaged = list(cookie)
    for _ in range(g.randrange(3)):
        damaged[g.randrange(len(damaged))] = g.choice(ALNUM + ":.-_")
    cookie_load_vector("".join(damaged), NOW + g.choice([0, 0, 1209600, 1209601, 5 * 10**6]))
    cookie_vector("random", rand_dict(g, g.randrange(6)))


def fuzz_file_sessions(g):
    data = rand_dict(g, g.randrange(4))
    if g.random() < 0.5:
        data["_session_expiry"] = g.choice([0, 1, 0.5, -1, -0.5, True, False, None, "", 10**9])
    file_load_vector("random", None, g.choice([0, 999, 1000, 1001, 10**6]), data, rs(g, 32, KEYCH))


def fuzz_middleware(g):
    over = {**g.choice(GENERAL), **g.choice([{}, *ATTRIBUTES])}
    over.update(g.choice([{}, {}, {"USE_TZ": False}]))
    status = g.choice([200, 200, 302, 404, 499, 500, 503])
    vary = g.choice([None, None, *VARIES])
    middleware_vector(g.choice(list(ACTIONS)), g.choice(COOKIES), status, over, vary)


FUZZERS = [value for name, value in list(globals().items()) if name.startswith("fuzz_")]


def sec_fuzz():
    for fuzzer in FUZZERS:
        g = gen(fuzzer.__name__)
        for _ in range(args.fuzz):
            fuzzer(g)


SECTIONS = [
    sec_signing,
    sec_session_codec,
    sec_expiry,
    sec_middleware,
    sec_cookie_sessions,
    sec_file_sessions,
    sec_db,
    sec_csrf,
    sec_messages,
    sec_cookies,
    sec_pickle,
    sec_cache_keys,
    sec_redis_sessions,
    sec_redirects,
]
for section in SECTIONS:
    section()
sec_fuzz()
with open(args.out, "w", encoding="ascii") as file:
    for vector in VECTORS:
        file.write(json.dumps(vector, separators=(",", ":"), allow_nan=False) + "\n")
print(django.get_version(), len(VECTORS), "vectors", file=sys.stderr)
