"""The pages of the explorer: one row a page in the registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from xinzhi.core.text import LANGUAGES
from xinzhi.web.page import HOME, PROTOCOL, RULED, SETTINGS, SETTLED, Address, Page
from xinzhi.web.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A page in the registry; its name in menus is ``web.nav.<name>``."""

    make: str  # the file of `xinzhi.web.pages` and its function of a store and an address that makes it
    # what it reads of a query beside the protocol (`xinzhi.web.page.RULED`); everything else is ignored. Only a
    # server can answer another question than the first
    asks: Sequence[str] = ()
    keys: str = ""  # the function of the store that gives the keys, for each of which there is a page, and none without
    menu: bool = True  # whether it stands in the menu of every page
    under: str = ""  # the page of the menu that it belongs to
    ready: str = ""  # the function that says whether the data of a store are enough for it


REGISTRY: Mapping[str, Entry] = {
    HOME: Entry(make="home.page"),
    "region": Entry(make="region.page", keys="region.keys", menu=False),
    "compare": Entry(make="region.compare", asks=("a", "b", "c", "d")),
    "measure": Entry(make="figures.page"),
    "figures": Entry(make="figures.page", asks=("a", "b", "c", "d"), keys="figures.keys", menu=False, under="measure"),
    "explain": Entry(make="explain.page", keys="explain.keys", menu=False, under="measure"),
    "topic": Entry(make="topic.page", keys="topic.keys", menu=False),
    "categories": Entry(make="category.page", ready="category.ready"),
    "category": Entry(
        make="category.page", keys="category.keys", menu=False, under="categories", ready="category.ready"
    ),
    "audit": Entry(make="forms.audit", asks=("region", "hold")),
    "claim": Entry(make="forms.claim", asks=("region", "start", "end", "growth")),
    "projects": Entry(make="forms.projects"),
    "protocols": Entry(make="reference.protocol", asks=("against",)),
    "protocol": Entry(
        make="reference.protocol", asks=("against",), keys="reference.protocols", menu=False, under="protocols"
    ),
    "data": Entry(make="reference.data"),
    "methods": Entry(make="reference.methods", menu=False),
    "glossary": Entry(make="reference.glossary", menu=False),
    "downloads": Entry(make="reference.downloads", menu=False),
}


def exists(store: Store, address: Address) -> bool:
    """Say whether there is a page of an address."""
    entry = REGISTRY.get(address.page)
    if entry is None or bool(entry.keys) != bool(address.key) or not _ready(store, entry):
        return False
    return not entry.keys or address.key in keys(store, address.page)


def page(store: Store, address: Address) -> Page:
    """Return the page of an address, which there is."""
    made: Page = _function(REGISTRY[address.page].make)(store, address)
    return made


def keys(store: Store, name: str) -> Sequence[str]:
    """Return the keys of the pages of a name; one empty key where it has a single page."""
    entry = REGISTRY[name]
    found: Sequence[str] = _function(entry.keys)(store) if entry.keys else ("",)
    return found


def menu(store: Store) -> list[str]:
    """Return the names of the pages in the menu, those that the data are enough for."""
    return [name for name, entry in REGISTRY.items() if entry.menu and _ready(store, entry)]


def single(store: Store) -> list[str]:
    """Return the names of the pages that there are once, those that the data are enough for."""
    return [name for name, entry in REGISTRY.items() if not entry.keys and _ready(store, entry)]


def marked(name: str) -> str:
    """Return the page that the menu marks on a page."""
    return REGISTRY[name].under or name


def addresses(store: Store) -> Iterator[Address]:
    """Return the address of every page in both languages, asked nothing."""
    for language in LANGUAGES:
        for name, entry in REGISTRY.items():
            if _ready(store, entry):
                yield from (Address(language, name, key) for key in keys(store, name))


def asks(address: Address) -> Sequence[str]:
    """Return what the page of an address reads of a query; nothing where there is no such page."""
    entry = REGISTRY.get(address.page)
    if entry is None:
        return ()
    ruled = [name for name, places in ((PROTOCOL, RULED), (SETTINGS, SETTLED)) if address.page in places]
    return (*ruled, *entry.asks)


def asked(address: Address) -> Address:
    """Return an address with what its page reads of the query, and no more."""
    kept = {name: address.query[name] for name in asks(address) if address.query.get(name)}
    return Address(address.language, address.page, address.key, kept)


def _ready(store: Store, entry: Entry) -> bool:
    return not entry.ready or bool(_function(entry.ready)(store))


def _function(name: str) -> Callable[..., Any]:
    """Return a function of a page, whose file is loaded when it is asked for."""
    module, _, called = name.partition(".")
    found: Callable[..., Any] = getattr(import_module(f"xinzhi.web.pages.{module}"), called)
    return found
