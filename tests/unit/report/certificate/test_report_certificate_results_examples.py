from __future__ import annotations

from xinzhi.report.certificate.results import digest_results


def test_digest_results() -> None:
    import xinzhi

    growth = digest_results(xinzhi.measure("china-provinces"), 10).tables["growth"]
    assert [column.decimals for column in growth.columns if column.name == "tfp_growth"] == [10]
