"""Real Django, carrying out actions of a history: a list of them a line, and what was seen of each.

Session data travels as the text of Python's json module, inside of the JSON: so floats, integers
of any size and the order of keys arrive as they are.
"""

import datetime
import importlib
import json
import sys
import time
import types

from django.conf import settings

UTC = datetime.timezone.utc


def main():
    given = json.loads(sys.stdin.readline())
    configure(given)
    world = World()
    for line in sys.stdin:
        seen = [world.carry_out(action) for action in json.loads(line)]
        sys.stdout.write(json.dumps(seen) + "\n")
        sys.stdout.flush()


def configure(given):
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": given["file"],
                "OPTIONS": {"timeout": 20},
            }
        },
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
        ],
        SECRET_KEY="the secret of no history",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        LOGGING_CONFIG=None,
    )

    import django

    django.setup()
    importlib.import_module("django.test.signals")

    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


class World:
    """A database, a clock, and requests that have begun and not ended."""

    def __init__(self):
        from django.utils import timezone

        self.now = 0.0
        self.requests = {}
        self.overridden = None
        time.time = lambda: self.now
        timezone.now = self.timezone_now

    def timezone_now(self):
        moment = datetime.datetime.fromtimestamp(self.now, UTC)
        return moment if settings.USE_TZ else naive(moment)

    def carry_out(self, action):
        try:
            return {"answer": getattr(self, action["do"])(**without(action, "do"))}
        except Exception as error:
            return {"error": type(error).__name__}

    # What surrounds requests.

    def start(self, settings, now):
        from django.contrib.auth.models import User
        from django.contrib.sessions.models import Session

        self.configure(settings)
        self.now = now
        self.requests.clear()
        Session.objects.all().delete()
        User.objects.all().delete()
        User.objects.bulk_create(
            User(pk=pk, username=name, password=f"md5$salt${name}", date_joined=self.timezone_now())
            for pk, name in enumerate(["ada", "bob"], 1)
        )

    def configure(self, settings):
        from django.test import override_settings

        if self.overridden:
            self.overridden.disable()
        self.overridden = override_settings(**settings)
        self.overridden.enable()

    def change_password(self, user, password):
        from django.contrib.auth.models import User

        User.objects.filter(username=user).update(password=password)

    def tick(self, now):
        self.now = now

    def clear_expired(self):
        store().clear_expired()

    def end(self, key):
        store().delete(key)

    def spoil(self, key, payload):
        from django.contrib.sessions.models import Session

        Session.objects.filter(session_key=key).update(session_data=payload)

    def sign(self, text, key, salt):
        """A payload as anybody who knows the secret could write it."""
        from django.core import signing

        signer = signing.TimestampSigner(key=key, salt=salt)
        return signer.sign(signing.b64_encode(text.encode()).decode())

    def rows(self):
        from django.contrib.auth.models import User
        from django.contrib.sessions.models import Session

        sessions = [
            [row.session_key, text_of(row.session_data), utc_text(row.expire_date)]
            for row in Session.objects.order_by("session_key")
        ]
        users = User.objects.order_by("pk").values_list("username", "password", "last_login")
        return {"sessions": sessions, "users": [[*of, at and utc_text(at)] for *of, at in users]}

    # Requests.

    def open(self, request, cookie):
        from django.contrib.auth.middleware import AuthenticationMiddleware
        from django.contrib.sessions.middleware import SessionMiddleware
        from django.test import RequestFactory

        headers = {} if cookie is None else {"HTTP_COOKIE": cookie}
        opened = RequestFactory().get("/", **headers)
        middleware = SessionMiddleware(lambda request: None)
        middleware.process_request(opened)
        AuthenticationMiddleware(lambda request: None).process_request(opened)
        self.requests[request] = opened, middleware

    def close(self, request, status):
        from django.http import HttpResponse

        opened, middleware = self.requests.pop(request)
        response = middleware.process_response(opened, HttpResponse(status=status))
        cookies = [morsel.OutputString() for morsel in response.cookies.values()]
        return {"cookies": cookies, "vary": response.get("Vary")}

    def op(self, request, name, **given):
        opened, _ = self.requests[request]
        if name in OF_REQUESTS:
            return OF_REQUESTS[name](opened, **given)
        return OF_SESSIONS[name](opened.session, **given)


def without(action, *names):
    return {name: value for name, value in action.items() if name not in names}


def store():
    from django.contrib.sessions.backends.db import SessionStore

    return SessionStore()


def naive(moment):
    from django.utils import timezone

    return timezone.make_naive(moment, timezone.get_default_timezone())


def utc_text(moment):
    from django.utils import timezone

    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment, timezone.get_default_timezone())
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def text_of(payload):
    """The JSON in a row, to the byte; else the row as it is."""
    from django.core import signing

    raw = types.SimpleNamespace(loads=lambda data: data.decode("latin-1"))
    salt = "django.contrib.sessions.SessionStore"
    try:
        return signing.loads(payload, salt=salt, serializer=lambda: raw)
    except Exception:
        return f"undecodable: {payload}"


def change_inside(session, key):
    """A change that Django does not see."""
    value = session.get(key)
    if isinstance(value, dict):
        value["inside"] = 1
    if isinstance(value, list):
        value.append("inside")
    return isinstance(value, (dict, list))


def expiry_of(kind, value):
    if kind == "moment":
        moment = datetime.datetime.fromtimestamp(value, UTC)
        return moment if settings.USE_TZ else naive(moment)
    return datetime.timedelta(seconds=value) if kind == "length" else value


def log_in(request, user):
    from django.contrib.auth import login
    from django.contrib.auth.models import User

    login(request, User.objects.get(username=user), "django.contrib.auth.backends.ModelBackend")


def log_out(request):
    from django.contrib.auth import logout

    logout(request)


def set_modified(session):
    session.modified = True


OF_REQUESTS = {
    "login": log_in,
    "logout": log_out,
    "user": lambda request: request.user.get_username(),
}

OF_SESSIONS = {
    "get": lambda session, key: json.dumps(session.get(key)),
    "has": lambda session, key: session.has_key(key),
    "items": lambda session: json.dumps(list(map(list, session.items()))),
    "set": lambda session, key, value: session.__setitem__(key, json.loads(value)),
    "pop": lambda session, key: json.dumps(session.pop(key, None)),
    "setdefault": lambda session, key, value: json.dumps(
        session.setdefault(key, json.loads(value))
    ),
    "update": lambda session, value: session.update(json.loads(value)),
    "clear": lambda session: session.clear(),
    "is_empty": lambda session: session.is_empty(),
    "change_inside": change_inside,
    "set_modified": set_modified,
    "set_expiry": lambda session, kind, value: session.set_expiry(expiry_of(kind, value)),
    "get_expiry_age": lambda session: session.get_expiry_age(),
    "get_expiry_date": lambda session: utc_text(session.get_expiry_date()),
    "get_expire_at_browser_close": lambda session: session.get_expire_at_browser_close(),
    "set_test_cookie": lambda session: session.set_test_cookie(),
    "test_cookie_worked": lambda session: session.test_cookie_worked(),
    "save": lambda session: session.save(),
    "cycle_key": lambda session: session.cycle_key(),
    "flush": lambda session: session.flush(),
}


if __name__ == "__main__":
    main()
