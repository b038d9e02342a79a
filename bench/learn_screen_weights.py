"""Learn the weights of the screening that ship with xinzhi, and write them into the package.

Synthetic throughout: the split `train` of the generator gives the weights, the split `validation` the calibration. The
split `held_out` is not touched here; `bench/bench_screen.py` measures on it.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from xinzhi.risks.screening.facts import HERE
from xinzhi.risks.screening.training import prepare, train
from xinzhi.risks.screening.weights import to_document

HEAD = """\
# Weights of the evidence, LEARNED by bench/learn_screen_weights.py on synthetic projects; never edit them by hand.
# fields: probability of each level of agreement (from none to full) in each class of pairs. calibration: log-odds of
# follow-on and repackaged against new, on one, evidence for repackaged, evidence for follow-on, fields read.
"""


def main() -> None:
    """Write ``weights.yaml``."""
    weights = train(prepare("train"), prepare("validation"))
    path = Path(HERE / "weights.yaml")
    content = yaml.safe_dump(to_document(weights), sort_keys=False, width=120, default_flow_style=None)
    path.write_text(HEAD + content, encoding="utf-8")
    path_of = weights.agreement.log_posterior
    print(
        f"{weights.origin['pairs']:,} pairs, {len(path_of)} steps, log posterior {path_of[0]:.1f} to {path_of[-1]:.1f}"
    )
    print(f"calibrated on {weights.origin['calibrated_on']:,} projects; written to {path.name}")


if __name__ == "__main__":
    main()
