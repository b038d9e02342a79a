from __future__ import annotations

import threading
import time
from dataclasses import replace

import polars as pl
import pytest

from xinzhi import load
from xinzhi.core.errors import ProtocolError, UsageError
from xinzhi.web import BusyError, Limits, Store
from xinzhi.web import store as store_module
from xinzhi.web.queue import Kept, Queue

LIMITS = Limits.shipped()


@pytest.fixture
def queue():
    made = Queue(replace(LIMITS, workers=2, waiting=2, seconds=0.2))
    yield made
    made.close()


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


def test_asked_at_once_is_computed_once(queue):
    kept, calls, gate = Kept(queue, 10), [], threading.Event()

    def work():
        calls.append(1)
        gate.wait(5)
        return "answer"

    found = []
    asking = [threading.Thread(target=lambda: found.append(kept.get("question", work))) for _ in range(8)]
    for one in asking:
        one.start()
    gate.set()
    for one in asking:
        one.join()
    assert found == ["answer"] * 8
    assert calls == [1]


def test_a_full_line_refuses_and_says_when_to_come_back(queue):
    gate, kept = threading.Event(), Kept(queue, 10)

    def ask(n):
        with pytest.raises(BusyError):
            kept.get(n, gate.wait)

    asking = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for one in asking:
        one.start()
        time.sleep(0.01)
    with pytest.raises(BusyError) as refused:
        kept.get("one more", gate.wait)
    assert refused.value.code == "web.busy"
    assert refused.value.retry == LIMITS.retry
    for one in asking:
        one.join()
    gate.set()


def waiting(kept, key, gate, number, **how):
    """Ask one question by several threads; return how many are refused at once, and the threads that wait."""
    refused = []

    def ask():
        try:
            kept.get(key, gate.wait, **how)
        except BusyError as error:
            refused.append(error.code)

    asking = [threading.Thread(target=ask) for _ in range(number)]
    for one in asking:
        one.start()
    time.sleep(0.1)
    return refused.count("web.busy"), asking


def test_those_who_wait_are_bounded_for_an_answer_and_in_all():
    queue, gate = Queue(replace(LIMITS, each=3, held=5, seconds=5)), threading.Event()
    kept = Kept(queue, 10)
    first, one = waiting(kept, "slow", gate, 6)
    second, two = waiting(kept, "other", gate, 6)
    assert (first, second) == (3, 4)
    gate.set()
    for thread in [*one, *two]:
        thread.join(5)
    assert kept.get("slow", pytest.fail) is True
    assert kept.known("slow") is True
    assert kept.known("nothing") is None
    queue.close()


def test_what_can_be_asked_without_end_leaves_a_worker_free_and_has_a_line_of_its_own():
    queue, gate = Queue(replace(LIMITS, workers=2, waiting=2, changed=2, seconds=5)), threading.Event()
    kept, begun, threads = Kept(queue, 10), [], []

    def own(n):
        return lambda: begun.append(n) or gate.wait()

    for n in range(3):  # one that is computed, two in the line
        threads.append(threading.Thread(target=kept.get, args=(n, own(n)), kwargs={"aside": True}))
        threads[-1].start()
        time.sleep(0.05)
    with pytest.raises(BusyError):
        kept.get(4, own(4), aside=True)
    assert begun == [0]
    assert kept.get("a plain question", lambda: 5) == 5
    gate.set()
    for thread in threads:
        thread.join(5)
    assert begun == [0, 1, 2]
    queue.close()


def test_protocols_of_visitors_do_not_drive_out_those_of_the_site(monkeypatch):
    store = Store("china-provinces", limits=replace(LIMITS, own=2))
    monkeypatch.setattr(store_module.studies, "study", lambda topic, *_, **__: topic)
    plain = store.study("measure") is not None
    own = [store.rules.replace({"capital.depreciation": 0.05 + n / 100}) for n in range(5)]
    for rules in own:
        store.study("measure", rules)
    kept = store._own, store._studies  # noqa: SLF001 - what is kept shows nowhere else
    assert plain
    assert [len(one) for one in kept] == [2, 1]
    store.close()


def test_an_answer_that_came_too_late_is_there_for_the_next(queue):
    kept = Kept(queue, 10)
    with pytest.raises(BusyError) as refused:
        kept.get("slow", lambda: time.sleep(0.4) or "answer")
    assert refused.value.code == "web.slow"
    time.sleep(0.4)
    assert kept.get("slow", pytest.fail) == "answer"


def test_a_page_of_studies_asked_by_all_workers_comes_to_an_end(queue):
    """A worker that needs a study in the line computes it itself."""
    kept = Kept(queue, 10)

    def page(n):
        return lambda: kept.get("study", lambda: time.sleep(0.02) or 1) + n

    found = []
    asking = [threading.Thread(target=lambda n=n: found.append(kept.get(n, page(n)))) for n in range(3)]
    for one in asking:
        one.start()
    for one in asking:
        one.join(5)
    assert sorted(found) == [1, 2, 3]


def test_what_was_asked_last_is_kept_by_size(queue):
    kept = Kept(queue, 10, len)
    for key in "abc":
        kept.get(key, lambda: b"1234")
    assert (len(kept), kept.size) == (2, 8)
    assert kept.get("b", pytest.fail) == b"1234"
    assert kept.get("huge", lambda: b"1" * 11) == b"1" * 11
    assert kept.get("b", pytest.fail) == b"1234"
    kept.get("d", lambda: b"1234")
    assert kept.get("b", pytest.fail) == b"1234"
    assert kept.get("c", lambda: b"anew") == b"anew"


def test_what_a_visitor_brings_is_not_kept(store):
    frame = pl.DataFrame({"x": [1.0]})
    before = len(store._studies)  # noqa: SLF001 - what is kept shows nowhere else
    with pytest.raises(UsageError):
        store.study("claim", claims=frame, growth=0.1)
    assert store.once(lambda: 5) == 5
    assert len(store._studies) == before  # noqa: SLF001 - as above


def test_a_package_of_ones_own_is_served(country):
    store = Store(load(country()))
    assert store.regions == ["r0", "r1", "r2", "r3"]
    store.close()
