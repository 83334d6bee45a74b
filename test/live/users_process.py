"""Real Django with its admin and its users, told what to do by lines of JSON.

Visitors come by Django's own test client, with a session cookie and nothing else: so the whole of
the middleware, the views and the admin answer as they do on a site.
"""

import json
import os
import sys
import types
import urllib.parse


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

    # A setting that is null is left to the release's default.
    given = {name: value for name, value in settings.items() if value is not None}
    module = types.ModuleType("live_settings")
    vars(module).update(
        given,
        ALLOWED_HOSTS=["*"],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        ROOT_URLCONF="live_urls",
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
    )
    sys.modules["live_settings"] = module
    os.environ["DJANGO_SETTINGS_MODULE"] = "live_settings"
    has_admin = "SHOP_KEY" not in os.environ
    if not has_admin:
        # The admin's migrations want a user model that has migrations.
        sys.path.insert(0, os.path.join(os.path.dirname(__file__), "custom_users"))
        module.AUTH_USER_MODEL = "shop.Customer"
        module.INSTALLED_APPS[0] = "shop"

    import django

    django.setup()

    from django.test.utils import setup_test_environment

    # So that an answer tells for whom its page was made.
    setup_test_environment()

    from django.http import JsonResponse
    from django.urls import path

    def who(request):
        return JsonResponse({"user": request.user.get_username() or None})

    urls = types.ModuleType("live_urls")
    urls.urlpatterns = [path("who/", who)]
    if has_admin:
        from django.contrib import admin

        urls.urlpatterns.append(path("admin/", admin.site.urls))
    sys.modules["live_urls"] = urls


operations = {}


def operation(function):
    operations[function.__name__] = function
    return function


def browser(key=None):
    from django.test import Client

    client = Client()
    if key is not None:
        client.cookies["sessionid"] = key
    return client


def key_of(client):
    morsel = client.cookies.get("sessionid")
    return morsel.value or None if morsel else None


def user(name):
    from django.contrib.auth import get_user_model

    return get_user_model().objects.get_by_natural_key(name)


@operation
def migrate():
    from django.core.management import call_command

    # A model without migrations is made before those that have some, and refers to groups.
    call_command("migrate", "auth", verbosity=0, interactive=False)
    call_command("migrate", verbosity=0, interactive=False, run_syncdb=True)


@operation
def add_customer(email, password, **fields):
    """A user of the site's own model. Answers the primary key as sessions hold it."""
    from django.contrib.auth import get_user_model

    return str(get_user_model().objects.create_user(email, password, **fields).pk)


@operation
def log_in_as(email):
    client = browser()
    client.force_login(user(email))
    return key_of(client)


@operation
def customer(email):
    """What Django reads of such a user, as text."""
    found = user(email)
    names = ("pk", "email", "points", "rate", "nick", "born", "device", "is_staff")
    return {name: str(getattr(found, name)) for name in names}


@operation
def create_user(name, password, **fields):
    from django.contrib.auth import get_user_model

    return get_user_model().objects.create_user(name, password=password, **fields).pk


@operation
def log_in(name, password):
    """Through the form of the admin. Answers the session key; null where it is refused."""
    client = browser()
    answer = client.post("/admin/login/", {"username": name, "password": password})
    return key_of(client) if answer.status_code == 302 else None


@operation
def admin(key):
    """The name of the user whom the admin welcomes; null where it asks to log in."""
    answer = browser(key).get("/admin/")
    return answer.context["user"].get_username() if answer.status_code == 200 else None


@operation
def who(keys):
    """Who the visitors with these cookies are."""
    return [browser(key).get("/who/").json()["user"] for key in keys]


@operation
def visit(keys):
    """The same, with the cookies that the browsers have afterwards."""
    found = []
    for key in keys:
        client = browser(key)
        name = client.get("/who/").json()["user"]
        found.append([name, key_of(client)])
    return found


@operation
def log_out(key):
    return browser(key).post("/admin/logout/").status_code


@operation
def change_password(key, old, new):
    """Through the form of the admin. Answers the session key that the browser has then."""
    client = browser(key)
    form = {"old_password": old, "new_password1": new, "new_password2": new}
    answer = client.post("/admin/password_change/", form)
    return key_of(client) if answer.status_code == 302 else None


@operation
def permit(name, perms=(), groups=None):
    """Gives permissions to a user, and to groups in which the user is then."""
    from django.contrib.auth.models import Group, Permission

    def find(perm):
        label, codename = perm.split(".")
        return Permission.objects.get(content_type__app_label=label, codename=codename)

    user(name).user_permissions.set([find(perm) for perm in perms])
    made = []
    for group_name, group_perms in (groups or {}).items():
        group, _ = Group.objects.get_or_create(name=group_name)
        group.permissions.set([find(perm) for perm in group_perms])
        made.append(group)
    user(name).groups.set(made)


@operation
def permissions(name):
    return sorted(user(name).get_all_permissions())


@operation
def change_user(name, **fields):
    from django.contrib.auth import get_user_model

    get_user_model().objects.filter(username=name).update(**fields)


@operation
def hash_with(name, password, hasher, iterations):
    """Stores a password as settings of former days would have."""
    from django.contrib.auth import hashers

    chosen = getattr(hashers, hasher)()
    if iterations is not None:
        chosen.iterations = iterations
    encoded = chosen.encode(password, chosen.salt())
    change_user(name, password=encoded)
    return encoded


@operation
def look_at(name):
    """What Django reads of a user."""
    found = user(name)
    shown = {
        name: getattr(found, name)
        for name in ("pk", "username", "first_name", "email", "is_staff", "is_active", "password")
    }
    for name in ("last_login", "date_joined"):
        value = getattr(found, name)
        shown[name] = value and utc_text(value)
    return shown


def utc_text(moment):
    import datetime

    from django.utils import timezone

    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment, timezone.get_default_timezone())
    return moment.astimezone(datetime.timezone.utc).isoformat(timespec="microseconds")


@operation
def check_password(name, password):
    return user(name).check_password(password)


@operation
def session_rows():
    from django.contrib.sessions.models import Session

    return Session.objects.count()


@operation
def make_token(name):
    from django.contrib.auth.tokens import default_token_generator

    return default_token_generator.make_token(user(name))


@operation
def check_token(name, token):
    from django.contrib.auth.tokens import default_token_generator

    return default_token_generator.check_token(user(name), token)


@operation
def login_redirect(path, host, secure, login_url, field):
    """Where login_required sends a visitor who asked for this."""
    from django.contrib.auth.decorators import login_required
    from django.contrib.auth.models import AnonymousUser
    from django.test import RequestFactory

    before, _, query = path.partition("?")
    request = RequestFactory().get("/", secure=secure, HTTP_HOST=host, QUERY_STRING=query)
    # The factory would take what follows two slashes for a host.
    request.path = request.path_info = urllib.parse.unquote(before)
    request.user = AnonymousUser()
    guard = login_required(login_url=login_url, redirect_field_name=field)
    return guard(lambda request: None)(request)["Location"]


@operation
def visit_at_once(key, count):
    """So many requests of one browser at the same time, each in a thread of its own."""
    import threading

    from django.db import connections

    names = []
    gate = threading.Barrier(count)

    def run():
        gate.wait()
        try:
            names.append(browser(key).get("/who/").json()["user"])
        except Exception as error:
            names.append(f"{type(error).__name__}")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return names


if __name__ == "__main__":
    main()
