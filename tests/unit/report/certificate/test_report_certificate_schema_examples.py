from __future__ import annotations

from xinzhi.report.certificate.schema import canonical, layout


def test_canonical() -> None:
    assert canonical({"b": 0.1, "a": ["吉林", None]}).decode() == '{"a":["吉林",null],"b":0.1}'


def test_layout() -> None:
    assert str(layout({"a": {"b": [1, 2]}})) == '{\n "a": {\n  "b": [1,2]\n }\n}'
