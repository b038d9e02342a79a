from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from dataclasses import replace

import polars as pl
import pytest

from xinzhi import load
from xinzhi.core.errors import ProtocolError, UsageError
from xinzhi.web import BusyError, Limits, Store
from xinzhi.web import store as store_module
from xinzhi.web.cache import Cache
from xinzhi.web.workers import Workers

LIMITS = Limits.load()


@pytest.fixture
def workers():
    made = Workers(replace(LIMITS, workers=2, waiting=2, seconds=0.2))
    yield made
    made.close()


def visit(workers, key, work, **how):
    """Ask from a thread of its own, as a visitor does."""
    return asyncio.run(workers.run(key, work, **how))


def visitors(number, workers, key, work, **how):
    """Ask one question by several visitors; return the threads, and the codes of refusals, which fill."""
    codes = []

    def ask():
        try:
            visit(workers, key, work, **how)
        except BusyError as error:
            codes.append(error.code)

    threads = [threading.Thread(target=ask) for _ in range(number)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    return threads, codes


def join(threads):
    for thread in threads:
        thread.join(5)


def test_the_same_question_is_one_study(store):
    first = store.study("measure")
    assert store.study("measure", "xinzhi-cn-2026") is first
    assert store.study("measure", region=None) is first
    assert store.study("measure", region="520000") is not first
    other = store.study("measure", "zhang-2004")
    assert other.results["measurement"].provenance.protocol == "zhang-2004"


def test_a_topic_without_a_protocol_is_asked_without_one(store):
    assert store.study("plan") is store.study("plan", "zhang-2004")


def test_the_study_is_that_of_python(store):
    import xinzhi

    mine, theirs = store.study("sources"), xinzhi.study("sources", "china-provinces")
    assert list(mine.results) == list(theirs.results)
    assert mine.results["sources"].frame.equals(theirs.results["sources"].frame)


def test_another_region_of_a_study_is_not_computed_anew(store):
    import xinzhi

    whole, one = store.study("measure"), store.study("measure", region="Guizhou")
    assert one.results is whole.results
    theirs = xinzhi.study("measure", "china-provinces", region="Guizhou")
    assert (one.name, one.region, one.notes) == (theirs.name, theirs.region, theirs.notes)
    assert one.more.keys() == theirs.more.keys()
    with pytest.raises(UsageError) as mine:
        store.study("measure", region="Atlantis")
    with pytest.raises(UsageError) as own:
        xinzhi.study("measure", "china-provinces", region="Atlantis")
    assert str(mine.value) == str(own.value)


def test_a_brief_from_what_is_shared_is_that_of_python(store):
    import xinzhi

    mine = store.study("brief", "zhang-2004", region="52")
    theirs = xinzhi.study("brief", "china-provinces", region="52", protocol="zhang-2004")
    assert mine.summary("zh") == theirs.summary("zh")
    assert mine.name == theirs.name == "brief"
    assert store.study("brief", "zhang-2004", region="22").region == "220000"


def test_a_section_is_made_once_and_shows_the_region_asked(store):
    study = store.study("measure")
    assert store.section(study) is store.section(study)
    assert store.section(study, region="520000") is not store.section(study, region="220000")


def test_regions_are_resolved_and_paths_are_no_protocols(store, tmp_path):
    assert store.region("52") == store.region("Guizhou") == "520000"
    path = tmp_path / "mine.yaml"
    path.write_text("id: mine\n", encoding="utf-8")
    for asked in (str(path), "../../etc/passwd", "xinzhi-cn-2026.yaml"):
        with pytest.raises((UsageError, ProtocolError), match="protocol"):
            store.protocol(asked)


def test_errors_reach_the_one_who_asks_and_are_not_kept(store):
    for _ in range(2):
        with pytest.raises(UsageError):
            store.study("measure", region="Atlantis")
    with pytest.raises(UsageError):
        store.study("no-such-topic")


def test_threads_that_ask_at_once_share_one_computation():
    cache, calls, gate, answers = Cache(10), [], threading.Event(), []

    def work():
        calls.append(1)
        gate.wait(5)
        return "answer"

    threads = [threading.Thread(target=lambda: answers.append(cache.compute("question", work))) for _ in range(8)]
    for thread in threads:
        thread.start()
    gate.set()
    join(threads)
    assert answers == ["answer"] * 8
    assert calls == [1]


def test_visitors_who_ask_at_once_share_one_computation():
    workers, calls, gate = Workers(replace(LIMITS, seconds=5)), [], threading.Event()
    threads, codes = visitors(3, workers, "question", lambda: calls.append(1) or gate.wait(5))
    gate.set()
    join(threads)
    assert (calls, codes) == ([1], [])
    workers.close()


def test_an_error_reaches_everybody_who_waits_and_is_not_kept():
    cache, gate, errors = Cache(10), threading.Event(), []

    def fail():
        gate.wait(5)
        raise ValueError("no")

    def ask():
        with pytest.raises(ValueError, match="no") as refused:
            cache.compute("question", fail)
        errors.append(refused.value)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    gate.set()
    join(threads)
    assert len(errors) == 3
    assert cache.compute("question", lambda: 5) == 5


def test_a_full_line_refuses_and_says_when_to_come_back(workers):
    gate = threading.Event()
    threads = [thread for number in range(4) for thread in visitors(1, workers, number, gate.wait)[0]]
    with pytest.raises(BusyError) as refused:
        visit(workers, "one more", gate.wait)
    assert refused.value.code == "web.busy"
    assert refused.value.retry == LIMITS.retry
    gate.set()
    join(threads)


def test_those_who_wait_are_bounded_for_an_answer_and_in_all():
    gate = threading.Event()
    workers = Workers(replace(LIMITS, waiters_per_answer=3, waiters=5, seconds=5))
    first, codes = visitors(6, workers, "slow", gate.wait)
    second, other_codes = visitors(6, workers, "other", gate.wait)
    assert (codes, other_codes) == (["web.busy"] * 3, ["web.busy"] * 4)
    gate.set()
    join([*first, *second])
    assert visit(workers, "slow", lambda: "answer") == "answer"
    workers.close()


def test_what_can_be_asked_without_end_leaves_a_worker_free_and_has_a_line_of_its_own():
    workers, gate = Workers(replace(LIMITS, workers=2, waiting=2, changed=2, seconds=5)), threading.Event()
    begun, threads = [], []

    def changed(number):
        return lambda: begun.append(number) or gate.wait()

    for number in range(3):  # one that is computed, two in the line
        threads += visitors(1, workers, number, changed(number), aside=True)[0]
    with pytest.raises(BusyError):
        visit(workers, 4, changed(4), aside=True)
    assert begun == [0]
    assert visit(workers, "a plain question", lambda: 5) == 5
    gate.set()
    join(threads)
    assert begun == [0, 1, 2]
    workers.close()


def test_protocols_of_visitors_do_not_drive_out_those_of_the_site(monkeypatch):
    store = Store("china-provinces", limits=replace(LIMITS, changed_studies=2))
    monkeypatch.setattr(store_module.studies, "study", lambda topic, *_, **__: topic)
    plain = store.study("measure") is not None
    own = [store.rules.replace({"capital.depreciation": 0.05 + n / 100}) for n in range(5)]
    for rules in own:
        store.study("measure", rules)
    kept = store._changed, store._studies  # noqa: SLF001 - what is kept shows nowhere else
    assert plain
    assert [len(one) for one in kept] == [2, 1]
    store.close()


def test_an_answer_that_came_too_late_is_there_for_the_next(workers):
    cache = Cache(10)
    with pytest.raises(BusyError) as refused:
        visit(workers, "slow", lambda: time.sleep(0.4) or "answer", answers=cache)
    assert refused.value.code == "web.slow"
    time.sleep(0.4)
    assert cache.get("slow") == "answer"


def test_no_more_is_computed_at_once_than_there_are_workers():
    workers, running, most = Workers(replace(LIMITS, workers=2, waiting=8, seconds=5)), [], []

    def work():
        running.append(1)
        most.append(len(running))
        time.sleep(0.05)
        running.pop()

    threads = [thread for number in range(4) for thread in visitors(1, workers, number, work)[0]]
    threads += visitors(1, workers, "aside", work, aside=True)[0]
    join(threads)
    assert max(most) <= 2
    workers.close()


def test_what_was_asked_last_is_kept_by_size():
    cache = Cache(10, len)
    for key in "abc":
        cache.compute(key, lambda: b"1234")
    assert (len(cache), cache.total) == (2, 8)
    assert cache.compute("b", pytest.fail) == b"1234"
    assert cache.compute("huge", lambda: b"1" * 11) == b"1" * 11
    assert cache.compute("b", pytest.fail) == b"1234"
    cache.compute("d", lambda: b"1234")
    assert cache.compute("b", pytest.fail) == b"1234"
    assert cache.compute("c", lambda: b"anew") == b"anew"


def test_what_a_visitor_brings_is_not_kept(store):
    frame = pl.DataFrame({"x": [1.0]})
    before = len(store._studies)  # noqa: SLF001 - what is kept shows nowhere else
    with pytest.raises(UsageError):
        store.study("claim", claims=frame, growth=0.1)
    assert len(store._studies) == before  # noqa: SLF001 - as above


def test_a_package_of_ones_own_is_served(country):
    store = Store(load(country()))
    assert store.regions == ["r0", "r1", "r2", "r3"]
    store.close()


def test_work_that_is_refused_is_never_begun():
    workers, gate, begun = Workers(replace(LIMITS, waiters=1, seconds=5)), threading.Event(), []
    threads, _ = visitors(1, workers, "first", gate.wait)
    with pytest.raises(BusyError):
        visit(workers, "second", lambda: begun.append(2))
    gate.set()
    for thread in threads:
        thread.join()
    assert visit(workers, "third", lambda: 3) == 3  # all threads have been idle since
    assert begun == []
    workers.close()


def test_every_place_in_a_line_is_given_back_after_errors_and_after_the_end():
    workers = Workers(replace(LIMITS, workers=1, waiting=1, seconds=5))
    for number in range(5):  # more than there are places
        with pytest.raises(ZeroDivisionError):
            visit(workers, number, lambda: 1 / 0)
    gate = threading.Event()
    threads, _ = visitors(1, workers, "runs", gate.wait)
    waiting, codes = visitors(1, workers, "waits", gate.wait)
    workers.close()  # what waits is dropped
    gate.set()
    for thread in (*threads, *waiting):
        thread.join(5)
    assert codes == ["web.busy"]
    assert [visit(workers, number, lambda: "again") for number in range(5)] == ["again"] * 5
    workers.close()


def test_work_that_runs_does_not_keep_the_process_from_ending():
    program = (
        "import asyncio, threading, time\n"
        "from xinzhi.web.workers import Limits, Workers\n"
        "workers = Workers(Limits.load())\n"
        "slow = lambda: asyncio.run(workers.run('slow', lambda: time.sleep(60)))\n"
        "threading.Thread(target=slow, daemon=True).start()\n"
        "time.sleep(0.5)\n"
        "workers.close()\n"
    )
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
    assert time.perf_counter() - begun < 20
