// ScaleExplorer: how far dot products spread in wide vectors, and what softmax makes of it with and without √d.

/** The same as `scale_view` in Python, for one query. */
export function view({ dots, width, scaled }) {
  const scores = Array.from(dots, (dot) => dot / (scaled ? Math.sqrt(width) : 1));
  const largest = Math.max(...scores);
  const total = scores.reduce((sum, score) => sum + Math.exp(score - largest), 0);
  const logs = scores.map((score) => score - largest - Math.log(total));
  const shares = scores.map((score) => Math.exp(score - largest) / total);
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const squares = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0);
  return {
    scores,
    softmax: shares,
    spread: Math.sqrt(squares / (scores.length - 1)),
    winner: scores.indexOf(largest),
    share: Math.max(...shares),
    entropy: -shares.reduce((sum, share, place) => sum + share * logs[place], 0),
  };
}

/** The same as `ScaleExplorer.sentence` in Python. `average` is over `tries` tries. */
export function sentence({ dots, width, scaled, average, tries }) {
  const shown = view({ dots, width, scaled });
  const way = scaled ? `divided by √${width} = ${fixed(Math.sqrt(width), 2)}` : "not divided by √d";
  return (
    `Vectors ${width} wide, scores ${way}: these ten scores spread by ${fixed(shown.spread, 2)}. ` +
    `Key ${shown.winner + 1} wins with a share of ${fixed(shown.share, 2)}, and the entropy is ` +
    `${fixed(shown.entropy, 2)} of at most ${fixed(Math.log(dots.length), 2)}. Over ${tries} tries: ` +
    `spread ${fixed(average.spread, 2)}, winner ${fixed(average.share, 2)}, entropy ${fixed(average.entropy, 2)}.`
  );
}

/** The same as `score_limit` in Python. */
export function scoreLimit(scores) {
  const largest = Math.max(...scores.map(Math.abs));
  return [5, 10, 20, 50, 100, 200, 500].find((limit) => largest <= limit) ?? 500;
}

const STYLE_OF_SCALE = `
.atl-scale table { width: 100%; }
.atl-scale .under th, .atl-scale .under td { padding: 0.15rem 0.4rem; }
.atl-scale .keys { table-layout: fixed; }
.atl-scale .keys td, .atl-scale .keys th { padding: 0.1rem 0.4rem; border: none; }
.atl-scale .keys thead th:not(.figure) { text-align: left; }
.atl-scale .keys .name { width: 7em; }
.atl-scale .keys .figure { width: 5em; padding-right: 1em; }
.atl-scale .keys th, .atl-scale th[scope="row"] { white-space: nowrap; }
.atl-scale .keys th[scope="row"] span { visibility: hidden; }
.atl-scale .keys tr.winner th span { visibility: visible; }
.atl-scale .keys tr.winner td { font-weight: 650; }
.atl-scale .bar { position: relative; height: 16px; border: 1px solid var(--line); background: var(--panel); overflow: hidden; }
.atl-scale .bar i { position: absolute; top: 0; bottom: 0; left: 0; }
.atl-scale .score i { background: var(--one); }
.atl-scale .score b { position: absolute; top: 0; bottom: 0; left: 50%; border-left: 1px solid var(--ink); }
.atl-scale .share i { background: repeating-linear-gradient(45deg, var(--two) 0 5px, transparent 5px 9px); border-right: 2px solid var(--two); }
.atl-scale .ends { display: flex; justify-content: space-between; color: var(--soft); font-size: 12px; font-weight: 400; }
.atl-scale .under { display: grid; grid-template-columns: 1.25fr 1fr; gap: 1rem; align-items: center; margin-top: 0.4rem; }
.atl-scale .chosen { font-weight: 650; }
.atl-scale .plain-line { stroke: var(--two); stroke-width: 2.5; fill: none; stroke-dasharray: 7 4; }
.atl-scale .scaled-line { stroke: var(--one); stroke-width: 2.5; fill: none; }
.atl-scale .plain-mark { fill: var(--paper); stroke: var(--two); stroke-width: 2; }
.atl-scale .scaled-mark { fill: var(--one); }
.atl-scale .here { stroke: var(--ink); stroke-dasharray: 2 3; }
.atl-scale .ring { fill: none; stroke: var(--ink); stroke-width: 2.5; }
@container (max-width: 42rem) {
  .atl-scale .keys td, .atl-scale .keys th { padding: 0.1rem 0.2rem; }
  .atl-scale .keys .figure { width: 4.6em; padding-right: 0.6em; }
  .atl-scale .keys .name { width: 6.4em; }
  .atl-scale .under { grid-template-columns: 1fr; }
}
`;

function render({ model, el }) {
  const { widths, draws, tries, keys, dots: bytes, averages } = model.get("data");
  const dots = numbers(bytes, Float64Array);
  const most = fixed(Math.log(keys), 2);
  const { root, controls, stage, says, problem } = frame(
    el,
    "Why divide by √d",
    "One random query meets ten random keys. Move the width with the slider's arrow keys or the mouse, tick the box " +
      "to divide the scores by √d, and press the button for other vectors. The bars show one draw. The table " +
      `and the picture below them also have the average over ${tries} tries. The spread is the standard deviation of the scores.`,
  );
  root.classList.add("atl-scale");
  root.prepend(h("style", {}, STYLE_OF_SCALE));
  const state = shared(model, ["width", "scaled", "draw"], draw);

  const width = slider({
    label: "width d", min: 0, max: widths.length - 1, step: 1, value: widths.indexOf(state.values.width),
    show: (place) => String(widths[place]), oninput: (place) => state.change({ width: widths[place] }),
  });
  const scaled = tick({
    label: "divide by √d", value: state.values.scaled, oninput: (on) => state.change({ scaled: on }),
  });
  const which = h("span");
  const other = h("button", {
    type: "button", onclick: () => state.change({ draw: (state.values.draw % draws) + 1 }),
  }, "other vectors");
  controls.append(width.node, scaled.node, h("div", { class: "atl-field" }, other, which));

  const [low, high] = [h("span"), h("span")];
  const rows = Array.from({ length: keys }, (_, place) => {
    const cells = { score: h("i"), share: h("i"), scoreText: h("td", { class: "figure" }), shareText: h("td", { class: "figure" }) };
    const line = h("tr", {}, h("th", { scope: "row" }, `key ${place + 1} `, h("span", {}, "wins")),
      h("td", {}, h("div", { class: "bar score", "aria-hidden": "true" }, cells.score, h("b"))), cells.scoreText,
      h("td", {}, h("div", { class: "bar share", "aria-hidden": "true" }, cells.share)), cells.shareText);
    return { line, ...cells };
  });
  const way = h("span");
  const head = h("tr", {}, h("th", { scope: "col", class: "name" }, "key"), h("th", { scope: "col" }, way),
    h("th", { scope: "col", class: "figure" }, "score"), h("th", { scope: "col" }, "softmax"),
    h("th", { scope: "col", class: "figure" }, "share"));
  const ends = h("tr", { "aria-hidden": "true" }, h("td"),
    h("td", {}, h("div", { class: "ends" }, low, h("span", {}, "0"), high)), h("td"),
    h("td", {}, h("div", { class: "ends" }, h("span", {}, "0"), h("span", {}, "0.5"), h("span", {}, "1"))), h("td"));
  const table = h("table", { class: "keys" }, h("thead", {}, head), h("tbody", {}, rows.map((row) => row.line)), h("tfoot", {}, ends));

  const measures = [["spread", "spread of the scores"], ["share", "winner's share"], ["entropy", `entropy (at most ${most})`]]
    .map(([name, text]) => {
      const cells = [h("td"), h("td"), h("td")];
      return { name, cells, line: h("tr", {}, h("th", { scope: "row" }, text), cells) };
    });
  const columns = ["these ten", `${tries} tries, as they are`, `${tries} tries, divided by √d`].map((text) => h("th", { scope: "col" }, text));
  const summary = h("table", {}, h("thead", {}, h("tr", {}, h("td"), columns)), h("tbody", {}, measures.map((row) => row.line)));

  const trend = drawTrend(widths, averages, tries);
  stage.append(table, h("div", { class: "under" }, summary, trend.node));

  function draw() {
    const { width: d, scaled: divided, draw: number } = state.values;
    const place = widths.indexOf(d);
    const start = (place * draws + number - 1) * keys;
    const ten = dots.subarray(start, start + keys);
    const shown = view({ dots: ten, width: d, scaled: divided });
    const limit = scoreLimit(shown.scores);
    rows.forEach((row, key) => {
      const reach = (50 * shown.scores[key]) / limit;
      row.score.style.left = `${50 + Math.min(reach, 0)}%`;
      row.score.style.width = `${Math.abs(reach)}%`;
      row.share.style.width = `${100 * shown.softmax[key]}%`;
      row.share.hidden = shown.softmax[key] < 0.002; // its edge alone would be wider
      row.scoreText.textContent = fixed(shown.scores[key], 2);
      row.shareText.textContent = fixed(shown.softmax[key], 2);
      row.line.classList.toggle("winner", key === shown.winner);
    });
    way.textContent = divided ? `scores / √${d}` : "scores, as they are";
    low.textContent = String(-limit);
    high.textContent = String(limit);
    for (const { name, cells } of measures) {
      cells[0].textContent = fixed(shown[name], 2);
      cells[1].textContent = fixed(averages[place].plain[name], 2);
      cells[2].textContent = fixed(averages[place].scaled[name], 2);
      cells.forEach((cell, column) => cell.classList.toggle("chosen", column === (divided ? 2 : 1)));
    }
    width.put(place);
    scaled.put(divided);
    which.textContent = `draw ${number} of ${draws}`;
    trend.put(place, divided);
    says(sentence({ dots: ten, width: d, scaled: divided, average: averages[place][divided ? "scaled" : "plain"], tries }));
  }
  draw();
  const deaf = hearProblems(model, problem);
  return () => {
    state.forget();
    deaf();
  };
}

/** The winner's mean share at every width, with and without the division. Drawn once; `put` moves the ring. */
function drawTrend(widths, averages, tries) {
  const places = widths.map((_, place) => place);
  const trend = chart({
    name: "", width: 430, height: 200,
    x: { min: -0.3, max: widths.length - 0.7, label: "width d", ticks: places, show: (place) => String(widths[place]) },
    y: { min: 0, max: 1, label: `winner, ${tries} tries`, ticks: [0, 0.25, 0.5, 0.75, 1] },
  });
  const at = (way, place) => [trend.X(place), trend.Y(averages[place][way].share)];
  const guide = s("line", { class: "here", y1: trend.Y(0), y2: trend.Y(1) });
  const ring = s("circle", { class: "ring", r: 8 });
  trend.inside.append(
    guide,
    s("path", { class: "plain-line", d: through(places.map((place) => at("plain", place))) }),
    s("path", { class: "scaled-line", d: through(places.map((place) => at("scaled", place))) }),
    ...places.flatMap((place) => {
      const [x, y] = at("plain", place);
      const [x2, y2] = at("scaled", place);
      return [
        s("circle", { class: "plain-mark", cx: x, cy: y, r: 4 }),
        s("rect", { class: "scaled-mark", x: x2 - 4, y: y2 - 4, width: 8, height: 8 }),
      ];
    }),
    s("text", { x: trend.X(2.3), y: trend.Y(0.88), "text-anchor": "end" }, "as they are"),
    s("text", { x: trend.X(0), y: trend.Y(0.14) }, "divided by √d"),
    ring,
  );
  const put = (place, divided) => {
    const [x, y] = at(divided ? "scaled" : "plain", place);
    set(guide, { x1: x, x2: x });
    set(ring, { cx: x, cy: y });
    const { plain, scaled } = averages[place];
    trend.tell(
      `The winner's share over ${tries} tries against the width. As they are, it climbs from ` +
        `${fixed(averages[0].plain.share, 2)} to ${fixed(averages.at(-1).plain.share, 2)}; divided by √d it goes from ` +
        `${fixed(averages[0].scaled.share, 2)} to ${fixed(averages.at(-1).scaled.share, 2)}. ` +
        `At width ${widths[place]}: ${fixed(plain.share, 2)} and ${fixed(scaled.share, 2)}.`,
    );
  };
  return { node: trend.node, put };
}

export default { render };
