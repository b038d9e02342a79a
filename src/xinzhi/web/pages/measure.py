"""The first of the figures: growth of TFP in the newest period; every other indicator and period is a link there."""

from __future__ import annotations

from xinzhi.web.address import Address
from xinzhi.web.page import Page
from xinzhi.web.pages.figures import FIRST, figure, keys
from xinzhi.web.store import Store


def page(store: Store, address: Address) -> Page:
    """Return the page of the first indicator in the newest period."""
    newest = [key for key in keys(store) if key.startswith(f"{FIRST}.")][-1]
    return figure(store, address, newest)
