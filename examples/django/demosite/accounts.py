"""Log in and out, register, change the password: Django's own views and forms, with this site's pages."""

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.shortcuts import render
from django.urls import reverse_lazy
from django.views.decorators.http import require_safe
from django.views.generic import FormView


@require_safe
@login_required
def show_me(request):
    return render(request, "me.html", {"permissions": sorted(request.user.get_all_permissions())})


class LogIn(LoginView):
    template_name = "form.html"
    extra_context = {
        "title": "Log in to",
        "lead": "The demo made a user “admin” with the password “admin”. A login here is one at every server.",
        "button": "Log in",
    }

    def form_valid(self, form):
        response = super().form_valid(form)
        messages.success(self.request, f"You are logged in as {form.get_user().get_username()}.")
        return response


class LogOut(LogoutView):
    def post(self, request, *args, **kwargs):
        response = super().post(request, *args, **kwargs)
        messages.success(request, "You are logged out.")
        return response


class Register(FormView):
    template_name = "form.html"
    form_class = UserCreationForm
    success_url = reverse_lazy("page")
    extra_context = {
        "title": "Register at",
        "lead": "The new user stands in Django’s own table, and can log in at every server.",
        "button": "Register",
    }

    def form_valid(self, form):
        user = form.save()
        login(self.request, user)
        messages.success(self.request, f"Welcome, {user.get_username()}.")
        return super().form_valid(form)


class ChangePassword(PasswordChangeView):
    template_name = "form.html"
    success_url = reverse_lazy("page")
    extra_context = {
        "title": "Change your password at",
        "lead": "Wherever else you are logged in, you are logged out: at every server.",
        "button": "Change password",
    }

    def form_valid(self, form):
        messages.success(self.request, "Your password is changed.")
        return super().form_valid(form)
