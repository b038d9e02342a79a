"""The pages of the explorer: one row a page, with the function that makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from xinzhi.core.errors import UsageError
from xinzhi.core.text import LANGUAGES
from xinzhi.web.page import HOME, PROTOCOL, PROTOCOL_PAGES, SETTINGS, SETTINGS_PAGES, Address, Page
from xinzhi.web.pages import category, explain, figures, forms, home, reference, region, topic
from xinzhi.web.store import Store


@dataclass(frozen=True, slots=True)
class Route:
    """A page; its name in menus is ``web.nav.<name>``."""

    page: Callable[[Store, Address], Page]
    # what it reads of a query beside the protocol (`xinzhi.web.page.PROTOCOL_PAGES`); everything else is ignored.
    # Only a server can answer another question than the first
    query: Sequence[str] = ()
    keys: Callable[[Store], Sequence[str]] | None = None  # for each of which there is a page
    menu: bool = True  # whether it stands in the menu of every page
    under: str = ""  # the page of the menu that it belongs to
    ready: Callable[[Store], bool] = lambda _: True  # whether the data of a store are enough for it


ROUTES: Mapping[str, Route] = {
    HOME: Route(home.page),
    "region": Route(region.page, keys=region.keys, menu=False),
    "compare": Route(region.compare, query=("a", "b", "c", "d")),
    "measure": Route(figures.page),
    "figures": Route(figures.page, query=("a", "b", "c", "d"), keys=figures.keys, menu=False, under="measure"),
    "explain": Route(explain.page, keys=explain.keys, menu=False, under="measure"),
    "topic": Route(topic.page, keys=topic.keys, menu=False),
    "categories": Route(category.page, ready=category.ready),
    "category": Route(category.page, keys=category.keys, menu=False, under="categories", ready=category.ready),
    "audit": Route(forms.audit, query=("region", "hold")),
    "claim": Route(forms.claim, query=("region", "start", "end", "growth")),
    "projects": Route(forms.projects),
    "protocols": Route(reference.protocol, query=("against",)),
    "protocol": Route(reference.protocol, query=("against",), keys=reference.protocols, menu=False, under="protocols"),
    "data": Route(reference.data),
    "methods": Route(reference.methods, menu=False),
    "glossary": Route(reference.glossary, menu=False),
    "downloads": Route(reference.downloads, menu=False),
}


def exists(store: Store, address: Address) -> bool:
    """Return whether there is a page of an address."""
    entry = ROUTES.get(address.page)
    if entry is None or not entry.ready(store):
        return False
    return address.key in entry.keys(store) if entry.keys else not address.key


def route(store: Store, address: Address) -> Route:
    """Return what makes the page of an address; `UsageError` where there is none."""
    if not exists(store, address):
        raise UsageError("web.no-page")
    return ROUTES[address.page]


def menu(store: Store) -> list[str]:
    """Return the names of the pages in the menu, those that the data are enough for."""
    return [name for name, entry in ROUTES.items() if entry.menu and entry.ready(store)]


def single(store: Store) -> list[str]:
    """Return the names of the pages that there are once, those that the data are enough for."""
    return [name for name, entry in ROUTES.items() if entry.keys is None and entry.ready(store)]


def menu_page(name: str) -> str:
    """Return the page that the menu marks on a page."""
    return ROUTES[name].under or name


def addresses(store: Store) -> Iterator[Address]:
    """Return the address of every page in both languages, without a query."""
    for language in LANGUAGES:
        for name, entry in ROUTES.items():
            if entry.ready(store):
                keys = entry.keys(store) if entry.keys else ("",)
                yield from (Address(language, name, key) for key in keys)


def query_names(address: Address) -> Sequence[str]:
    """Return what the page of an address reads of a query; nothing where there is no such page."""
    entry = ROUTES.get(address.page)
    if entry is None:
        return ()
    places = {PROTOCOL: PROTOCOL_PAGES, SETTINGS: SETTINGS_PAGES}
    changeable = [name for name, names in places.items() if address.page in names]
    return (*changeable, *entry.query)


def known_query(address: Address) -> Address:
    """Return an address with what its page reads of the query, and no more."""
    query = {name: address.query[name] for name in query_names(address) if address.query.get(name)}
    return Address(address.language, address.page, address.key, query)
