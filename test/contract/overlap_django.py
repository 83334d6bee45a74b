"""Real Django as the other writer of a session: saves as Django does, whole and blind.

Reads its settings and its order from the first line of standard input, says when it is ready, waits for
a second line, works, and answers with the names of what it saved.
"""

import json
import random
import sys
import threading
import time


def main():
    order = json.loads(sys.stdin.readline())
    configure(order["settings"])
    print("ready", flush=True)
    sys.stdin.readline()
    saved = []
    threads = [
        threading.Thread(target=write, args=(order["key"], writer, order["times"], saved))
        for writer in order["writers"]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(saved), flush=True)


def configure(settings):
    if settings["DATABASES"]["default"]["ENGINE"].endswith("mysql"):
        import pymysql

        pymysql.version_info = (2, 2, 7, "final", 0)
        pymysql.install_as_MySQLdb()

    import django
    from django.conf import settings as django_settings

    django_settings.configure(**settings, INSTALLED_APPS=["django.contrib.sessions"])
    django.setup()

    from django.contrib.sessions.models import Session
    from django.db import connection

    # Whatever takes long at the first use is done before anybody starts.
    Session.objects.count()
    connection.close()


def write(key, writer, times, saved):
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import connection

    for time_of_many in range(times):
        name = f"{writer}-{time_of_many}"
        # The pace of requests, and of the writers on the other side.
        time.sleep(random.random() * 0.06)
        session = SessionStore(session_key=key)
        session.load()
        session[name] = True
        turn = time_of_many % 4
        if turn == 0:
            log_in(session, writer)
        elif turn == 1 and "_auth_user_id" in session:
            session["_auth_user_hash"] = f"{name}'s hash of {session['_auth_user_id']}"
        elif turn == 2:
            for auth in AUTH_KEYS:
                session.pop(auth, None)
        # A handler that does something between reading its session and saving it.
        time.sleep(random.random() * 0.01)
        session.save()
        saved.append(name)
    connection.close()


AUTH_KEYS = ("_auth_user_id", "_auth_user_backend", "_auth_user_hash")


def log_in(session, user):
    session["_auth_user_id"] = user
    session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    session["_auth_user_hash"] = f"a hash of {user}"


main()
