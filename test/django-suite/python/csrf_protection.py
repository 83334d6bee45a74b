"""Protection from forged requests: every secret, token, check and cookie is Node's."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse, UnreadablePostError
from django.middleware import csrf

from child import Refused
from imported import replace
from visits import Visit

REFERER_REASONS = {"noReferer", "malformedReferer", "insecureReferer", "badReferer"}


def plug_csrf():
    replace(csrf.get_token, get_token)
    replace(csrf.rotate_token, rotate_token)
    replace(csrf._mask_cipher_secret, _mask_cipher_secret)
    replace(csrf._unmask_cipher_token, _unmask_cipher_token)
    replace(csrf._check_token_format, _check_token_format)
    replace(csrf._does_token_match, _does_token_match)
    middleware = csrf.CsrfViewMiddleware
    middleware.process_request = process_request
    middleware.process_view = process_view
    middleware.process_response = process_response
    middleware._origin_verified = _origin_verified
    middleware._check_referer = _check_referer


# The middleware.


def process_request(self, request):
    visit = visit_of(request)
    visit.ask("begin")
    tell_due(request, visit)


def process_view(self, request, callback, callback_args, callback_kwargs):
    if getattr(request, "csrf_processing_done", False):
        return None
    is_exempt = getattr(callback, "csrf_exempt", False)
    if not is_exempt and not getattr(request, "_dont_enforce_csrf_checks", False):
        refused = refusal(request, fields=fields_of(request))
        if refused:
            return self._reject(request, str(refused))
    return None if is_exempt else self._accept(request)


def process_response(self, request, response):
    visit = visit_of(request)
    visit.ask("commit", response)
    tell_due(request, visit)
    return response


def _origin_verified(self, request):
    refused = refusal(request)
    return not refused or refused.reason != "badOrigin"


def _check_referer(self, request):
    """Over HTTPS, and without an ``Origin``, that is what Node looks at."""
    headers = {**Visit(request).describe(None)["headers"]}
    headers.pop("origin", None)
    refused = refusal(request, scheme="https", headers=headers)
    if refused and refused.reason in REFERER_REASONS:
        raise csrf.RejectRequest(str(refused))


def refusal(request, **told):
    """Why Node refuses a request; ``told`` is what it is told otherwise than is so."""
    try:
        open_visit(request).ask("check", request=told)
    except Refused as error:
        return error
    return None


def fields_of(request):
    try:
        return dict(request.POST.items()) if request.method == "POST" else {}
    except UnreadablePostError:
        return {}


# Requests, whose secret Django and its tests keep in ``META``.


def visit_of(request):
    if not hasattr(request, "_visit"):
        request._visit = open_visit(request)
    return request._visit


def open_visit(request):
    if not settings.CSRF_USE_SESSIONS:
        secret = request.META.get("CSRF_COOKIE")
        known = {} if secret is None else {settings.CSRF_COOKIE_NAME: secret}
        return Visit(request, cookies={**request.COOKIES, **known})
    if not hasattr(request, "session"):
        raise ImproperlyConfigured(
            "CSRF_USE_SESSIONS is enabled, but request.session is not set. "
            "SessionMiddleware must appear before CsrfViewMiddleware in MIDDLEWARE."
        )
    return Visit(request, session_keys=[csrf.CSRF_SESSION_KEY])


def get_token(request):
    visit = visit_of(request)
    token = visit.ask("get_csrf_token")
    request.META["CSRF_COOKIE"] = _unmask_cipher_token(token)
    tell_due(request, visit)
    return token


def rotate_token(request):
    visit_of(request).ask("rotate_csrf_token")
    get_token(request)


def tell_due(request, visit):
    if visit.is_due or "CSRF_COOKIE_NEEDS_UPDATE" in request.META:
        request.META["CSRF_COOKIE_NEEDS_UPDATE"] = visit.is_due


# Secrets and tokens, which Node shows by what it does with requests.


def visit_with(cookie):
    return Visit(cookies={settings.CSRF_COOKIE_NAME: cookie}, extra={"CSRF_USE_SESSIONS": False})


def _mask_cipher_secret(secret):
    return visit_with(secret).ask("get_csrf_token")


def _unmask_cipher_token(token):
    visit, response = visit_with(token), HttpResponse()
    visit.ask("get_csrf_token")
    visit.ask("commit", response)
    return response.cookies[settings.CSRF_COOKIE_NAME].value


def post_with(cookie, token=None):
    """Why Node refuses a form; its request is a plain one else."""
    fields = {} if token is None else {"csrfmiddlewaretoken": token}
    try:
        visit_with(cookie).ask("check", request={"method": "POST", "fields": fields})
    except Refused as error:
        return error
    return None


def _check_token_format(token):
    refused = post_with(token)
    if refused.reason == "badCookie":
        problem = str(refused).removeprefix("CSRF cookie ").removesuffix(".")
        error = csrf.InvalidTokenFormat(problem)
        error.args = (problem,)
        raise error


def _does_token_match(token, secret):
    refused = post_with(secret, token)
    assert not refused or refused.reason == "tokenIncorrect", str(refused)
    return not refused
