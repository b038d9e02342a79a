"""The catalogue as typed functions: `from xinzhi.words import bands as words`, then `words.answer_pairs(n=465, ...)`.

Every topic of ``pages/`` is an attribute, every text of it a function whose arguments are its placeholders. The stubs
beside this file are generated from the texts by ``tools/generate_words.py``, so that an editor shows both languages and
a type checker knows keys and arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

from xinzhi.core.facts import Fact
from xinzhi.core.text import SHARED, MissingTextError, Text, page, words, words_exist

by_key = words  # for keys that are computed


class Topic:
    """The texts of one topic as functions, made on first use."""

    def __init__(self, name: str) -> None:
        self.topic = name

    def __getattr__(self, name: str) -> Callable[..., Fact]:
        """Return the function of a text, or of the texts of a branch (``input_of("investment")``)."""
        if name.startswith("__"):
            raise AttributeError(name)
        key = keys_of(self.topic).get(name)
        if key is not None:
            function = function_of(self.topic, key)
        elif name.endswith("_of"):
            function = branch_of(self.topic, name.removesuffix("_of"))
        else:
            raise MissingTextError(self.topic, name)
        setattr(self, name, function)
        return function


@cache
def keys_of(topic: str) -> Mapping[str, str]:
    """Return the keys of the texts of a topic by the name of their functions."""
    return {identifier(key): key for key in page("pages", topic)}


def identifier(key: str) -> str:
    """Return the name of the function of a key: ``answer.pairs`` is ``answer_pairs``."""
    return re.sub(r"\W", "_", key)


def full_key(topic: str, key: str) -> str:
    """Return the key by which `xinzhi.core.text.words` finds a text."""
    return key if topic == SHARED else f"{topic}.{key}"


def function_of(topic: str, key: str) -> Callable[..., Fact]:
    """Return the function that fills one text."""
    path = full_key(topic, key)

    def fact(**values: object) -> Fact:
        return Fact(topic, key, values, words(path, **values))

    fact.__name__ = fact.__qualname__ = identifier(key)
    return fact


def branch_of(topic: str, branch: str) -> Callable[..., Fact]:
    """Return the function that fills the text of a branch by the name of its leaf."""
    leaves = branches(page("pages", topic)).get(branch)
    if leaves is None:
        raise MissingTextError(topic, branch)
    functions = {leaf: function_of(topic, key) for leaf, key in leaves.items()}

    def text_of(leaf: str, /, **values: object) -> Fact:
        if leaf not in functions:
            raise MissingTextError(topic, f"{branch}.{leaf}")
        return functions[leaf](**values)

    return text_of


def branches(texts: Mapping[str, Text]) -> dict[str, dict[str, str]]:
    """Return the keys of every branch by leaf; branches by the name that they have in Python."""
    branches: dict[str, dict[str, str]] = {}
    for key in texts:
        branch, _, leaf = key.rpartition(".")
        if branch:
            branches.setdefault(identifier(branch), {})[leaf] = key
    return branches


def __getattr__(name: str) -> Topic:
    if name.startswith("_") or not words_exist(f"pages/{name}.yaml"):
        raise AttributeError(name)
    topic = globals()[name] = Topic(name)
    return topic
