from django.contrib import admin
from django.urls import path

from . import views

urlpatterns = [
    path("", views.show_page, name="page"),
    path("session.json", views.show_json),
    path("count", views.count),
    path("add", views.add),
    path("delete", views.delete),
    path("clear", views.clear),
    path("log-in/", views.LogIn.as_view(), name="login"),
    path("log-out/", views.LogOut.as_view(), name="logout"),
    path("admin/", admin.site.urls),
]
