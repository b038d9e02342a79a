"""`xinzhi key`: a bureau makes, publishes, trusts and revokes keys; passwords never stand on the command line."""

from __future__ import annotations

import json
import re

import pytest
from called import called

pytest.importorskip("cryptography.hazmat.primitives.serialization")

OWNER = ("--owner-zh", "吉林省统计局", "--owner-en", "Statistics Bureau of Jilin")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XINZHI_LANG", "en")
    monkeypatch.setenv("XINZHI_KEY_PASSWORD", "a sentence as a password")
    return tmp_path


@pytest.fixture
def key_id():
    done = called("key", "new", "jilin", *OWNER, "--json")
    assert done.returncode == 0
    return json.loads(done.stdout)["key_id"]


def test_a_key_goes_into_a_list_and_out_again(key_id, here):
    assert called("key", "trust", "trusted.yaml", "jilin.yaml").returncode == 0
    shown = called("key", "show", "trusted.yaml", "--json")
    assert [(row["key_id"], row["state"]) for row in json.loads(shown.stdout)] == [(key_id, "valid")]
    done = called("key", "revoke", "trusted.yaml", key_id[:10], "--date", "2026-12-03", "--reason", "compromised")
    assert (done.returncode, key_id in done.stdout) == (0, True)
    for language, state in (("en", "compromised, entered on 2026-12-03"), ("zh", "已泄露（2026-12-03登记）")):
        assert state in called("key", "show", "trusted.yaml", "--lang", language).stdout
    assert {path.name for path in here.iterdir()} == {"jilin.pem", "jilin.yaml", "trusted.yaml"}


def test_a_key_file_is_shown_in_both_languages(key_id):
    for language, owner in (("en", "Statistics Bureau of Jilin"), ("zh", "吉林省统计局")):
        said = called("key", "show", "jilin.yaml", "--lang", language).stdout
        assert key_id in said
        assert owner in said


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("key", "new", "jilin", *OWNER), 3, "never overwritten"),
        (("key", "new", "x", "--owner-en", "x"), 2, "in Chinese and in English"),
        (("key", "new", "x", *OWNER, "--until", "soon"), 2, "'soon' is no day"),
        (("key", "new", "x", *OWNER, "--algorithm", "SM2-SM3"), 3, "Use Ed25519 for now"),
        (("key", "new", "x", *OWNER, "--password-file", "absent"), 3, "absent"),
        (("key", "show", "absent.yaml"), 3, "absent.yaml"),
        (("key", "show", "jilin.pem"), 3, "no Ed25519 public key"),
        (("key", "trust", "jilin.yaml", "jilin.yaml"), 3, "no list of trusted keys"),
        (("key", "revoke", "absent.yaml", "0123456789"), 3, "absent.yaml"),
        (("key", "sign", "absent.json", "--key", "jilin.pem"), 3, "absent.json"),
        (("key", "sign", "absent.json"), 2, "--key"),
        (("verify", "absent.json", "--data", "china-provinces", "--trust", "jilin.yaml"), 3, "no list of trusted keys"),
    ],
)
@pytest.mark.usefixtures("key_id")
def test_bad_input_is_named_and_nothing_written(here, words, code, said):
    before = {path.name: path.read_bytes() for path in here.iterdir()}
    done = called(*words)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
    chinese = called(*words, "--lang", "zh")
    assert re.search("[一-鿿]", chinese.stderr)
    assert {path.name: path.read_bytes() for path in here.iterdir()} == before


@pytest.mark.usefixtures("key_id")
def test_a_password_is_asked_for(here, monkeypatch):
    monkeypatch.setenv("XINZHI_KEY_PASSWORD", "another password")
    done = called("assess", "china-provinces", "--sign", "jilin.pem", "--out", "out")
    assert (done.returncode, "the password is wrong" in done.stderr) == (3, True)
    assert "another password" not in done.stderr
    monkeypatch.delenv("XINZHI_KEY_PASSWORD")
    done = called("assess", "china-provinces", "--sign", "jilin.pem", "--out", "out")
    assert (done.returncode, "XINZHI_KEY_PASSWORD" in done.stderr) == (3, True)
    (here / "empty.txt").write_bytes(b"\n")
    done = called("assess", "china-provinces", "--sign", "jilin.pem", "--password-file", "empty.txt", "--out", "out")
    assert (done.returncode, "is empty" in done.stderr) == (3, True)
    assert not (here / "out").exists()


def test_a_protocol_is_adopted_with_a_key_of_a_list(key_id, here):
    document = {"id": "jilin-2027", "version": "1", "status": "adopted", "extends": "xinzhi-cn-2026"}
    texts = {name: {"zh": "吉林", "en": "Jilin"} for name in ("title", "authority", "description")}
    (here / "rule.yaml").write_text(json.dumps({**document, **texts}), encoding="utf-8")
    act = ("--in-force", "2026-01-01", "--act", "吉统字9号", "--act-en", "Order 9")
    done = called("protocol", "sign", "rule.yaml", "--key", "jilin.pem", *act)
    assert (done.returncode, key_id in done.stdout) == (0, True)
    assert called("protocol", "sign", "rule.yaml", "--key", "jilin.pem", *act).returncode == 3
    assert "not told me to trust" in called("protocol", "show", "rule.yaml").stdout
    called("key", "trust", "trusted.yaml", "jilin.yaml")
    for language, said in (
        ("en", "adopted: Statistics Bureau of Jilin, Order 9"),
        ("zh", "已采用：吉林省统计局，吉统字9号"),
    ):
        assert said in called("protocol", "show", "rule.yaml", "--trust", "trusted.yaml", "--lang", language).stdout
    shown = json.loads(called("protocol", "show", "rule.yaml", "--trust", "trusted.yaml", "--json").stdout)
    assert (shown["state"], shown["adoption"]["signature"]["key_id"]) == ("adopted", key_id)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--key", "jilin.pem", "--in-force", "2026-01-01"), 2, "--act"),
        (("--key", "jilin.pem", "--in-force", "soon", "--act", "x"), 2, "'soon' is no day"),
        (("--key", "absent.pem", "--in-force", "2026-01-01", "--act", "x"), 3, "absent.pem"),
        (("--key", "jilin.pem", "--in-force", "2026-01-01", "--act", "x"), 3, "rule.yaml"),
    ],
)
@pytest.mark.usefixtures("key_id")
def test_what_cannot_be_adopted_is_named(words, code, said):
    done = called("protocol", "sign", "rule.yaml", *words)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
