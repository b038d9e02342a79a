from __future__ import annotations

import json
from functools import partial

import pytest

from xinzhi.core.errors import InputError
from xinzhi.report.certificate import verify as verify_all

verify = partial(verify_all, files=False)  # certificates that are forged here stand alone


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not valid JSON"),
        (b'{"format": "xinzhi-cert', "not valid JSON"),
        (b"\xff\xfe\x00", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"format": NaN}', "not valid JSON"),
        (b"[]", "no certificate of xinzhi"),
        (b'{"format": "another"}', "no certificate of xinzhi"),
        (b'{"format": "xinzhi-certificate"}', "has format None"),
        (
            b'{"format": "xinzhi-certificate", "format_version": "2.0"}',
            r"format 2\.0, which is newer.*newer xinzhi",
        ),
        (b'{"format": "xinzhi-certificate", "format_version": "one"}', "has format one"),
        (b'{"format": "xinzhi-certificate", "format_version": "1.0"}', "has format 1.0;.*Make it anew"),
        (b'{"format": "xinzhi-certificate", "format_version": "1.1"}', "has format 1.1;.*Make it anew"),
        (b'{"format": "xinzhi-certificate", "format_version": "1.2"}', "has format 1.2;.*Make it anew"),
        (b'{"format": "xinzhi-certificate", "format_version": 1.3}', "has format 1.3;.*Make it anew"),
        (b'{"format": "xinzhi-certificate", "format_version": "1.3"}', "damaged at"),
    ],
)
def test_no_certificate(package, tmp_path, content, message):
    path = tmp_path / "certificate.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        verify(path, package)
    assert caught.value.exit_code == 3


def test_no_file(package, tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        verify(tmp_path / "certificate.json", package)


def drop_digest(document):
    del document["tables"]["accounts"]["sha256"]


def spell_digits(document):
    document["results"]["digits"] = "ten"


def many_decimals(document):
    document["results"]["tables"]["growth"]["columns"][0]["decimals"] = 10**6


def empty_signature(document):
    document["signatures"] = [{}]


def text_in_a_row(document):
    document["results"]["tables"]["growth"]["rows"]["220000"]["2017"][0] = "1"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (drop_digest, r"tables\.accounts\.sha256"),
        (spell_digits, r"results\.digits"),
        (many_decimals, r"results\.tables\.growth\.columns\.0\.decimals"),
        (empty_signature, r"signatures\.0\.algorithm"),
        (text_in_a_row, r"results\.tables\.growth\.rows\.220000\.2017\.0"),
    ],
)
def test_a_damaged_certificate_names_the_place(certificate, package, forge, change, place):
    with pytest.raises(InputError, match=f"damaged at {place}"):
        verify(forge(certificate, change), package)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_sentence_in_both_languages(certificate, package, forge, language):
    def change(document):
        document["protocol"]["document"]["parameters"]["capital.depreciation"]["value"] = 0.1096

    result = verify(forge(certificate, change), package)
    sentences = [found.sentence(language) for found in (*result.differences, *result.notes)]
    assert all("{" not in text.replace("{region", "") for text in sentences)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in sentences[0]) == (language == "zh")
    assert str(len(result.differences)) in result.summary(language)
    assert json.loads(json.dumps(result.to_dict()))["equal"] is False
