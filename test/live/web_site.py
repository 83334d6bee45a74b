"""A real Django site with forms, messages and a login, over HTTP. Settings come as JSON on standard
input, the port goes to standard output. A request may bring other settings, in the header X-Settings.
"""

import json
import logging
import os
import sys
import types
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.contrib import auth, messages
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse
from django.template import engines
from django.test.utils import override_settings
from django.urls import path
from django.utils.safestring import SafeData, mark_safe


def main():
    configure(json.loads(sys.stdin.readline()))
    # Refusals are what tests ask for.
    logging.disable()
    call_command("migrate", verbosity=0, interactive=False)
    auth.get_user_model().objects.create_user("ada", password="secret")
    with make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet) as server:
        print(server.server_port, flush=True)
        server.serve_forever()


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


def configure(settings):
    if settings["DATABASES"]["default"]["ENGINE"].endswith("mysql"):
        import pymysql

        pymysql.version_info = (2, 2, 7, "final", 0)
        pymysql.install_as_MySQLdb()

    module = types.ModuleType("web_settings")
    vars(module).update(
        settings,
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
        ],
        MIDDLEWARE=[
            f"{__name__}.with_settings",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        CSRF_FAILURE_VIEW=f"{__name__}.refuse",
        LOGGING_CONFIG=None,
    )
    sys.modules["web_settings"] = module
    os.environ["DJANGO_SETTINGS_MODULE"] = "web_settings"
    django.setup()


def with_settings(get_response):
    def middleware(request):
        with override_settings(**json.loads(request.headers.get("X-Settings", "{}"))):
            return get_response(request)

    return middleware


def refuse(request, reason=""):
    return HttpResponse(reason, status=403)


def form(request):
    """A form as templates write it; what is posted comes here too."""
    if request.method != "GET":
        return HttpResponse(f"accepted {request.POST.get('said', '')}".strip())
    return page(request)


def page(request):
    template = engines["django"].from_string("<form>{% csrf_token %}</form>")
    return HttpResponse(template.render({}, request))


def log_in(request):
    """Django's own login, with a new form in its answer."""
    auth.login(request, auth.get_user_model().objects.get(username="ada"))
    return page(request)


def log_out(request):
    auth.logout(request)
    return HttpResponse("logged out")


def add(request):
    """Adds messages, without a look at those that are there."""
    for one in json.loads(request.GET["messages"]):
        text = mark_safe(one["message"]) if one["safe"] else one["message"]
        messages.add_message(request, one["level"], text, one["extraTags"])
    return HttpResponse("added")


def show(request):
    """Shows messages, which removes them."""
    shown = [
        {
            "level": one.level,
            "message": str(one.message),
            "extraTags": one.extra_tags,
            "safe": isinstance(one.message, SafeData),
            "levelTag": one.level_tag,
            "tags": one.tags,
        }
        for one in messages.get_messages(request)
    ]
    return JsonResponse(shown, safe=False)


views = {"form": form, "log-in": log_in, "log-out": log_out, "add": add, "messages": show}
urlpatterns = [path(name, view) for name, view in views.items()]

if __name__ == "__main__":
    main()
