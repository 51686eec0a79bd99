/** The forward pass of a Llama model, from a token to the logits of the next, in float64. */

/**
 * The keys and values of a token: a few numbers for each layer, with which later ones look back.
 * @typedef {{ keys: Float64Array, values: Float64Array }} Seen
 */

/**
 * @typedef {Object} Transformer
 * @property {number} size The number of weights.
 * @property {number} context How many tokens it can see.
 * @property {(token: number, before: Seen[]) => { seen: Seen, logits: Float64Array }} forward
 */

/**
 * The weights of one layer; matrices have a row for each number that they make.
 * @typedef {Object} Layer
 * @property {Float64Array} attentionNorm
 * @property {Float64Array} queries
 * @property {Float64Array} keys
 * @property {Float64Array} values
 * @property {Float64Array} output
 * @property {Float64Array} feedForwardNorm
 * @property {Float64Array} gate
 * @property {Float64Array} down
 * @property {Float64Array} up
 */

/**
 * Read seven sizes and all weights, as the files of karpathy/llama2.c have them.
 *
 * H. Touvron and others, "Llama 2: open foundation and fine-tuned chat models", 2023.
 * arXiv:2307.09288
 * @param {Uint8Array} data
 * @returns {Transformer}
 */
export function transformerOf(data) {
  const aligned = data.slice().buffer;
  const [dim, hidden, layerCount, heads, kvHeads, tokens, context] = new Int32Array(aligned, 0, 7);
  const numbers = Float64Array.from(new Float32Array(aligned, 28));
  const headSize = dim / heads;
  const narrow = kvHeads * headSize;
  let start = 0;
  const take = (/** @type {number} */ count) => numbers.subarray(start, (start += count));
  const each = (/** @type {number} */ count) => Array.from({ length: layerCount }, () => take(count));
  const embedding = take(tokens * dim);
  const parts = {
    attentionNorm: each(dim),
    queries: each(dim * dim),
    keys: each(dim * narrow),
    values: each(dim * narrow),
    output: each(dim * dim),
    feedForwardNorm: each(dim),
    gate: each(dim * hidden),
    down: each(hidden * dim),
    up: each(dim * hidden),
  };
  /** @type {any[]} */
  const layers = parts.queries.map((_, i) =>
    Object.fromEntries(Object.entries(parts).map(([name, list]) => [name, list[i]])),
  );
  const lastNorm = take(dim);
  const size = start;

  /** @type {Transformer["forward"]} */
  function forward(token, before) {
    const seen = { keys: new Float64Array(layerCount * narrow), values: new Float64Array(layerCount * narrow) };
    const [turns, all] = [turnsAt(before.length, headSize), [...before, seen]];
    const x = embedding.slice(token * dim, (token + 1) * dim);
    layers.forEach((/** @type {Layer} */ layer, i) => {
      const place = i * narrow;
      let y = rmsNorm(x, layer.attentionNorm);
      const queries = rotate(product(layer.queries, y), turns);
      seen.keys.set(rotate(product(layer.keys, y), turns), place);
      seen.values.set(product(layer.values, y), place);
      add(x, product(layer.output, attention(queries, all, place, heads / kvHeads, headSize)));
      y = rmsNorm(x, layer.feedForwardNorm);
      add(x, product(layer.down, swiglu(product(layer.gate, y), product(layer.up, y))));
    });
    return { seen, logits: product(embedding, rmsNorm(x, lastNorm)) };
  }

  return { size, context, forward };
}

/**
 * Scale a vector to a root mean square of 1, then each of its numbers by a weight.
 *
 * B. Zhang and R. Sennrich, "Root mean square layer normalization", 2019. arXiv:1910.07467
 * @param {Float64Array} x
 * @param {Float64Array} weight
 */
function rmsNorm(x, weight) {
  let squares = 0;
  for (const number of x) squares += number * number;
  const root = Math.sqrt(squares / x.length + 1e-5);
  return x.map((number, i) => (number / root) * weight[i]);
}

/**
 * Return the cosines and sines of a position, one pair for each pair of numbers of a head.
 * @param {number} position
 * @param {number} headSize
 */
function turnsAt(position, headSize) {
  const turns = new Float64Array(headSize);
  for (let i = 0; i < headSize; i += 2) {
    const angle = position * 10_000 ** -(i / headSize);
    turns[i] = Math.cos(angle);
    turns[i + 1] = Math.sin(angle);
  }
  return turns;
}

/**
 * Turn pairs of numbers by angles that grow with the position: the rotary embedding, in place.
 *
 * A product of two such vectors depends on how far they are apart, and not on where they are.
 *
 * J. Su and others, "RoFormer: enhanced transformer with rotary position embedding", 2021.
 * arXiv:2104.09864
 * @param {Float64Array} x
 * @param {Float64Array} turns
 */
function rotate(x, turns) {
  for (let i = 0; i < x.length; i += 2) {
    const [a, b, cosine, sine] = [x[i], x[i + 1], turns[i % turns.length], turns[(i % turns.length) + 1]];
    x[i] = a * cosine - b * sine;
    x[i + 1] = a * sine + b * cosine;
  }
  return x;
}

/**
 * Look back at the tokens so far, most at those whose keys fit best.
 *
 * Each head returns the mean of the values, weighted by a softmax of the products of queries and
 * keys. Several heads of the queries share one of keys and values.
 *
 * J. Ainslie and others, "GQA: training generalized multi-query transformer models from multi-head
 * checkpoints", 2023. arXiv:2305.13245
 * @param {Float64Array} queries
 * @param {Seen[]} all
 * @param {number} place Where the numbers of this layer begin.
 * @param {number} sharing How many heads share keys and values.
 * @param {number} size Of a head.
 */
function attention(queries, all, place, sharing, size) {
  const [mixed, weights] = [new Float64Array(queries.length), new Float64Array(all.length)];
  for (let start = 0; start < queries.length; start += size) {
    const own = place + Math.floor(start / size / sharing) * size;
    let top = -Infinity;
    for (let j = 0; j < weights.length; j++) {
      const { keys } = all[j];
      let fit = 0;
      for (let i = 0; i < size; i++) fit += queries[start + i] * keys[own + i];
      weights[j] = fit / Math.sqrt(size);
      if (weights[j] > top) top = weights[j];
    }
    let total = 0;
    for (let j = 0; j < weights.length; j++) {
      const { values } = all[j];
      const weight = Math.exp(weights[j] - top);
      total += weight;
      for (let i = 0; i < size; i++) mixed[start + i] += weight * values[own + i];
    }
    for (let i = 0; i < size; i++) mixed[start + i] /= total;
  }
  return mixed;
}

/**
 * Let each number through as far as its gate is open, in place.
 *
 * N. Shazeer, "GLU variants improve transformer", 2020. arXiv:2002.05202
 * @param {Float64Array} gate
 * @param {Float64Array} up
 */
function swiglu(gate, up) {
  for (let i = 0; i < gate.length; i++) gate[i] = (gate[i] / (1 + Math.exp(-gate[i]))) * up[i];
  return gate;
}

/**
 * Multiply a matrix by a vector, four rows at once, since each sum waits for its last step.
 * @param {Float64Array} matrix Its number of rows is a multiple of four.
 * @param {Float64Array} x
 */
function product(matrix, x) {
  const width = x.length;
  const result = new Float64Array(matrix.length / width);
  for (let row = 0, at = 0; row < result.length; row += 4, at += 4 * width) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let i = 0; i < width; i++) {
      const number = x[i];
      a += matrix[at + i] * number;
      b += matrix[at + width + i] * number;
      c += matrix[at + 2 * width + i] * number;
      d += matrix[at + 3 * width + i] * number;
    }
    result[row] = a;
    result[row + 1] = b;
    result[row + 2] = c;
    result[row + 3] = d;
  }
  return result;
}

/**
 * @param {Float64Array} x
 * @param {Float64Array} change
 */
function add(x, change) {
  for (let i = 0; i < x.length; i++) x[i] += change[i];
}
