"""Writes TOML. Python 3.11 reads it only."""

import json


def dump(table: dict) -> str:
    """The document with these keys; a dict is a table, a list of dicts an array of tables.

    A key whose value is None is left out.
    """
    return "\n".join(_lines(table, ())) + "\n"


def _lines(table: dict, path: tuple) -> list:
    plain = {key: value for key, value in table.items()
             if value is not None and not _tables(value)}
    lines = [f"{key} = {_value(value)}" for key, value in plain.items()]
    for key, value in table.items():
        here = (*path, key)
        name = ".".join(here)
        header = f"[[{name}]]" if isinstance(value, list) else f"[{name}]"
        for element in _tables(value):
            lines += ["", header, *_lines(element, here)]
    return lines


def _tables(value: object) -> list:
    """The tables that a value stands for; none where it is a plain one."""
    if isinstance(value, dict):
        return [value]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return value
    return []


def _value(value: object) -> str:
    # JSON's strings, numbers, booleans and arrays of these are also TOML's.
    return json.dumps(value)
