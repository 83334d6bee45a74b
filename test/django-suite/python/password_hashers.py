"""Django's hashers of passwords: every hash is Node's."""

from django.contrib.auth import hashers

from child import child, result_of
from signers import text


def plug_hashers():
    for cls in (getattr(hashers, name) for name in HASHER_PARAMETERS):
        cls.encode = encode_password
        cls.verify = verify_password
        cls.must_update = must_update
    hashers.is_password_usable = is_password_usable


PBKDF2 = ["iterations"]
BCRYPT = ["rounds"]
HASHER_PARAMETERS = {
    "PBKDF2PasswordHasher": PBKDF2,
    "PBKDF2SHA1PasswordHasher": PBKDF2,
    "Argon2PasswordHasher": ["time_cost", "memory_cost", "parallelism"],
    "BCryptSHA256PasswordHasher": BCRYPT,
    "BCryptPasswordHasher": BCRYPT,
    "ScryptPasswordHasher": ["work_factor", "block_size", "parallelism"],
    "MD5PasswordHasher": [],
}


def ask_hasher(hasher, call, overrides=(), **given):
    """Django's class, or the one of Django's that a test's own class derives from."""
    name = next(cls.__name__ for cls in type(hasher).__mro__ if cls.__name__ in HASHER_PARAMETERS)
    parameters = {key: getattr(hasher, key) for key in HASHER_PARAMETERS[name]}
    parameters.update(overrides)
    described = {"hasher": name, "algorithm": hasher.algorithm, "parameters": parameters}
    return result_of(child.call(call, **described, **given))


def encode_password(self, password, salt, iterations=None, n=None, r=None, p=None):
    given = {"iterations": iterations, "work_factor": n, "block_size": r, "parallelism": p}
    overrides = {key: value for key, value in given.items() if value is not None}
    salt = text(salt) if isinstance(salt, bytes) else salt
    try:
        return ask_hasher(self, "hash", overrides, password=password, salt=salt)
    except ValueError as error:
        if "A password must be given" in str(error):
            raise TypeError("password must be provided.") from error
        if "A salt must not be empty" in str(error):
            raise ValueError("salt must be provided and cannot contain $.") from error
        raise


def verify_password(self, password, encoded):
    return ask_hasher(self, "verify", password=password, encoded=encoded)


def must_update(self, encoded):
    return ask_hasher(self, "must_update", encoded=encoded)


def is_password_usable(encoded):
    return result_of(child.call("is_password_usable", encoded=encoded))
