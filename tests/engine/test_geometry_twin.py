"""Rules of places that stills and live pictures follow: Python's and the scripts' are the same."""

import random
from collections import Counter

import numpy as np
import pytest

from softmax_temperature.drawing.labels import spread
from softmax_temperature.drawing.maps import name_places, tied_names
from softmax_temperature.drawing.stories import (
    PAD,
    cells_of,
    column_edges,
    column_marks,
    names_in,
    words_in,
)
from softmax_temperature.words import first_of_words

ENTRY = """
import { readFileSync } from "node:fs";
import { spread } from "./views/levels.js";
import { namePlaces, tiedNames } from "./views/map.js";
import { nearestStop, stopAt } from "./stops.js";
const jobs = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify({
  names: jobs.names.map((given) => namePlaces(...given)),
  tied: jobs.names.map(([ends, lengths, ...room]) =>
    tiedNames(ends, lengths, namePlaces(ends, lengths, ...room), ...room)),
  levels: jobs.levels.map(([heights, gap]) => spread(heights, gap)),
  stops: jobs.stops.map(([stops, T]) => {
    const position = nearestStop(stops, T ?? Infinity);
    return [position, stopAt(stops, position)];
  }),
}));
"""


def test_places_are_the_same_for_stills_and_live_pictures(answers_of):
    rng = random.Random(20)
    names = []
    for _ in range(200):
        count, rows = rng.randint(1, 8), []
        for _ in range(rng.randint(20, 60)):
            inner = sorted(rng.choice([rng.random(), 0.3]) for _ in range(count - 1))
            rows.append([0, *inner, 1])
        if rng.random() < 0.5:
            # As in a map, where borders fall.
            rows = np.sort(np.array(rows), axis=0)[::-1].tolist()
        lengths = [rng.uniform(5, 90) for _ in range(count)]
        names.append([rows, lengths, rng.uniform(100, 400), rng.uniform(60, 300), 11])
    levels = []
    for _ in range(500):
        heights = [rng.choice([rng.random() ** 4, 0.25, 0]) for _ in range(rng.randint(1, 12))]
        levels.append([heights, rng.choice([0.02, 0.05, 0.1])])
    stops = []
    for _ in range(2000):
        first, step, count = rng.choice([0, 0.5]), rng.choice([0.01, 0.05, 1 / 3]), 41
        asked = rng.choice([rng.uniform(0, 4), first + step * rng.randrange(count), None])
        stops.append([{"first": first, "step": step, "count": count}, asked])
    seen = answers_of(ENTRY, {"names": names, "levels": levels, "stops": stops})
    for (rows, lengths, across, up, _), found in zip(names, seen["names"], strict=True):
        expected = name_places(np.array(rows), lengths, across, up)
        assert [place is None for place in found] == [place is None for place in expected]
        for one, other in zip(found, expected, strict=True):
            assert one is None or one == pytest.approx(other, abs=1e-12)
    assert any(place for found in seen["names"] for place in found)
    for (rows, lengths, across, up, _), found in zip(names, seen["tied"], strict=True):
        placed = name_places(np.array(rows), lengths, across, up)
        expected = tied_names(np.array(rows), lengths, placed, across, up)
        assert [row[0] for row in found] == [row[0] for row in expected]
        for one, other in zip(found, expected, strict=True):
            assert one == pytest.approx(other, abs=1e-12)
    assert any(seen["tied"])
    for (heights, gap), found in zip(levels, seen["levels"], strict=True):
        np.testing.assert_allclose(found, spread(heights, gap), rtol=0, atol=1e-12)
    for (given, asked), (position, stop) in zip(stops, seen["stops"], strict=True):
        all_stops = given["first"] + given["step"] * np.arange(given["count"])
        far = abs(all_stops - min(np.inf if asked is None else asked, all_stops[-1]))
        # Halfway between two stops either will do.
        assert far[position] <= far.min() + 1e-9
        assert stop == pytest.approx(all_stops[position], abs=1e-9)


STORIES = """
import { readFileSync } from "node:fs";
import { cellsOf, columnEdges, columnMarks, namesIn, wordsIn } from "./views/stories.js";
const jobs = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(jobs.map((job) => {
  const { rows, pieces, words, count, width, widest, room, line, pad } = job;
  const edges = columnEdges(count, width, widest);
  const cells = cellsOf(rows);
  const texts = pieces.map((own, i) => ({ pieces: own, words: words[i] }));
  const found = wordsIn(cells, texts);
  const names = namesIn(found, texts, edges, room, (text) => 6 * text.length, line, pad);
  return {
    edges,
    marks: columnMarks(edges),
    cells: cells.map(Object.values),
    words: found.map(Object.values),
    names: names.map(Object.values),
  };
})));
"""


def test_a_map_of_stories_is_the_same_in_stills_and_live_pictures(answers_of):
    rng = random.Random(23)
    pool = [" a", " the", "ir", "l", ".", "", "’", "s", " ↵", "\n", " 日本", "!?", "é"]
    jobs = []
    for _ in range(1_000):
        count, length = rng.randint(1, 12), rng.randint(1, 90)
        row = [rng.randrange(len(pool)) for _ in range(rng.randint(0, length))]
        rows = []
        for _ in range(count):
            if rng.random() < 0.5:
                start = rng.randint(0, len(row))
                row = row[:start] + [rng.randrange(len(pool)) for _ in range(length - start)]
            rows.append([] if rng.random() < 0.1 else row[: rng.choice([length, len(row) // 2])])
        pieces = [[pool[token] for token in row] for row in rows]
        jobs.append(
            {
                "rows": rows,
                "pieces": pieces,
                "words": [first_of_words(own) for own in pieces],
                "count": length,
                "width": rng.uniform(5, 2_000),
                "widest": rng.choice([20, 30, 44]),
                "room": [rng.uniform(0, 15) for _ in rows],
                "line": 11,
                "pad": PAD,
            }
        )
    ways = Counter()
    for job, seen in zip(jobs, answers_of(STORIES, jobs), strict=True):
        edges = column_edges(job["count"], job["width"], job["widest"])
        np.testing.assert_allclose(seen["edges"], edges, rtol=0, atol=1e-6)
        assert seen["marks"] == column_marks(edges)
        cells = cells_of(job["rows"])
        assert seen["cells"] == [list(cell) for cell in cells]
        found = words_in(cells, job["rows"], job["pieces"])
        assert seen["words"] == [[*word.cell, word.end] for word in found]
        given = (found, job["rows"], job["pieces"], edges, job["room"])
        names = names_in(*given, lambda text: 6 * len(text), 11)
        assert seen["names"] == [[*word.cell, word.end, *name] for word, *name in names]
        ways += Counter(name.upwards for name in names)
    assert min(ways[False], ways[True]) > 300
