"""Real Django, told what to do by lines of JSON: one request a line on standard input, one answer a line.

Session data travels as the text of Python's json module, inside of the JSON: so floats, integers of any
size, the order of keys and lone surrogates arrive as they are.
"""

import datetime
import importlib
import json
import os
import sys
import types


def main():
    configure(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"result": operations[request["op"]](**request["args"])}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def configure(settings):
    if settings["DATABASES"]["default"]["ENGINE"].endswith("mysql"):
        import pymysql

        pymysql.version_info = (2, 2, 7, "final", 0)
        pymysql.install_as_MySQLdb()

    # A module, as sites have it: settings.configure() would leave out what TIME_ZONE does to the process.
    module = types.ModuleType("live_settings")
    vars(module).update(
        settings,
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    )
    sys.modules["live_settings"] = module
    os.environ["DJANGO_SETTINGS_MODULE"] = "live_settings"

    import django

    django.setup()


operations = {}


def operation(function):
    operations[function.__name__] = function
    return function


def store(key=None):
    """A session of the engine that the settings name."""
    from django.conf import settings

    return importlib.import_module(settings.SESSION_ENGINE).SessionStore(key)


def utc_text(moment):
    """A date from the database or from Django's arithmetic, in UTC, to the microsecond."""
    from django.utils import timezone

    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment, timezone.get_default_timezone())
    return moment.astimezone(datetime.timezone.utc).isoformat(timespec="microseconds")


def as_expiry(expiry):
    """What set_expiry takes, from its description."""
    from django.utils import timezone

    kind, value = expiry
    if kind == "datetime":
        moment = datetime.datetime.fromisoformat(value)
        return moment if django_uses_tz() else timezone.make_naive(moment)
    if kind == "timedelta":
        return datetime.timedelta(**value)
    return value


def django_uses_tz():
    from django.conf import settings

    return settings.USE_TZ


@operation
def migrate(fake_initial=False):
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False, fake_initial=fake_initial)


@operation
def version():
    import django

    return f"{django.__version__} on Python {sys.version.split()[0]}"


@operation
def create(data, expiry=None):
    session = store()
    session.update(json.loads(data))
    if expiry is not None:
        session.set_expiry(as_expiry(expiry))
    session.save()
    return session.session_key


@operation
def read(key):
    """What Django sees under a key; null where it sees no session."""
    from django.contrib.sessions.models import Session
    from django.core.signing import JSONSerializer

    session = store(key)
    data = session.load()
    if session.session_key is None:
        return None
    row = Session.objects.get(session_key=key)
    # Whole milliseconds, because JavaScript's dates have no more.
    modification = row.expire_date - datetime.timedelta(seconds=session.get_session_cookie_age())
    modification -= datetime.timedelta(microseconds=modification.microsecond % 1000)
    return {
        "data": json.dumps(data),
        "isDjangoText": stored_text(session, row) == JSONSerializer().dumps(data).decode("latin-1"),
        "expireDate": utc_text(row.expire_date),
        "modification": utc_text(modification),
        "expiryDate": utc_text(session.get_expiry_date(modification=modification)),
        "expiryAge": session.get_expiry_age(modification=modification),
        "atBrowserClose": session.get_expire_at_browser_close(),
    }


@operation
def read_data(key):
    """What Django sees under a key, whatever engine it is; null where it sees no session."""
    session = store(key)
    data = session.load()
    if session.session_key is None:
        return None
    return {
        "data": json.dumps(data),
        "expiryAge": session.get_expiry_age(),
        "atBrowserClose": session.get_expire_at_browser_close(),
    }


def stored_text(session, row):
    """The JSON in a row, to the byte."""
    from django.core import signing

    class Text:
        def loads(self, data):
            return data.decode("latin-1")

    return signing.loads(row.session_data, salt=session.key_salt, serializer=Text)


@operation
def change(key, values=None, deleted=(), expiry=None):
    session = store(key)
    for name in deleted:
        del session[name]
    if values is not None:
        session.update(json.loads(values))
    if expiry is not None:
        session.set_expiry(as_expiry(expiry))
    session.save()
    return session.session_key


@operation
def cycle_key(key):
    session = store(key)
    session.cycle_key()
    session.save()
    return session.session_key


@operation
def flush(key):
    store(key).flush()


@operation
def clearsessions():
    from django.core.management import call_command

    call_command("clearsessions")


@operation
def keys():
    from django.contrib.sessions.models import Session

    return sorted(Session.objects.values_list("session_key", flat=True))


@operation
def rows():
    """All rows as they stand in the database, to see whether anything was changed."""
    from django.contrib.sessions.models import Session

    found = Session.objects.order_by("session_key")
    return [[row.session_key, row.session_data, utc_text(row.expire_date)] for row in found]


@operation
def log_in(names):
    """A session for each name, made by Django's own login."""
    from django.contrib.auth import get_user_model, login
    from django.http import HttpRequest

    keys = []
    for name in names:
        user = get_user_model().objects.create_user(name, password=name)
        request = HttpRequest()
        request.session = store()
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        request.session["seen"] = [name]
        request.session.save()
        keys.append(request.session.session_key)
    return keys


@operation
def users(keys):
    """Who is logged in under each key, by Django's own get_user; null for nobody."""
    from django.contrib.auth import get_user
    from django.http import HttpRequest

    names = []
    for key in keys:
        request = HttpRequest()
        request.session = store(key)
        names.append(get_user(request).get_username() or None)
    return names


if __name__ == "__main__":
    main()
