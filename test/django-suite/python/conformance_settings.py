"""Settings for Django's own runtests.py, over a database that a second process can open."""

import os

from test_sqlite import *  # noqa: F403

FILE = os.environ["CONFORMANCE_FILE"]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": FILE,
        "TEST": {"NAME": FILE},
        "OPTIONS": {"timeout": 20},
    },
    "other": {"ENGINE": "django.db.backends.sqlite3"},
}

if "CONFORMANCE_CACHE" in os.environ:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": os.environ["CONFORMANCE_CACHE"],
            "KEY_PREFIX": "conformance",
            "VERSION": 3,
        },
    }
