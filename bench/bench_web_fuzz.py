"""The interface for programs under a fuzzer: whatever is asked by its description, no answer is a fault of the server.

Asks every address of ``/api/v1`` with values that its OpenAPI description allows and some that it does not
(schemathesis), in process, round after round until the time is over. Prints how many questions were asked, how they
were answered, and every question whose answer was a fault. Ends with 1 when there is one.

    python bench/bench_web_fuzz.py         # one minute
    python bench/bench_web_fuzz.py 600     # ten minutes
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import Any

import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode

from xinzhi.web import Store
from xinzhi.web.api import add_api

FAULT, PATIENCE, LONG = 500, 300, "/paths"  # the topic that takes longest is asked once a round


def main() -> int:
    """Ask until the time is over."""
    until = time.monotonic() + (float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
    app, store = FastAPI(), Store("china-provinces")
    add_api(app, store)
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    answers: Counter[int] = Counter()
    faults: dict[str, str] = {}
    addresses: set[str] = set()
    turn = 0
    while time.monotonic() < until:
        turn += 1
        for found in schema.get_all_operations():
            operation = found.ok()
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

                @settings(
                    max_examples=1 if LONG in operation.path else 4,
                    deadline=None,
                    database=None,
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                )
                @seed(turn)
                @given(case=operation.as_strategy(generation_mode=mode))
                def ask(case: Any) -> None:  # noqa: ANN401 - a case of the library
                    if time.monotonic() > until:
                        return
                    answer = case.call(timeout=PATIENCE)
                    addresses.add(case.path)
                    answers[answer.status_code] += 1
                    if answer.status_code == FAULT:
                        faults[f"{case.method} {case.path}"] = f"{case.query} {answer.text[:200]}"

                try:
                    ask()
                except Exception as error:  # noqa: BLE001 - what the library cannot make up, or a fault that came through
                    if "generate" not in str(error).lower() and "unsatisf" not in type(error).__name__.lower():
                        faults[operation.label] = f"{type(error).__name__}: {str(error)[:300]}"
    store.close()
    print(f"{sum(answers.values())} questions to {len(addresses)} addresses, {turn} rounds")
    print("answers:", ", ".join(f"{number} × {code}" for code, number in sorted(answers.items())))
    for place, what in faults.items():
        print(f"FAULT {place}: {what}")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
