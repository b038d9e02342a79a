"""The files of an assessment do not hang on how many threads computed them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys


def test_the_files_are_the_same_over_threads(tmp_path):
    digests = set()
    for threads in ("1", "8"):
        out = tmp_path / threads
        call = [sys.executable, "-m", "xinzhi", "assess", "china-provinces", "--out", str(out), "--json"]
        subprocess.run(call, check=True, capture_output=True, env={**os.environ, "POLARS_MAX_THREADS": threads})
        files = sorted(path for path in out.iterdir())
        assert {"report.html", "assessment.xlsx", "certificate.json"} <= {path.name for path in files}
        digests.add(tuple((path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files))
    assert len(digests) == 1
