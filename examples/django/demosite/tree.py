"""Session data as the page shows it."""

import json


MOST_LEVELS = 12


def as_tree(value, level=1):
    """The members of a dict or a list: each with a label, and either text or members of its own."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    return [{"label": label, **as_node(member, level)} for label, member in pairs]


def as_node(value, level):
    kind = kind_of(value)
    if isinstance(value, (dict, list)) and value:
        if level == MOST_LEVELS:
            return {"kind": kind, "text": "…"}
        return {"kind": kind, "size": len(value), "members": as_tree(value, level + 1)}
    text = json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
    return {"kind": kind, "text": text}


def kind_of(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return {str: "string", dict: "object", list: "list"}[type(value)]
