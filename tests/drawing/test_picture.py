"""The instrument's picture as geometry: where its parts stand, in which colours, and how large."""

import base64
import math
import re
import xml.etree.ElementTree as ET
from io import BytesIO

import matplotlib.image
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.textpath import TextPath

from softmax_temperature import TemperatureExplorer, load_example
from softmax_temperature.drawing.parts import spread
from softmax_temperature.explorers.base import NARROW
from tests.helpers import RANKED, contrast, gpt2_shares, six, softmax

SVG = "{http://www.w3.org/2000/svg}"
# Of seaborn's palette "colorblind"; one colour a word, and greys for the others.
WORDS = ["#d55e00", "#0173b2", "#de8f05", "#029e73", "#cc78bc"]
WORDS += ["#56b4e9", "#ca9161", "#ece133", "#949494", "#fbafe4"]
OTHERS = "#949494"
STOPS = np.arange(201) / 100
KINDS = {
    "six": six,
    "bars": lambda: six(parts=("bars",)),
    "lying": lambda: six(orient="h"),
    "gpt2": lambda: TemperatureExplorer(
        load_example("gpt2-spaceship"), top=20, parts=("bars", "dice", "curves")
    ),
}


def colour_of(rank):
    return OTHERS if rank == 20 else WORDS[rank] if rank < 10 else "#808080"


class Drawing:
    """A layout of a picture: its numbers as Python gave them, and its SVG as elements."""

    def __init__(self, layout):
        self.layout = layout
        self.root = ET.fromstring(layout["svg"])
        self.named = {part.get("id"): part for part in self.root.iter() if part.get("id")}
        _, _, self.width, self.height = map(float, self.root.get("viewBox").split())

    def box(self, name):
        """Return left, top, right and bottom of a part's first path."""
        return box_of(self.named[name].find(f".//{SVG}path"))

    def colour(self, name, what="fill"):
        part = next(iter(self.named[name].iter(f"{SVG}use")), None)
        part = self.named[name].find(f".//{SVG}path") if part is None else part
        return re.search(rf"(?<!-){what}: ([^;]+)", part.get("style"))[1]

    def place(self, name):
        """Return where a marker or the text of a part stands."""
        (part,) = (p for p in self.named[name].iter() if p.get("x") and p.get("y"))
        return float(part.get("x")), float(part.get("y"))

    def frame(self, axes):
        return box_of(self.named[f"axes-{axes}"].find(f"{SVG}g/{SVG}path"))


def box_of(path):
    numbers = points_of(path)
    return [*numbers.min(axis=0), *numbers.max(axis=0)]


def points_of(path):
    return np.reshape([float(x) for x in re.findall(r"-?[\d.]+", path.get("d"))], (-1, 2))


@pytest.fixture(scope="module", params=[(k, n) for k in KINDS for n in (False, True)], ids=str)
def drawing(request):
    """Draw each kind of explorer, on a wide and on a narrow screen."""
    kind, narrow = request.param
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(NARROW, "1")
        (table,) = KINDS[kind]().children[2].data["tables"]
    drawn = Drawing(table["layouts"][narrow])
    drawn.kind, drawn.narrow = kind, narrow
    drawn.count = 21 if kind == "gpt2" else 6
    drawn.upright = kind in ("six", "bars")
    drawn.parts = ["bars"] if kind == "bars" else ["strip", "bars", "curves"]
    return drawn


def test_it_has_its_size_and_no_background(drawing):
    inches = {False: 7.6 if drawing.kind == "bars" else 10.6, True: 3.7}[drawing.narrow]
    spare = 0.5 if drawing.narrow else 0
    # Below a logarithmic axis there is a line for the key.
    height = 3 if drawing.count == 6 else 1 + 0.19 * (21 + spare) + 0.2
    if len(drawing.parts) > 1:
        height += 0.62 + (3 if drawing.narrow else 0)
    assert (drawing.width, drawing.height) == pytest.approx((72 * inches, 72 * height), abs=1e-3)
    assert drawing.layout["width"] == pytest.approx(96 * inches)
    hatches = drawing.root.iterfind(f".//{SVG}pattern//{SVG}*")
    for path in set(drawing.root.iter(f"{SVG}path")) - set(hatches):
        if "fill: #ffffff" in (path.get("style") or ""):
            left, _, right, _ = box_of(path)
            assert right - left < 30
    for name in drawing.parts:
        frame = drawing.named[f"axes-{name}"].find(f"{SVG}g/{SVG}path")
        assert frame.get("style") == "fill: none"


def test_its_parts_stand_apart_within_it(drawing):
    frames = [drawing.frame(name) for name in drawing.parts]
    for left, top, right, bottom in frames:
        assert 0 < left < right < drawing.width
        assert 0 < top < bottom < drawing.height
    if len(frames) > 1:
        strip, bars, curves = frames
        assert strip[3] + 20 < min(bars[1], curves[1])
        assert strip[2] - strip[0] == pytest.approx(drawing.width - 28.8, abs=0.01)
        if drawing.narrow:
            assert bars[3] + 60 < curves[1]
        else:
            assert bars[2] + 30 < curves[0]
            assert bars[1::2] == pytest.approx(curves[1::2])
            assert bars[2] - bars[0] == pytest.approx(curves[2] - curves[0], abs=0.01)
    for text in drawing.root.iterfind(f".//{SVG}text[@x]"):
        assert 0 < float(text.get("x")) <= drawing.width
        assert 0 < float(text.get("y")) < drawing.height


def test_what_moves_them_is_where_they_stand(drawing):
    left, top, right, bottom = drawing.frame("bars")
    bars = drawing.layout["bars"]
    ends = (bottom, top) if drawing.upright else (left, right)
    assert bars["upright"] == drawing.upright
    assert (bars["foot"], bars["end"]) == pytest.approx(ends, abs=2e-3)
    if not drawing.upright:
        longest = "50,237 tokens" if drawing.narrow else "all other 50,237 tokens"
        longest = longest if drawing.count == 21 else "experience"
        width = TextPath((0, 0), longest, size=10).get_extents().width
        assert left - width == pytest.approx(0.2 * 72, abs=2)
    for name in ("strip", "curves"):
        if name not in drawing.parts:
            assert drawing.layout[name] is None
            continue
        edges = [drawing.layout[name][side] for side in ("left", "top", "right", "bottom")]
        assert edges == pytest.approx(drawing.frame(name), abs=2e-3)


def test_bars_segments_and_outlines_have_their_places_and_colours(drawing):
    frame = drawing.frame("bars")
    along = [1, 3] if drawing.upright else [0, 2]
    across = [0, 2] if drawing.upright else [1, 3]
    sides = []
    for i in range(drawing.count):
        colour = colour_of(i)
        bar = drawing.box(f"bar-{i}")
        assert np.take(bar, along) == pytest.approx(np.take(frame, along), abs=2e-3)
        sides.append(np.take(bar, across))
        if i < 20:
            assert drawing.colour(f"bar-{i}") == colour
        outline = drawing.box(f"outline-{i}")
        assert np.take(outline, across) == pytest.approx(sides[-1], abs=2e-3)
        # Full as the bars are, since the browser moves both.
        assert np.take(outline, along) == pytest.approx(np.take(frame, along), abs=2e-3)
        assert drawing.colour(f"outline-{i}", "stroke") == "#767676"
        if len(drawing.parts) > 1:
            assert drawing.colour(f"segment-{i}") == colour
            assert drawing.box(f"segment-{i}") == pytest.approx(drawing.frame("strip"), abs=2e-3)
    # Each bar takes four fifths of its room, and that of all others comes first.
    order = [20, *range(20)] if drawing.count == 21 else range(6)
    stand = [sides[i] for i in order]
    room = stand[2][0] - stand[1][0]
    assert all(end - start == pytest.approx(0.8 * room, abs=5e-3) for start, end in stand)
    wider = 1.5 if drawing.count == 21 and drawing.narrow else 1
    steps = np.diff([start for start, _ in stand])
    assert steps == pytest.approx([wider * room, *[room] * (drawing.count - 2)], abs=5e-3)


def test_each_mark_of_counted_draws_stands_on_its_bar(drawing):
    frame = drawing.frame("bars")
    for i in range(drawing.count):
        x, y = drawing.place(f"mark-{i}")
        left, top, right, bottom = drawing.box(f"bar-{i}")
        end = (y, frame[1]) if drawing.upright else (x, frame[2])
        assert end[0] == pytest.approx(end[1], abs=2e-3)
        middle = x - (left + right) / 2 if drawing.upright else y - (top + bottom) / 2
        assert middle == pytest.approx(0, abs=2e-3)
        assert drawing.colour(f"mark-{i}") == "#ffffff"


def test_curves_are_the_shares_at_every_stop(drawing):
    if "curves" not in drawing.parts:
        return
    left, top, right, bottom = drawing.frame("curves")
    columns = [0, 1, 2, 3, 4, 20] if drawing.count == 21 else list(range(6))
    assert drawing.layout["curves"]["columns"] == columns
    ends = [drawing.layout["curves"][name] for name in ("first", "last")]
    assert ends == [0, 2]
    rows = [gpt2_shares(t) if drawing.count == 21 else softmax(RANKED, t) for t in STOPS]
    group = drawing.named["axes-curves"]
    coloured = re.compile(f"fill: none; stroke(-dasharray: .*)?: .*({'|'.join(WORDS)})")
    lines = [path for path in group.iter(f"{SVG}path") if coloured.match(path.get("style"))]
    assert len(lines) == len(columns)
    for line, column in zip(lines, columns, strict=True):
        points = points_of(line)
        stops = (points[:, 0] - left) / (right - left) * 2
        exact = np.interp(stops, STOPS, [row[column] for row in rows])
        assert (bottom - points[:, 1]) / (bottom - top) == pytest.approx(exact, abs=5e-3)
        colour = colour_of(column)
        assert f"stroke: {colour}" in line.get("style")
        assert ("dasharray" in line.get("style")) == (column == 20)
    for position, column in enumerate(columns):
        at = drawing.place(f"dot-{position}")
        # As at the first stop, from where it is moved, and each share at its end.
        assert at == pytest.approx((left, top), abs=2e-3)
        colour = colour_of(column)
        assert drawing.colour(f"dot-{position}") == colour
        x, y = drawing.place(f"dotname-{position}")
        assert x == pytest.approx(left + 7, abs=2e-3)
        assert abs(y - top) < 6
    cursor = drawing.box("cursor")
    assert cursor == pytest.approx([left, top, left, bottom], abs=2e-3)
    ticks = [text for text in group.iter(f"{SVG}text") if "text-anchor: end" in text.get("style")]
    # Beside upright bars, the bars' own axis is that of the curves.
    assert bool(ticks) == (drawing.narrow or not drawing.upright)


def test_names_beside_dots_stay_in_order_apart_and_where_their_dots_are(drawing):
    if "curves" not in drawing.parts:
        return
    curves = drawing.layout["curves"]
    _, top, _, bottom = drawing.frame("curves")
    assert curves["line"] == 11
    for stop in STOPS:
        shares = gpt2_shares(stop) if drawing.count == 21 else softmax(RANKED, stop)
        heights = np.array([shares[column] for column in curves["columns"]]) * (bottom - top)
        row = np.array(spread(heights, 11))
        # Of equal ones, the first stands highest.
        order = np.lexsort((-np.arange(len(heights)), heights))
        gaps = np.diff(row[order])
        assert gaps.min() > 11 - 1e-9
        free = np.diff(np.sort(heights))
        for place in range(len(order)):
            alone = all(gap > 70 for gap in free[max(place - 1, 0) : place + 1])
            if alone:
                assert row[order[place]] == pytest.approx(heights[order[place]], abs=1e-9)
        # A group's middle is that of its dots, but for one that stands on the axis.
        if row.min() > 0:
            assert row.mean() == pytest.approx(heights.mean(), abs=1e-9)


def test_peaks_are_marked_where_a_fine_grid_has_them(drawing):
    if "curves" not in drawing.parts:
        return
    left, top, right, bottom = drawing.frame("curves")
    marks = sorted(name for name in drawing.named if re.fullmatch(r"peak-\d+", name))
    fine = np.linspace(0.01, 1.99, 397)
    if drawing.count == 6:
        rows = np.array([softmax(RANKED, t) for t in fine])
    else:
        rows = np.array([gpt2_shares(t)[:5] for t in fine])
    best = rows.argmax(axis=0)
    inner = [i for i in range(rows.shape[1]) if 0 < best[i] < 396]
    assert len(marks) == len(inner)
    for mark, i in zip(marks, inner, strict=True):
        x, y = drawing.place(mark)
        assert (x - left) / (right - left) * 2 == pytest.approx(fine[best[i]], abs=0.006)
        assert (bottom - y) / (bottom - top) == pytest.approx(rows[:, i].max(), abs=1e-4)
        assert drawing.colour(mark) == "#767676"
    names = sorted(name for name in drawing.named if name.startswith("peakname-"))
    assert len(names) == len(drawing.layout["curves"]["peaks"]) >= 1
    for name, (x0, x1, y) in zip(names, drawing.layout["curves"]["peaks"], strict=True):
        (text,) = drawing.named[name].iter(f"{SVG}text")
        assert re.fullmatch(r"peak at T = \d\.\d\d", text.text)
        assert x0 < float(text.get("x")) < x1
        assert y < float(text.get("y")) < y + 11
        assert x1 - x0 == pytest.approx(5 * len(text.text), rel=0.2)


def test_the_strip_has_names_in_its_middle_a_scale_and_the_dice(drawing):
    if "strip" not in drawing.parts:
        assert not any(name.startswith(("segment", "dice")) for name in drawing.named)
        return
    left, top, right, bottom = drawing.frame("strip")
    for i in range(drawing.count):
        (text,) = drawing.named[f"name-{i}"].iter(f"{SVG}text")
        assert float(text.get("x")) == pytest.approx((left + right) / 2, abs=2e-3)
        assert top < float(text.get("y")) < bottom
        assert "text-anchor: middle" in text.get("style")
        # Whichever of black and white can be read.
        paper = to_rgb(colour_of(i))
        ink = max(["#010101", "#ffffff"], key=lambda ink: contrast(to_rgb(ink), paper))
        assert contrast(to_rgb(ink), paper) >= 4.5
        assert f"fill: {ink}" in text.get("style")
    assert drawing.place("dice-mark")[0] == pytest.approx(right, abs=2e-3)
    assert drawing.place("dice-mark")[1] < top
    (text,) = drawing.named["dice-text"].iter(f"{SVG}text")
    assert text.text == "dice: 1.00"
    assert "text-anchor: middle" in text.get("style")
    assert float(text.get("x")) == pytest.approx(right, abs=2e-3)
    assert 0 < float(text.get("y")) < drawing.place("dice-mark")[1]
    ticks = [
        (float(text.get("x")), text.text)
        for text in drawing.named["axes-strip"].iter(f"{SVG}text")
        if float(text.get("y")) > bottom
    ]
    assert [text for _, text in ticks] == [f"{i / 10:.1f}" for i in range(11)]
    assert [x for x, _ in ticks] == pytest.approx(np.linspace(left, right, 11), abs=2e-3)


def test_titles_stand_in_the_middle_and_the_key_within_the_bars_or_below_their_axis(drawing):
    left, top, right, bottom = drawing.frame("bars")
    (title,) = drawing.named["title"].iter(f"{SVG}text")
    middle = (left + right) / 2
    if not drawing.upright:
        # However long the names are.
        middle = drawing.width * (0.5 if drawing.narrow or len(drawing.parts) == 1 else 0.27)
    assert float(title.get("x")) == pytest.approx(middle, abs=2e-3)
    assert "text-anchor: middle" in title.get("style")
    # Above it, a label of a full bar has room.
    assert top - float(title.get("y")) == pytest.approx(18 if drawing.upright else 6, abs=2)
    key = drawing.named["legend_1"]
    texts = list(key.iter(f"{SVG}text"))
    assert [text.text for text in texts] == ["outline: T = 1"]
    spare = 0.7 * 72 if drawing.narrow and not drawing.upright else 1
    for text in texts:
        width = TextPath((0, 0), text.text, size=8.33).get_extents().width
        assert left < float(text.get("x")) < float(text.get("x")) + width <= right + spare
        near = float(text.get("y")) - top if drawing.upright else bottom - float(text.get("y"))
        if drawing.count == 21:
            # Bars on a logarithmic axis are long: the key is in a line of its own.
            (axis,) = (
                other
                for other in drawing.named["axes-bars"].iter(f"{SVG}text")
                if other.text == "Probability, logarithmic"
            )
            near += 62
            assert float(text.get("y")) - float(axis.get("y")) > 10
        assert 0 < near < 50
    if "curves" in drawing.parts:
        left, top, right, _ = drawing.frame("curves")
        (title,) = (
            text
            for text in drawing.named["axes-curves"].iter(f"{SVG}text")
            if text.text == "The same shares at every temperature"
        )
        assert float(title.get("x")) == pytest.approx((left + right) / 2, abs=2e-3)
        assert top - float(title.get("y")) == pytest.approx(18 if drawing.upright else 6, abs=2)


def test_texts_are_real_and_of_two_sizes(drawing):
    sizes = {
        re.search(r"font(?:-size)?: ([\d.]+)px", text.get("style"))[1]
        for text in drawing.root.iter(f"{SVG}text")
    }
    assert sizes == {"8.33", "10"}
    assert not list(drawing.root.iter(f"{SVG}metadata"))
    # Each path is given in thousandths of a point at most, and nothing else is in the file.
    paths = " ".join(path.get("d") for path in drawing.root.iter(f"{SVG}path"))
    assert not re.search(r"\.\d{4}", paths)
    assert "<!--" not in drawing.layout["svg"]
    assert "\n" not in drawing.layout["svg"]


@pytest.mark.parametrize(("kind", "size"), [("six", (1017, 347)), ("bars", (729, 288))])
def test_the_still_picture_is_opaque_and_as_large(kind, size):
    explorer = KINDS[kind]()
    image = explorer._repr_mimebundle_()[0]["image/png"]
    pixels = matplotlib.image.imread(BytesIO(base64.b64decode(image)))
    assert pixels.shape[1::-1] == size
    assert (pixels[0] == 1).all()
    assert (pixels[..., 3] == 1).all()


@pytest.fixture(scope="module")
def explorer():
    """Give the usual kind: `tests/slow/test_pictures.py` has the others."""
    return KINDS["six"]()


def drawn_now(explorer, monkeypatch):
    """Return the figure of a still, which is not written, and its axes by their names."""
    figures = []
    monkeypatch.setattr(
        FigureCanvasAgg, "print_png", lambda canvas, *_, **options: figures.append(canvas.figure)
    )
    explorer._repr_mimebundle_()
    monkeypatch.undo()
    return figures[-1], {ax.get_gid().removeprefix("axes-"): ax for ax in figures[-1].axes}


@pytest.mark.parametrize("temperature", [0, 0.5, 1, 1.005, 1.5, 1.9, 2, 50, math.inf])
def test_no_text_leaves_a_still(explorer, temperature, monkeypatch):
    """From T = 1.9 on names beside the dots were once cut off."""
    explorer.temperature = temperature
    explorer.clear()
    explorer.draw()
    figure, axes = drawn_now(explorer, monkeypatch)
    figure.canvas.draw()
    width, height = figure.bbox.width, figure.bbox.height
    for ax in axes.values():
        for text in (*ax.texts, ax.title, *ax.get_xticklabels(), *ax.get_yticklabels()):
            if text.get_visible():
                box = text.get_window_extent()
                inside = box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height
                assert inside, text.get_text()


@pytest.mark.parametrize("temperature", [0, 0.123, 1, 2, 2.01, 50, math.inf])
def test_a_still_shows_its_moment(explorer, temperature, monkeypatch):
    explorer.temperature = temperature
    explorer.clear()
    _, axes = drawn_now(explorer, monkeypatch)
    assert "dice-mark" not in artists(axes)
    explorer.draw()
    _, axes = drawn_now(explorer, monkeypatch)
    there, bars = artists(axes), axes["bars"]
    many = "bar-20" in there
    if many:
        expected = np.full(21, 1 / 50_257)
        expected[-1] = 50_237 / 50_257
        expected = gpt2_shares(temperature) if temperature < math.inf else expected
    else:
        expected = softmax(RANKED, temperature)
    side = "width" if bars.get_xlabel() else "height"
    lengths = [getattr(there[f"bar-{i}"], f"get_{side}")() for i in range(len(expected))]
    np.testing.assert_allclose(lengths, expected, rtol=1e-4, atol=1e-37)
    if "strip" not in axes:
        return
    ends = [there[f"segment-{i}"].get_x() for i in range(1, len(expected))]
    np.testing.assert_allclose(ends, np.cumsum(expected)[:-1], rtol=1e-4)
    number = np.random.default_rng(21).random()
    assert there["dice-mark"].get_xdata() == [number]
    assert there["dice-text"].get_text() == f"dice: {number:.2f}"
    # Beyond the stops, curves have neither cursor nor dots.
    columns = [0, 1, 2, 3, 4, 20] if many else range(6)
    names = {name for name in there if re.match("cursor|dot", name)}
    if temperature > 2:
        assert names == set()
        return
    assert len(names) == 1 + 2 * len(columns)
    assert there["cursor"].get_xdata() == [temperature, temperature]
    for i, column in enumerate(columns):
        ((x,), (y,)) = there[f"dot-{i}"].get_data()
        assert (x, y) == (temperature, pytest.approx(expected[column], rel=1e-4, abs=1e-37))


def artists(axes):
    """Return what has an id."""
    found = [artist for ax in axes.values() for artist in ax.findobj()]
    return {artist.get_gid(): artist for artist in found if artist.get_gid()}
