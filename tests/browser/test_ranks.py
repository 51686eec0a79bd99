"""The cuts of a sampler as lines in its picture: where they are, and how they are dragged."""

import math

import numpy as np
import pytest

from softmax_temperature import SamplerChain, SamplerExplorer, TokenTable, load_example
from softmax_temperature.drawing.ranks import rank_layout
from softmax_temperature.drawing.rules import COLOURS, cuts_of
from tests.helpers import axe_faults, comes_to, contrast, gpt2_logits, softmax

everywhere = pytest.mark.engines("chromium", "firefox", "webkit")
GPT2 = load_example("gpt2-spaceship")
SIX = load_example("wonderful-day")

SEEN = """
() => {
  const root = document.querySelector(".ranks svg, svg.rules");
  const view = root.viewBox.baseVal;
  const numbers = (path) => (path.getAttribute("d").match(/-?[\\d.]+/g) ?? []).map(Number);
  const paths = (name) => [...root.querySelectorAll(name)];
  return {
    view: [view.width, view.height],
    curve: paths(".curve:not(.kept, .before)").map((p) => p.getAttribute("d"))[0],
    kept: paths(".kept").map((p) => p.getAttribute("d"))[0],
    before: paths(".before").map((p) => p.getAttribute("d"))[0],
    areas: paths(".area").map((p) => p.getAttribute("d")),
    lines: paths(".rule").map((p) => [p.getAttribute("stroke"), p.getAttribute("d")]),
    dots: paths(".dot").map((p) => [Number(p.getAttribute("cx")), Number(p.getAttribute("cy"))]),
    labels: paths(".rulename:not(.sum)").map((p) => p.textContent),
    told: [...document.querySelectorAll(".hold[role=slider]")].map((hold) =>
      [hold.getAttribute("aria-label"), hold.getAttribute("aria-valuetext")]),
    title: document.querySelector(".softmax-temperature svg title").textContent,
  };
}
"""
# Texts that cover one another by more than a pixel, or leave the picture.
COVERED = """
() => {
  const isSeen = (text) => text.checkVisibility() && text.getBoundingClientRect().width;
  const texts = [...document.querySelectorAll(".pictures svg text")].filter(
    (text) => text.textContent.trim() && isSeen(text),
  );
  const boxes = texts.map((text) => text.getBoundingClientRect());
  const found = [];
  texts.forEach((text, i) => {
    if (boxes[i].right > document.documentElement.clientWidth + 1) found.push(text.textContent);
    // Slanted names have larger boxes than they are.
    if (text.closest("[id*=xtick]")) return;
    for (let j = 0; j < i; j++) {
      if (texts[j].closest("[id*=xtick]")) continue;
      const [one, other] = [boxes[i], boxes[j]];
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      // Boxes of lines are higher than what is written.
      if (across > 1 && down > 0.35 * Math.min(one.height, other.height))
        found.push([text.textContent, texts[j].textContent]);
    }
  });
  return found;
}
"""


def large(**options):
    return SamplerExplorer(GPT2, "top_p", 0.5, top=5, **options)


def points(path):
    """Return the corners of a path of M, L, H and V."""
    corners, x, y, text = [], 0.0, 0.0, path
    for letter in "MLHVZ":
        text = text.replace(letter, f" {letter} ")
    parts = text.split()
    place = 0
    while place < len(parts):
        letter = parts[place]
        if letter in "ML":
            x, y = float(parts[place + 1]), float(parts[place + 2])
            place += 3
        elif letter in "HV":
            value = float(parts[place + 1])
            x, y = (value, y) if letter == "H" else (x, value)
            place += 2
        else:
            place += 1
            continue
        corners.append((x, y))
    return corners


class Ground:
    """Where ranks and probabilities are in a rank chart, in points."""

    def __init__(self, table, narrow=False):
        layout = rank_layout(table, narrow)
        self.edges, self.ranks = layout["edges"], layout["ranks"]
        self.low, self.high = layout["powers"]

    def x(self, edge):
        first, last = np.log(self.ranks)
        width = self.edges["right"] - self.edges["left"]
        return self.edges["left"] + width * (math.log(edge) - first) / (last - first)

    def rank(self, x, count):
        """Return the rank of the token whose step is at a place."""
        first, last = np.log(self.ranks)
        width = self.edges["right"] - self.edges["left"]
        edge = math.exp(first + (x - self.edges["left"]) / width * (last - first))
        return min(max(math.floor(edge + 0.5), 1), count)

    def y(self, share):
        power = max(math.log10(share), self.low) if share else self.low
        height = self.edges["bottom"] - self.edges["top"]
        return self.edges["bottom"] - height * (power - self.low) / (self.high - self.low)


def gpt2(temperature):
    weights = np.exp((gpt2_logits() - gpt2_logits()[0]) / temperature)
    return weights / weights.sum()


def place_of(page, selector):
    """Return where a picture is on the page, and how many pixels a point of it has."""
    return page.evaluate(
        """selector => {
            const svg = document.querySelector(selector);
            const { left, top, width } = svg.getBoundingClientRect();
            return [left, top, width / svg.viewBox.baseVal.width];
        }""",
        selector,
    )


# A point is less than a pixel at any of the sizes at which the picture is shown.
NEAR = 0.75


def check_curve(path, shares, ground):
    """Compare a drawn curve with numpy's softmax, at every corner."""
    corners = points(path)
    assert 200 < len(corners) <= 400
    assert corners[0][0] == pytest.approx(ground.x(0.5), abs=NEAR)
    for x, y in corners:
        # The curve falls: less than a pixel aside it is not lower, or not higher.
        before, after = (ground.rank(x + aside, len(shares)) for aside in (-NEAR, NEAR))
        highest, lowest = (ground.y(shares[rank - 1]) for rank in (before, after))
        assert highest - NEAR <= y <= lowest + NEAR, (x, y)


CASES = [
    ("#T=1&min-p=0.05", "T = 1.00: 14 of 50,257 tokens are kept"),
    ("#T=2&top-p=0.9", "T = 2.00: 18,378 of 50,257 tokens are kept"),
    ("#top-k=40&top-p=0.95&min-p=0.05&T=0.8", "T = 0.80: 14 of 50,257 tokens are kept"),
    ("#T=2&epsilon-cutoff=0.0003&min-p=0.05&top-n-sigma=1", None),
    ("#typical-p=0.5&T=0.7&eta-cutoff=0.0003", "T = 0.70: 458 of 50,257 tokens are kept"),
]


@everywhere
def test_curves_lines_areas_and_counts_are_numpys(open_explorer):
    explorer = large()
    page = open_explorer(explorer, viewport={"width": 1280, "height": 900})
    ground = Ground(GPT2)
    for address, title in CASES:
        page.evaluate("address => { location.hash = address; }", address)
        comes_to(page, address)
        names = dict(part.split("=") for part in address[1:].split("&"))
        steps = [
            ("temperature" if name == "T" else name.replace("-", "_"), float(value))
            for name, value in names.items()
        ]
        steps = [(name, int(v) if name == "top_k" else v) for name, v in steps]
        explorer.chain = SamplerChain(steps)
        seen = page.evaluate(SEEN)
        warm = explorer.temperature
        check_curve(seen["curve"], gpt2(warm), ground)
        cuts = cuts_of(explorer.chain, GPT2)
        assert seen["title"] == (title or explorer._moment(explorer._bars()).title)
        assert seen["labels"] == [rule.text for rule in cuts.rules]
        lines = list(seen["lines"])
        for rule, (dot_x, dot_y) in zip(cuts.rules, seen["dots"], strict=True):
            shares = gpt2(rule.temperature)
            if rule.temperature != warm:
                check_curve(seen["before"], shares, ground)
            assert dot_x == pytest.approx(ground.x(rule.cross + 0.5), abs=NEAR)
            for level in rule.levels or [None]:
                colour, path = lines.pop(0)
                assert colour == COLOURS[rule.name]
                (x0, y0), (x1, y1) = points(path)
                if level is None:
                    assert x0 == x1 == pytest.approx(ground.x(rule.cross + 0.5), abs=NEAR)
                    assert abs(y1 - y0) == pytest.approx(
                        ground.edges["bottom"] - ground.edges["top"], abs=NEAR
                    )
                    assert dot_y == pytest.approx(ground.y(shares[rule.cross - 1]), abs=NEAR)
                else:
                    assert y0 == y1 == pytest.approx(ground.y(math.exp(level)), abs=NEAR)
                    assert (x0, x1) == pytest.approx(
                        (ground.edges["left"], ground.edges["right"]), abs=NEAR
                    )
            if rule.name == "min_p":
                # By its definition, whatever was cut before.
                expected = rule.value * shares[0]
                assert math.exp(rule.levels[0]) == pytest.approx(expected, rel=1e-6)
            if rule.name == "top_p":
                (area,) = [path for path in seen["areas"] if path.endswith("Z")]
                across = [x for x, _ in points(area)]
                assert min(across) == pytest.approx(ground.x(0.5), abs=NEAR)
                assert max(across) == pytest.approx(ground.x(rule.end + 0.5), abs=NEAR)
        assert lines == []
        left = [text for text in page.locator(".steps .left").all_text_contents() if text]
        assert left == [f"{rule.end - rule.first:,} left" for rule in cuts.rules]


@everywhere
def test_a_line_is_dragged_by_pointer_and_by_keys_and_the_address_keeps_it(open_explorer):
    page = open_explorer(
        large(), "#T=1&top-p=0.9&min-p=0.05&top-k=40", viewport={"width": 1280, "height": 900}
    )
    ground = Ground(GPT2)
    left, top, scale = place_of(page, ".ranks svg")

    def at(edge, share):
        return left + scale * ground.x(edge), top + scale * ground.y(share)

    def drag(start, end):
        page.mouse.move(*start)
        page.mouse.down()
        page.mouse.move(*[(one + other) / 2 for one, other in zip(start, end, strict=True)])
        page.mouse.move(*end)
        page.mouse.up()

    shares = gpt2(1)
    # Top-k, far below where other lines are.
    drag(at(40.5, 1e-8), at(200.5, 1e-8))
    told = dict(page.evaluate(SEEN)["told"])
    k = int(told["top-k, step 4"].split(" ")[0])
    assert k == pytest.approx(200, abs=3)
    # Min-p, by its level.
    drag(at(5000, 0.05 * shares[0]), at(5000, 0.2 * shares[0]))
    told = dict(page.evaluate(SEEN)["told"])
    value = float(told["min-p, step 3"].split(" ")[0])
    assert value == pytest.approx(0.2, rel=0.05)
    assert f"keeps {(shares >= value * shares[0]).sum()} of 2,323" in told["min-p, step 3"]
    # Top-p, by its edge: what it keeps is where it is dragged to.
    drag(at(2323.5, 1e-8), at(100.5, 1e-8))
    told = dict(page.evaluate(SEEN)["told"])
    value = float(told["top-p, step 2"].split(" ")[0])
    assert value == pytest.approx(shares[:100].sum(), abs=0.01)
    handle = page.locator(".hold[aria-label^='top-p']")
    handle.press("ArrowUp")
    handle.press("PageUp")
    now = round(value + 0.01 + 0.1, 6)
    page.locator(".hold[aria-label^='top-k']").press("ArrowRight")
    step = 1 if k < 100 else 10
    comes_to(
        page,
        f"#T=1&top-p={now:g}&min-p={float(told['min-p, step 3'].split(' ')[0]):g}&top-k={k + step}",
    )
    # The step's own field has the same value.
    field = page.locator(".steps [aria-label='top-p, its value']")
    assert field.evaluate("field => field.value") == f"{now:g}"
    handle.press("ArrowUp")
    handle.press("ArrowDown")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "min-p, step 3"


@everywhere
def test_bars_of_few_tokens_have_the_rules_on_them(open_explorer):
    explorer = SamplerExplorer(SIX, "top_p", 0.8)
    page = open_explorer(explorer, "#top-k=4&T=1.5&top-p=0.8&min-p=0.3")
    (layout, _) = explorer._data(True)["tables"][0]["layouts"]
    foot, end = layout["bars"]["foot"], layout["bars"]["end"]
    shares = softmax(sorted(SIX.logits, reverse=True), 1.5)

    def y(share):
        return foot + (end - foot) * share

    seen = page.evaluate(SEEN)
    assert seen["title"] == "T = 1.50: 2 of 6 tokens are kept"
    four = np.array(shares[:4]) / sum(shares[:4])
    sums = four.cumsum()
    kept = int((sums < 0.8).sum()) + 1
    assert seen["labels"][0] == "top-k 4 keeps 4 of 6"
    assert seen["labels"][1] == f"top-p 0.8 keeps {kept} of 4 ({100 * sums[kept - 1]:.2f} %)"
    assert seen["labels"][2].startswith("min-p 0.3 keeps 2 of ")
    k_line, p_line, min_line = [points(path) for _, path in seen["lines"]]
    assert k_line[0][0] == k_line[1][0]
    assert p_line[0][1] == p_line[1][1] == pytest.approx(y(0.8), abs=NEAR)
    assert min_line[0][1] == pytest.approx(y(0.3 * shares[0]), abs=NEAR)
    (running,) = [points(path) for path in seen["areas"]]
    assert [height for _, height in running[::2]] == pytest.approx([y(s) for s in sums], abs=NEAR)
    # The line of top-k is between the fourth bar and the fifth.
    middles = page.evaluate(
        """() => [3, 4].map((i) => {
            const { left, right } = document.querySelector(`[id$='-outline-${i}']`)
                .getBoundingClientRect();
            return (left + right) / 2;
        })"""
    )
    left, top, scale = place_of(page, "svg.rules")
    assert left + k_line[0][0] * scale == pytest.approx(sum(middles) / 2, abs=1.5)
    x = left + (p_line[0][0] + 20) * scale
    page.mouse.move(x, top + y(0.8) * scale)
    page.mouse.down()
    page.mouse.move(x, top + y(0.6) * scale)
    page.mouse.up()
    told = dict(page.evaluate(SEEN)["told"])
    assert float(told["top-p, step 3"].split(" ")[0]) == pytest.approx(0.6, abs=0.005)
    assert "cut" in page.locator("[id$='-label-5']").text_content()


STATES = [
    "#top-k=40&top-p=0.95&min-p=0.05&T=0.8",
    "#T=2&top-p=0.8&min-p=0.2&epsilon-cutoff=0.001",
    "#typical-p=0.5&T=0.3&eta-cutoff=0.01&top-k=3",
    "#T=inf&top-p=0.5&top-k=4",
    "#T=0&top-p=0.5&top-n-sigma=1",
]


@pytest.mark.parametrize("width", [1280, 768, 360])
@pytest.mark.parametrize("table", ["six", "gpt2"])
def test_no_text_covers_another(open_explorer, width, table):
    explorer = large() if table == "gpt2" else SamplerExplorer(SIX, "top_p", 0.8)
    page = open_explorer(explorer, viewport={"width": width, "height": 900})
    for state in STATES:
        page.evaluate("address => { location.hash = address; }", state)
        comes_to(page, state)
        assert page.evaluate(COVERED) == [], state
        assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_with_a_rank_chart_has_no_fault_that_axe_knows_and_readable_texts(
    open_explorer, scheme
):
    for explorer in (large(), SamplerExplorer(SIX, "top_p", 0.8)):
        page = open_explorer(explorer, "#top-k=4&T=1.5&top-p=0.8", color_scheme=scheme)
        assert axe_faults(page) == []
        inks = page.evaluate(
            """() => {
                const colour = (css) => css.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255);
                const root = document.querySelector(".softmax-temperature");
                const probe = document.body.appendChild(document.createElement("div"));
                probe.style.color = "Canvas";
                const paper = colour(getComputedStyle(probe).color);
                probe.remove();
                return [...root.querySelectorAll(".rulename, .curvename")].map((text) =>
                    [colour(getComputedStyle(text).fill), paper]);
            }"""
        )
        assert inks
        assert min(contrast(ink, paper) for ink, paper in inks) >= 4.5


def test_between_few_and_many_tokens_the_picture_changes(open_explorer):
    for count, chart in ((30, False), (31, True)):
        names = [f"t{i}" for i in range(count)]
        table = TokenTable(names, np.linspace(0, -5, count))
        page = open_explorer(SamplerExplorer(table, "top_k", 7))
        assert (page.locator(".ranks svg").count() == 1) is chart
        assert page.evaluate(SEEN)["labels"] == [f"top-k 7 keeps 7 of {count}"]


@pytest.mark.parametrize(
    ("example", "method", "knob"),
    [("wonderful-day", "typical_p", 0.3), ("gpt2-spaceship", "top_p", 0.9)],
)
def test_no_line_goes_through_the_label_of_a_rule(open_explorer, example, method, knob):
    """Once the second line of a band, and the own line of a long label, did."""
    table = load_example(example)
    options = {"top": 10} if len(table.tokens) > 100 else {}
    page = open_explorer(SamplerExplorer(table, method, knob, **options))
    labels, lines = page.evaluate(
        """() => ["text.rulename:not(.sum)", "path.rule"].map((name) =>
            [...document.querySelectorAll(name)].map((part) => {
                const { left, top, right, bottom } = part.getBoundingClientRect();
                return [left, top, right, bottom];
            }))"""
    )
    assert len(labels) == 1
    assert len(lines) == (2 if method == "typical_p" else 1)
    for left, top, right, bottom in labels:
        for x0, y0, x1, y1 in lines:
            assert x1 <= left or x0 >= right or y1 <= top or y0 >= bottom
