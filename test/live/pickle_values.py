"""Random values of every kind that a session's pickle may hold, and what Python makes of ours.

    pickle_values.py make SEED COUNT    prints a JSON line for each value: its pickles, by protocol
    pickle_values.py check SEED COUNT   reads as many lines, of pickles in base64 by what they are
                                        called, makes the same values again, and prints where one
                                        that was read is not the value that it was made of

The same seed makes the same values.
"""

import base64
import datetime
import decimal
import json
import pickle
import random
import sys
import uuid
import zoneinfo

from django.utils.safestring import mark_safe

UTC = datetime.timezone.utc
ALPHABET = "ab1 _-/\\\"'\n\r\x00\x1a\x7f\x80\xe9\xff\u0100\u4e2d\ufffd\U0001f600\U0010ffff"
ODD_KEYS = ["__proto__", "constructor", "1", "2", "null", "true", "1.5", "", "\x00", "\x001", "\x00tuple", "\x00\"1\"", "_session_expiry_"]


class Values:
    def __init__(self, seed, index):
        self.random = random.Random(f"{seed} {index}")

    def session(self):
        """The dict of a session: plain in one of three, else with whatever there is."""
        self.is_plain = self.random.random() < 0.35
        return self.dict(0, self.random.choice([0, 1, 2, 3, 5, 8]))

    def dict(self, depth, size):
        made = {}
        for _ in range(size):
            made[self.key()] = self.value(depth + 1)
        return made

    def key(self):
        kind = self.random.random()
        if kind < 0.2:
            return self.random.choice(ODD_KEYS)
        if self.is_plain or kind < 0.75:
            return self.text()
        return self.hashable()

    def value(self, depth):
        makers = [self.text, self.integer, self.number, self.word]
        if depth < 5:
            size = self.random.choice([0, 1, 2, 3, 4, 7])
            makers += [lambda: self.dict(depth, size), lambda: [self.value(depth + 1) for _ in range(size)]]
            if not self.is_plain:
                makers += [
                    lambda: tuple(self.value(depth + 1) for _ in range(size)),
                    lambda: {self.hashable() for _ in range(size)},
                ]
        if not self.is_plain:
            makers += [self.hashable, self.hashable]
        return self.random.choice(makers)()

    def hashable(self, depth=0):
        makers = [self.text, self.integer, self.ordinary, self.word, self.bytes, self.moment, self.day]
        makers += [self.clock, self.duration, self.decimal, self.uuid, self.safe]
        if depth < 2:
            size = self.random.randrange(5)
            makers += [
                lambda: tuple(self.hashable(depth + 1) for _ in range(size)),
                lambda: frozenset(self.hashable(depth + 1) for _ in range(size)),
            ]
        return self.random.choice(makers)()

    def text(self):
        size = self.random.choice([0, 1, 1, 3, 8, 20, 255, 256, 300])
        made = "".join(self.random.choice(ALPHABET) for _ in range(size))
        # No two that are a pair: JavaScript has no text in which they are not one character.
        return made + self.random.choice(["", "", "", "\ud800", "\udfff", "x\udc00 \ud900"])

    def integer(self):
        bits = self.random.choice([1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 53, 54, 63, 64, 65, 200, 2100])
        edge = (1 << bits) + self.random.choice([-1, 0, 1])
        return self.random.choice([edge, -edge, self.random.getrandbits(bits), -self.random.getrandbits(bits)])

    def number(self):
        return self.random.choice([
            0.0, -0.0, 1.0, -1.5, 1e16, 9007199254740993.0, 1e22, 1e-5, 5e-324, 1.7976931348623157e308,
            float("inf"), float("-inf"), float("nan"), self.random.random(), self.random.gauss(0, 1e10),
        ])

    def ordinary(self):
        """As a key, -0.0 is 0, and of two NaN each is another one."""
        made = self.number()
        return made if made == made and made != 0 else 0.0

    def word(self):
        return self.random.choice([None, True, False])

    def bytes(self):
        return self.random.randbytes(self.random.choice([0, 1, 2, 16, 255, 256, 1000]))

    def zone(self):
        offset = datetime.timedelta(
            seconds=self.random.randrange(-86399, 86400), microseconds=self.random.choice([0, 0, 0, 1])
        )
        return self.random.choice([
            None, None, UTC, datetime.timezone(datetime.timedelta(hours=-3, minutes=-30)),
            datetime.timezone(min(offset, datetime.timedelta(seconds=86399))),
            datetime.timezone(datetime.timedelta(hours=1), "C\xcbT"),
            zoneinfo.ZoneInfo("Europe/Berlin"), zoneinfo.ZoneInfo("UTC"),
        ])

    def micros(self):
        return self.random.choice([0, 1, 999999, self.random.randrange(1000000)])

    def moment(self):
        return datetime.datetime(
            self.random.choice([1, 1970, 2031, 9999, self.random.randrange(2, 9999)]),
            self.random.randrange(1, 13), self.random.randrange(1, 29), self.random.randrange(24),
            self.random.randrange(60), self.random.randrange(60), self.micros(), self.zone(),
            fold=self.random.choice([0, 0, 0, 1]),
        )

    def day(self):
        return self.random.choice([datetime.date.min, datetime.date.max, datetime.date(2024, 2, 29)])

    def clock(self):
        return datetime.time(
            self.random.randrange(24), self.random.randrange(60), self.random.randrange(60), self.micros(),
            self.zone(), fold=self.random.choice([0, 0, 0, 1]),
        )

    def duration(self):
        return self.random.choice([
            datetime.timedelta(0), datetime.timedelta.min, datetime.timedelta.max, datetime.timedelta.resolution,
            datetime.timedelta(
                self.random.randrange(-1000, 1000), self.random.randrange(86400), self.micros()
            ),
        ])

    def decimal(self):
        return decimal.Decimal(self.random.choice([
            "0", "-0.00", "12.340", "1E+5", "0E-10", "-1.5E-400", "NaN", "-NaN12", "Infinity", "-Infinity",
            str(self.random.getrandbits(300)),
        ]))

    def uuid(self):
        return uuid.UUID(int=self.random.choice([0, 1, 2**128 - 1, self.random.getrandbits(128)]))

    def safe(self):
        return mark_safe(self.text())


def describe(value):
    """A text that is the same for what is the same in everything, its types and order too."""
    kind = type(value).__name__
    if isinstance(value, (list, tuple)):
        return f"{kind}({', '.join(map(describe, value))})"
    if isinstance(value, (set, frozenset)):
        return f"{kind}({', '.join(sorted(map(describe, value)))})"
    if isinstance(value, dict):
        return f"{kind}({', '.join(f'{describe(key)}: {describe(member)}' for key, member in value.items())})"
    if isinstance(value, (datetime.datetime, datetime.time)):
        return f"{kind}({value!r}, {value.fold}, {value.tzinfo!r})"
    return f"{kind}({value!r})"


def shared(value, strings):
    """The same value, in which equal strings are one."""
    if isinstance(value, str):
        return strings.setdefault(value, value)
    if isinstance(value, dict):
        return {shared(key, strings): shared(member, strings) for key, member in value.items()}
    if isinstance(value, list):
        return [shared(member, strings) for member in value]
    return value


def pickles(value):
    made = {}
    for protocol in range(6):
        try:
            made[protocol] = base64.b64encode(pickle.dumps(value, protocol)).decode()
        except RecursionError:  # a SafeString, in the protocols that are text
            pass
    return made


def values_of(seed, count):
    for index in range(count):
        values = Values(seed, index)
        yield values.session(), values


def make(seed, count):
    for value, values in values_of(seed, count):
        line = {"pickles": pickles(value)}
        if values.is_plain:
            line["json"] = json.dumps(value, separators=(",", ":"))
            line["bytes"] = base64.b64encode(pickle.dumps(shared(value, {}), 5)).decode()
        print(json.dumps(line))


def check(seed, count):
    for index, (value, _) in enumerate(values_of(seed, count)):
        for name, ours in json.loads(sys.stdin.readline()).items():
            read = pickle.loads(base64.b64decode(ours))
            if name == "beside ours":
                if read.pop("ours", None) != [1.5]:
                    print(f"{index} {name}: ours is not there")
            if not is_same(read, value, name == "written anew"):
                print(f"{index} {name}: {ascii(read)[:300]}")


def is_same(read, value, is_anew):
    if not is_anew:
        return describe(read) == describe(value)
    # Whole floats are integers once JavaScript has had them, and the keys of the top are text. No
    # NaN is like another one.
    if "nan" in describe(value).lower() or any(type(key) is not str for key in value):
        return True
    return read == value


sys.set_int_max_str_digits(0) if hasattr(sys, "set_int_max_str_digits") else None
{"make": make, "check": check}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
