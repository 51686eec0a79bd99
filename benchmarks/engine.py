"""Measure the browser's engine over GPT-2's 50,257 logits, in the node that Playwright brings.

Run by hand, for about ten seconds: ``python -m benchmarks.engine``
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import playwright

import softmax_temperature
from softmax_temperature import load_example


def main() -> None:
    engine = Path(softmax_temperature.__file__).parent / "browser" / "engine"
    node = Path(playwright.__file__).parent / "driver" / "node"
    print("| 50,257 logits | fastest, ms | median, ms |")
    print("|---|--:|--:|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        logits = Path(folder) / "logits"
        logits.write_bytes(load_example("gpt2-spaceship").logits.astype("<f8").tobytes())
        script = Path(__file__).with_name("engine.mjs")
        subprocess.run([node, "--no-warnings", script, engine, logits], check=True)


if __name__ == "__main__":
    main()
