"""How many of our own functions stand between a request and its study, and between the study and the bytes.

`python bench/hops.py` asks the application for an answer of the interface for programs and for a page, both computed
for the first time. *Down* are our frames that are open when the study begins: those of the request, then those of the
thread that computes. *Back* are our frames of that thread that are open when the answer becomes bytes. The framework,
the event loop and the standard library do not count.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType

from starlette.testclient import TestClient

import xinzhi
from xinzhi.studies import yardstick
from xinzhi.web import Store
from xinzhi.web.app import safe

OURS = str(Path(xinzhi.__file__).parent)
REQUESTS = {"api": "/api/v1/measure?region=520000", "page": "/en/topic/digital.html"}
STUDIES = {"measure", "digital"}
BYTES = {"as_json", "page_html"}
BOUNDS = {"down": 10, "back": 7}


def names(frame: FrameType | None) -> list[str]:
    """Return our functions that are open in a thread, the outermost first."""
    chain: list[str] = []
    while frame is not None:
        code: CodeType = frame.f_code
        if code.co_filename.startswith(OURS) and not code.co_name.startswith("<"):
            chain.append(f"{Path(code.co_filename).relative_to(OURS).with_suffix('')}.{code.co_name}")
        frame = frame.f_back
    return chain[::-1]


@dataclass
class Watch:
    """What a profiler sees: our open functions when work is handed over, when the study begins, when bytes are made."""

    request: list[str] = field(default_factory=list)
    down: list[str] = field(default_factory=list)
    back: list[str] = field(default_factory=list)

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        """Look at one event."""
        if event != "call" or not frame.f_code.co_filename.startswith(OURS):
            return
        name = frame.f_code.co_name
        if name == "_submit":
            self.request = names(frame.f_back)
        elif name in STUDIES and frame.f_code.co_filename == yardstick.__file__ and not self.down:
            self.down = [*self.request, *names(frame)]
        elif name in BYTES and self.down:
            self.back = names(frame)


def main() -> int:
    """Print the chain of both requests; 1 where a chain is longer than its bound."""
    too_long = 0
    for name, url in REQUESTS.items():
        store, watch = Store(), Watch()
        if name == "page":
            store.study("assess", briefs=True)  # what every page shows is there after the start
        threading.setprofile(watch)  # the loop and the workers are threads
        with TestClient(safe(store), base_url="http://localhost") as client:
            answer = client.get(url)
        threading.setprofile(None)  # type: ignore[arg-type] # which takes it off
        store.close()
        for way, chain in {"down": watch.down, "back": watch.back}.items():
            too_long += len(chain) > BOUNDS[way]
            print(f"{name} {answer.status_code} {way}: {len(chain)} (at most {BOUNDS[way]})")
            print("  " + " > ".join(chain))
    return int(too_long > 0)


if __name__ == "__main__":
    sys.exit(main())
