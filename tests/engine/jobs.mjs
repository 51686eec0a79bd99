// What the engine is asked, in node and in browsers alike, and what it answers, both as JSON. Floats
// travel as the bytes of float64 in base64, so that none is rounded.

export function jobsOf(engine, { pack, unpack }) {
  return {
    table({ logits, type, temperatures, chains, numbers, top }) {
      const { asStep, fallingOf, landings, sweep } = engine;
      const [values, stops, dice] = [logits, temperatures, numbers].map(unpack);
      const table = engine.prepare(values, engine.likeliest(values, top ?? undefined), type);
      const plain = sweep(table, stops);
      const near = [engine.softmax(values, stops[0]), ...plain.shares];
      const bits = [engine.entropies(table.all, stops)];
      const same = [table.order, ...plain.possible, ...landings(table.all, stops, dice)];
      for (const chain of chains) {
        const steps = chain.map(([name, text]) => asStep(name, unpack(text)[0]));
        const last = engine.runChain(table, steps);
        const all = fallingOf(last);
        const cut = sweep(engine.partsOf(last, table.own.length), [1]);
        near.push(cut.shares[0], [engine.massOf(last, table, stops[0])]);
        bits.push(engine.entropies(all, [1]));
        same.push(...engine.afterEach(table, steps).map(([, row]) => engine.masked(row)));
        const ranks = landings(all, [1], dice)[0];
        same.push(
          cut.possible[0],
          ranks.map((rank) => last.order[last.first + rank]),
        );
      }
      const [allNear, allBits, allSame] = [near, bits, same].map((rows) =>
        pack(rows.flatMap((row) => [...row])),
      );
      return { near: allNear, bits: allBits, same: allSame };
    },
    entropy: ({ probabilities }) =>
      pack([engine.entropy(unpack(probabilities)), engine.perplexity(unpack(probabilities))]),
    peaks: ({ logits, positions }) => pack(engine.peakTemperature(unpack(logits), positions)),
    random({ seed, count }) {
      const whole = (text) => (Array.isArray(text) ? text.map(BigInt) : BigInt(text));
      const [uniform, gumbel] = ["random", "gumbel"].map((name) =>
        pack(engine.defaultRng(whole(seed))[name](count)),
      );
      return { uniform, gumbel };
    },
    batch: ({ seed, count, batch }) => pack(engine.dice(seed, count, batch)),
    preset: ({ name, values }) => said(() => engine.preset(name, values)),
    step: ({ name, value, number }) =>
      said(() => engine.asStep(name, number ? unpack(number)[0] : value)),
    shift: ({ logits }) => said(() => pack(engine.shift(unpack(logits)))),
    short: ({ text, numbers }) =>
      numbers ? Array.from(unpack(numbers), (number) => engine.short(number)) : engine.short(text),
    general: ({ numbers, digits }) =>
      Array.from(unpack(numbers), (number) => engine.general(number, digits)),
  };
}

function said(ask) {
  try {
    return ask();
  } catch (error) {
    return `${error.name === "RangeError" ? "ValueError" : error.name}: ${error.message}`;
  }
}
