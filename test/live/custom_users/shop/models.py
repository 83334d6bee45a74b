"""A user model of a site's own, with the type of key that SHOP_KEY names."""

import os
import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone

KEYS = {
    "uuid": lambda: models.UUIDField(primary_key=True, default=uuid.uuid4),
    "bigint": lambda: models.BigAutoField(primary_key=True),
    "text": lambda: models.CharField(primary_key=True, max_length=40, default=lambda: uuid.uuid4().hex),
}


class Customers(BaseUserManager):
    def create_user(self, email, password=None, **fields):
        customer = self.model(email=self.normalize_email(email), **fields)
        customer.set_password(password)
        customer.save(using=self._db)
        return customer


class Customer(AbstractBaseUser, PermissionsMixin):
    id = KEYS[os.environ["SHOP_KEY"]]()
    email = models.EmailField(unique=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    points = models.BigIntegerField(default=0)
    rate = models.FloatField(default=0.5)
    nick = models.CharField(max_length=20, null=True, db_column="nickname")
    born = models.DateField(null=True)
    device = models.UUIDField(null=True)
    joined = models.DateTimeField(default=timezone.now)

    objects = Customers()
    USERNAME_FIELD = "email"
