"""Requests of Django as Node sees them, and what Node does to their responses and sessions."""

import itertools
from http.cookies import SimpleCookie

from django.conf import settings
from django.http import HttpRequest

import wire
from child import child, result_of, sent_settings

SETTINGS = [
    "ALLOWED_HOSTS",
    "CSRF_COOKIE_AGE",
    "CSRF_COOKIE_DOMAIN",
    "CSRF_COOKIE_HTTPONLY",
    "CSRF_COOKIE_NAME",
    "CSRF_COOKIE_PATH",
    "CSRF_COOKIE_SAMESITE",
    "CSRF_COOKIE_SECURE",
    "CSRF_HEADER_NAME",
    "CSRF_TRUSTED_ORIGINS",
    "CSRF_USE_SESSIONS",
    "MESSAGE_LEVEL",
    "MESSAGE_TAGS",
    "SECURE_PROXY_SSL_HEADER",
    "SESSION_COOKIE_DOMAIN",
    "SESSION_COOKIE_HTTPONLY",
    "SESSION_COOKIE_SAMESITE",
    "SESSION_COOKIE_SECURE",
    "USE_X_FORWARDED_HOST",
    "USE_X_FORWARDED_PORT",
]

DEFAULT_PORTS = {"http": "80", "https": "443"}

handles = itertools.count(1)


class Visit:
    """A request that Node holds from its first call on, until its response has left."""

    def __init__(self, request=None, session_keys=(), cookies=None, extra=None):
        self.request = HttpRequest() if request is None else request
        self.session_keys = session_keys
        self.cookies = self.request.COOKIES if cookies is None else cookies
        self.extra = extra or {}
        self.handle = next(handles)
        self.is_due = False

    def ask(self, call, response=None, request=None, **given):
        """``request`` is what else there is to tell of the request."""
        answer = child.call(
            call,
            self.handle,
            request={**self.describe(response), **(request or {})},
            extra={**sent_settings(SETTINGS), **self.extra},
            **given,
        )
        self.events = answer["events"]
        if answer["state"] is not None:
            self.take(answer["state"], response)
        return result_of(answer)

    def describe(self, response):
        scheme = "https" if self.request.is_secure() else "http"
        headers = {
            name[5:].replace("_", "-").lower(): value
            for name, value in self.request.META.items()
            if name.startswith("HTTP_")
        }
        return {
            "method": self.request.method or "GET",
            "scheme": scheme,
            "host": host_of(self.request, scheme),
            "path": self.request.path,
            "headers": {**headers, "cookie": header_of(self.cookies)},
            "fields": {},
            "isExempt": False,
            "session": self.describe_session(),
            "vary": response.get("Vary") if response is not None else None,
        }

    def describe_session(self):
        if not self.session_keys:
            return None
        return {key: self.request.session.get(key) for key in self.session_keys}

    def take(self, state, response):
        """Has Django's response and session be as Node says."""
        self.is_due = state["isDue"]
        if state["session"] is not None:
            self.write_session(wire.read(state["session"]))
        if response is None:
            return
        for header in state["cookies"]:
            set_cookie(response, header)
        if state["vary"] is not None:
            response["Vary"] = state["vary"]

    def write_session(self, data):
        for key in self.session_keys:
            if key in data:
                self.request.session[key] = data[key]
            else:
                self.request.session.pop(key, None)


def host_of(request, scheme):
    """The host as browsers send it; Django has the port of the socket apart from it."""
    host = request.META.get("HTTP_HOST") or request.META.get("SERVER_NAME") or ""
    port = str(request.META.get("SERVER_PORT") or DEFAULT_PORTS[scheme])
    return host if ":" in host or port == DEFAULT_PORTS[scheme] else f"{host}:{port}"


def header_of(cookies):
    """All but the session's: its data is told beside them."""
    jar = SimpleCookie()
    return "; ".join(
        f"{name}={jar.value_encode(value)[1]}"
        for name, value in cookies.items()
        if name != settings.SESSION_COOKIE_NAME
    )


def set_cookie(response, header):
    for name, morsel in SimpleCookie(header).items():
        response.set_cookie(
            name,
            morsel.value,
            max_age=int(morsel["max-age"]) if morsel["max-age"] else None,
            expires=morsel["expires"] or None,
            path=morsel["path"],
            domain=morsel["domain"] or None,
            secure=bool(morsel["secure"]),
            httponly=bool(morsel["httponly"]),
            samesite=morsel["samesite"] or None,
        )
