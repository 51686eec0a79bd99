"""Make README's moving picture from the front door: a chat model's sentence from T = 0 to 2.

Run by hand, where Chromium is: ``python -m tools.movie notebooks/stories.gif``
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

from softmax_temperature.publishing.door import door
from tests.helpers import go_to
from tools.lab import chromium

# A frame for each tenth, and the same way back; milliseconds for each.
STOPS = [number / 10 for number in range(21)]
PAUSE, REST = 500, 1500


def main(path: str) -> None:
    """Take a picture of sentence and map at each temperature."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        file = Path(folder, "page.html")
        file.write_text(door(), encoding="utf-8")
        # Drawn at three quarters of its size, which leaves fewer shades than making it smaller.
        page = browser.new_page(viewport={"width": 1180, "height": 700}, device_scale_factor=0.75)
        page.goto(file.as_uri())
        page.wait_for_selector("#sentence .stories svg")
        page.mouse.move(0, 0)
        shots = [picture(page, stop) for stop in STOPS]
    # One palette for all, so that only what moves is stored.
    palette = shots[10].quantize(32)
    frames = [shot.quantize(palette=palette, dither=Image.Dither.NONE) for shot in shots]
    times = [REST, *[PAUSE] * (len(frames) - 2), REST, *[PAUSE] * (len(frames) - 2)]
    first, *others = [*frames, *frames[-2:0:-1]]
    first.save(path, save_all=True, append_images=others, duration=times, loop=0, optimize=True)


def picture(page, stop: float) -> Image.Image:
    """Show a temperature, and return what is on screen."""
    go_to(page, stop)
    area = {"x": 30, "y": 60, "width": 1120, "height": 605}
    return Image.open(io.BytesIO(page.screenshot(clip=area))).convert("RGB")


if __name__ == "__main__":
    main(*sys.argv[1:])
