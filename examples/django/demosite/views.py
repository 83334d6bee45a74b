"""What a visitor sees of a session, and can do to it: the same here as on the servers beside."""

import json
import platform

import django
from django.conf import settings
from django.contrib import messages
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from .tree import as_tree

RUNS_ON = f"Django {django.__version__} on Python {platform.python_version()}"


@require_safe
def show_page(request):
    return render_page(request)


def render_page(request, problem="", key="", value="", status=200):
    session = request.session
    context = {
        "runs_on": RUNS_ON,
        "session_key": session.session_key,
        "expires": expire_date(session),
        "counter": as_count(session.get("counter")),
        "members": as_tree(dict(session.items())),
        "problem": problem,
        "form": {"key": key, "value": value},
    }
    return render(request, "session.html", context, status=status)


@require_safe
def show_json(request):
    """The session as Python has it: floats, integers of any size, and the order of keys can be told."""
    answer = {
        "server": settings.DEMO_NAME,
        "key": request.session.session_key,
        "user": request.user.get_username() or None,
        "permissions": sorted(request.user.get_all_permissions()),
        "expires": isoformat(expire_date(request.session)),
        "data": dict(request.session.items()),
    }
    return HttpResponse(json.dumps(answer), content_type="application/json")


def expire_date(session):
    """When the session ends, by its row: request.session could tell only when it would if saved now."""
    row = Session.objects.filter(session_key=session.session_key).first()
    return row.expire_date if row else None


def isoformat(moment):
    return moment and moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@require_POST
def count(request):
    request.session["counter"] = as_count(request.session.get("counter")) + 1
    return redirect("page")


def as_count(value):
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if is_number else 0


@require_POST
def add(request):
    key, text = request.POST.get("key", "").strip(), request.POST.get("value", "")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        problem = "The value is not JSON. Text needs quotation marks: \"dark\"."
        return render_page(request, problem, key, text, status=400)
    if not key:
        return render_page(request, "A key needs a name.", key, text, status=400)
    request.session[key] = value
    return redirect("page")


@require_POST
def delete(request):
    request.session.pop(request.POST.get("key", ""), None)
    return redirect("page")


@require_POST
def clear(request):
    request.session.clear()
    messages.success(request, "All data is cleared.")
    return redirect("page")
