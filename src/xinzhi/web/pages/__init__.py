"""The pages of the explorer: one file a page, one row a page in the registry."""

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

    module: str  # the file of `xinzhi.web.pages` whose function ``page(store, address)`` makes it
    # what it reads of a query beside the protocol (`xinzhi.web.page.RULED`); everything else is ignored. Only a
    # server can answer another question than the first
    asks: Sequence[str] = ()
    # whether there is a page for every key that ``keys(store)`` of the module gives, and none without
    keyed: bool = False
    menu: bool = True  # whether it stands in the menu of every page
    under: str = ""  # the page of the menu that it belongs to
    ready: bool = False  # whether the data of a store are enough for it, by ``ready(store)`` of the module


REGISTRY: Mapping[str, Entry] = {
    HOME: Entry(module="home"),
    "region": Entry(module="region", keyed=True, menu=False),
    "compare": Entry(module="compare", asks=("a", "b", "c", "d")),
    "measure": Entry(module="figures"),
    "figures": Entry(module="figures", asks=("a", "b", "c", "d"), keyed=True, menu=False, under="measure"),
    "explain": Entry(module="explain", keyed=True, menu=False, under="measure"),
    "topic": Entry(module="topic", keyed=True, menu=False),
    "categories": Entry(module="category", ready=True),
    "category": Entry(module="category", keyed=True, menu=False, under="categories", ready=True),
    "audit": Entry(module="audit", asks=("region", "hold")),
    "claim": Entry(module="claim", asks=("region", "start", "end", "growth")),
    "projects": Entry(module="projects"),
    "protocols": Entry(module="protocol", asks=("against",)),
    "protocol": Entry(module="protocol", asks=("against",), keyed=True, menu=False, under="protocols"),
    "data": Entry(module="data"),
    "methods": Entry(module="methods", menu=False),
    "downloads": Entry(module="downloads", menu=False),
}


def exists(store: Store, address: Address) -> bool:
    """Say whether there is a page of an address."""
    entry = REGISTRY.get(address.page)
    if entry is None or entry.keyed != bool(address.key) or not _ready(store, entry):
        return False
    return not entry.keyed or address.key in keys(store, address.page)


def page(store: Store, address: Address) -> Page:
    """Return the page of an address, which there is."""
    make: Callable[[Store, Address], Page] = _module(REGISTRY[address.page]).page
    return make(store, address)


def keys(store: Store, name: str) -> Sequence[str]:
    """Return the keys of the pages of a name; one empty key where it has a single page."""
    entry = REGISTRY[name]
    found: Sequence[str] = _module(entry).keys(store) if entry.keyed else ("",)
    return found


def menu(store: Store) -> list[str]:
    """Return the names of the pages in the menu, those that the data are enough for."""
    return [name for name, entry in REGISTRY.items() if entry.menu and _ready(store, entry)]


def single(store: Store) -> list[str]:
    """Return the names of the pages that there are once, those that the data are enough for."""
    return [name for name, entry in REGISTRY.items() if not entry.keyed and _ready(store, entry)]


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
    return not entry.ready or bool(_module(entry).ready(store))


def _module(entry: Entry) -> Any:  # noqa: ANN401 - a module with `page`, and with `keys` or `ready` where the entry says so
    return import_module(f"xinzhi.web.pages.{entry.module}")
