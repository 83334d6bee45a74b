from django.contrib import admin
from django.urls import path

from . import accounts, views

urlpatterns = [
    path("", views.show_page, name="page"),
    path("session.json", views.show_json),
    path("count", views.count),
    path("add", views.add),
    path("delete", views.delete),
    path("clear", views.clear),
    path("me", accounts.show_me),
    path("log-in", accounts.LogIn.as_view(), name="login"),
    path("log-out", accounts.LogOut.as_view()),
    path("register", accounts.Register.as_view()),
    path("password", accounts.ChangePassword.as_view()),
    path("admin/", admin.site.urls),
]
