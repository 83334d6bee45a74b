"""Serves the demo site: tables and the user admin are made first."""

import os
import signal
import sys
import threading

from django.contrib.auth import get_user_model
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError, connection

HOST = "127.0.0.1"


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("port", type=int)

    def handle(self, *, port, **options):
        make_tables()
        make_admin()
        server = ThreadedWSGIServer((HOST, port), WSGIRequestHandler)
        server.set_app(StaticFilesHandler(get_wsgi_application()))
        end_with_parent()
        self.stdout.write("ready")
        self.stdout.flush()
        server.serve_forever()


def make_tables():
    try:
        take_over_tables()
        call_command("migrate", verbosity=0, interactive=False, fake_initial=True)
    except OperationalError as error:
        raise CommandError(f"The database cannot be used: {error}") from error


def take_over_tables():
    """A run without Python made the tables of sessions and users, with nothing that notes it."""
    names = connection.introspection.table_names()
    if "auth_user" in names and "django_migrations" not in names:
        for app in ["contenttypes", "auth"]:
            call_command("migrate", app, verbosity=0, interactive=False, fake=True)


def make_admin():
    users = get_user_model().objects
    if not users.filter(username="admin").exists():
        users.create_superuser("admin", "", "admin")


def end_with_parent():
    """The process that started this one decides when it ends; Ctrl-C reaches both."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=wait_for_end_of_input, daemon=True).start()


def wait_for_end_of_input():
    sys.stdin.read()
    os._exit(0)
