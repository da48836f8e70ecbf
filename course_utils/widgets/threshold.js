// ThresholdExplorer: real predictions, a threshold to move, and what it gains and costs.

const BARS = 20;
const LISTED = 8;

/** All that stays while the threshold moves, so that a move only looks places up: texts in the order of what the
 * threshold is compared with, and running counts of the matrix's cells in that order. */
function prepare({ probabilities, labels, classes, single, ask, positive }) {
  const n = labels.length;
  const score = new Float64Array(n);
  const winner = new Int32Array(n);
  for (let row = 0; row < n; row++) {
    let best = 0;
    for (let k = 1; k < classes; k++) {
      if (probabilities[row * classes + k] > probabilities[row * classes + best]) best = k;
    }
    winner[row] = best;
    score[row] = probabilities[row * classes + (ask === "abstain" ? best : positive)];
  }
  const order = Int32Array.from({ length: n }, (_, row) => row).sort((a, b) => score[a] - score[b] || a - b);
  const sorted = Float64Array.from(order, (row) => score[row]);
  // running[place] counts the cells of the texts before that place: by true class and likeliest class.
  const cells = classes * classes;
  const running = new Int32Array((n + 1) * cells);
  order.forEach((row, place) => {
    running.copyWithin((place + 1) * cells, place * cells, (place + 1) * cells);
    running[(place + 1) * cells + labels[row] * classes + winner[row]] += 1;
  });
  return { labels, classes, single, ask, positive, n, score, winner, order, sorted, running };
}

/** How many texts lie below the threshold. float32 probabilities are compared as NumPy does it, in float32. */
function below({ sorted, single }, threshold) {
  const limit = single ? Math.fround(threshold) : threshold;
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

function at(prepared, threshold, before) {
  const { labels, classes, ask, positive, n, winner, order, running } = prepared;
  const start = below(prepared, threshold);
  const cells = classes * classes;
  const cell = (place, row, column) => running[place * cells + row * classes + column];
  const rows = Array.from({ length: classes }, (_, row) => row);
  const truly = (place, row) => rows.reduce((sum, column) => sum + cell(place, row, column), 0);
  const matrix = rows.map((row) => rows.map((column) => {
    if (ask === "abstain") return cell(n, row, column) - cell(start, row, column);
    return column === positive ? truly(n, row) - truly(start, row) : truly(start, row);
  }));
  const left_out = rows.map((row) => (ask === "abstain" ? truly(start, row) : 0));
  const hits = rows.map((k) => matrix[k][k]);
  const actual = rows.map((k) => matrix[k].reduce((sum, count) => sum + count, 0));
  const called = rows.map((k) => matrix.reduce((sum, row) => sum + row[k], 0));
  const share = (part, whole) => (whole > 0 ? part / whole : 0);
  const answered = actual.reduce((sum, count) => sum + count, 0);
  const f1 = rows.map((k) => share(2 * hits[k], called[k] + actual[k]));
  const from = below(prepared, before);
  const changed = Array.from(order.subarray(Math.min(start, from), Math.max(start, from)));
  if (threshold > before) changed.reverse();
  const right = (row) => (ask === "abstain" ? winner[row] === labels[row] : labels[row] === positive);
  return {
    matrix, left_out, answered, coverage: answered / n,
    accuracy: share(hits.reduce((sum, count) => sum + count, 0), answered),
    macro_f1: f1.reduce((sum, value) => sum + value, 0) / classes,
    precision: rows.map((k) => share(hits[k], called[k])),
    recall: rows.map((k) => share(hits[k], actual[k])),
    f1, changed, changed_hits: changed.filter(right).length,
  };
}

function shapesOf({ labels, classes, ask, positive, n, score, winner, order, sorted }) {
  const low = ask === "abstain" ? 1 / classes : 0;
  const edges = Array.from({ length: BARS + 1 }, (_, k) => low + ((1 - low) * k) / BARS);
  const [first, second] = [new Array(BARS).fill(0), new Array(BARS).fill(0)];
  const isSecond = (row) => (ask === "abstain" ? winner[row] !== labels[row] : labels[row] === positive);
  for (let row = 0; row < n; row++) {
    let bar = 0;
    while (bar < BARS - 1 && edges[bar + 1] <= score[row]) bar++;
    (isSecond(row) ? second : first)[bar] += 1;
  }
  const [x, y] = [[], []];
  const seconds = second.reduce((sum, count) => sum + count, 0);
  let counted = 0;
  for (let place = n - 1; place >= 0; place--) {
    counted += isSecond(order[place]) ? 1 : 0;
    if (place > 0 && sorted[place - 1] === sorted[place]) continue;
    const reached = n - place;
    x.push(ask === "abstain" ? reached / n : counted / Math.max(seconds, 1));
    y.push(ask === "abstain" ? 1 - counted / reached : counted / reached);
  }
  return { edges, first, second, x, y };
}

/** The same as `threshold_view` in Python; probabilities are flat, row after row. */
export function view({ threshold, before, ...given }) {
  return at(prepare(given), threshold, before);
}

/** The same as `threshold_shapes` in Python. */
export function shapes(given) {
  return shapesOf(prepare(given));
}

/** The same as `ThresholdExplorer.sentence` in Python. */
export function sentence({ names, threshold, before, ...given }) {
  return say(names, prepare(given), threshold, before);
}

function say(names, prepared, threshold, before, shown = at(prepared, threshold, before)) {
  const { ask, positive, n } = prepared;
  const name = names[positive];
  let said;
  if (ask === "abstain") {
    said =
      `An answer where the largest probability is at least ${fixed(threshold, 2)}: ${shown.answered} of ${n} reviews, ` +
      `coverage ${fixed(shown.coverage, 3)}. Of the answers ${fixed(shown.accuracy, 3)} are right, ` +
      `macro F1 ${fixed(shown.macro_f1, 3)}.`;
  } else {
    const called = shown.matrix.reduce((sum, row) => sum + row[positive], 0);
    said =
      `Called ${name} where its probability is at least ${fixed(threshold, 2)}: ${called} of ${n} reviews. ` +
      `Precision ${fixed(shown.precision[positive], 3)}, recall ${fixed(shown.recall[positive], 3)}, ` +
      `F1 ${fixed(shown.f1[positive], 3)}. Coverage 1.000: each review is called one or the other. ` +
      `Of all reviews ${fixed(shown.accuracy, 3)} are right.`;
  }
  return said + undefinedOnes(names, shown) + changes(names, prepared, threshold, before, shown);
}

function undefinedOnes(names, { answered, matrix }) {
  if (!answered) return " Nothing is answered, so every figure but the coverage is 0 by convention.";
  return names.map((name, k) => {
    const called = matrix.some((row) => row[k] > 0);
    const actual = matrix[k].some((count) => count > 0);
    return (called ? "" : ` Nothing was called ${name}: its precision is 0 by convention.`) +
      (actual ? "" : ` No answered review is ${name}: its recall is 0 by convention.`);
  }).join("");
}

function changes(names, { ask, positive }, threshold, before, { changed, changed_hits: hits }) {
  if (before === threshold) return "";
  const what = changed.length ? `, ${sides(names, ask, positive, threshold > before)}; ` : "";
  const ofThem = ask === "abstain" ? `the model has ${hits} of them right` : `${hits} of them are ${names[positive]}`;
  return ` Changed side since ${fixed(before, 2)}: ${changed.length || "none"}${what && what + ofThem}.`;
}

function sides(names, ask, positive, stricter) {
  if (ask === "abstain") return stricter ? "answered before and left out now" : "left out before and answered now";
  const [name, other] = [names[positive], names[1 - positive]];
  return stricter ? `called ${name} before and ${other} now` : `called ${other} before and ${name} now`;
}

const THRESHOLD_STYLE = `
.atl-threshold .pair { display: grid; grid-template-columns: 3fr 2fr; gap: 0.25rem 1.25rem; align-items: start; }
.atl-threshold .pair > * { min-width: 0; }
.atl-threshold .caption { color: var(--soft); font-size: 13px; margin: 0.2rem 0; }
.atl-threshold .key { display: inline-flex; align-items: center; gap: 0.35rem; margin-right: 0.9rem; color: var(--ink); }
.atl-threshold .key svg { width: 18px; height: 14px; flex: none; }
.atl-threshold .histogram { cursor: ew-resize; touch-action: pan-y; }
.atl-threshold .first { fill: var(--one); stroke: var(--one); }
.atl-threshold .second { stroke: var(--two); stroke-width: 1.2; }
.atl-threshold .stripes { stroke: var(--two); stroke-width: 2.5; }
.atl-threshold .now { stroke: var(--ink); stroke-width: 2.5; }
.atl-threshold .then { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 4 4; }
.atl-threshold .moved { fill: var(--ink); fill-opacity: 0.12; }
.atl-threshold .curve { fill: none; stroke: var(--one); stroke-width: 2; }
.atl-threshold .point { fill: var(--paper); stroke: var(--ink); stroke-width: 2.5; }
.atl-threshold .headline { display: flex; flex-wrap: wrap; gap: 0.1rem 1.75rem; margin: 0.2rem 0 0.5rem; }
.atl-threshold .headline span { display: block; color: var(--soft); font-size: 13px; }
.atl-threshold .headline b { font-size: 20px; font-weight: 400; font-variant-numeric: tabular-nums; }
.atl-threshold .tables { display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; margin: 0.4rem 0; }
.atl-threshold caption { text-align: left; color: var(--soft); font-size: 13px; }
.atl-threshold td.hit { outline: 2px solid var(--line); outline-offset: -2px; font-weight: 650; }
.atl-threshold .atl-scroll { max-height: none; }
.atl-threshold .sides { border-top: 1px solid var(--line); margin-top: 0.5rem; padding-top: 0.4rem; }
.atl-threshold .listed { height: 17rem; overflow: auto; border: 1px solid var(--panel); padding: 0.2rem 0.5rem; }
.atl-threshold ol { list-style: none; margin: 0 0 0.3rem; padding: 0; }
.atl-threshold li { margin: 0 0 0.4rem; }
.atl-threshold li small { display: block; color: var(--soft); font-size: 13px; }
.atl-threshold li q { quotes: none; overflow-wrap: anywhere; }
@container (max-width: 42rem) {
  .atl-threshold .pair { grid-template-columns: 1fr; }
  .atl-threshold .narrow { max-width: 26rem; }
}
`;

function render({ model, el }) {
  const data = model.get("data");
  const { root, controls, stage, says, problem } = frame(
    el,
    "A threshold and what it costs",
    "Drag the line in the histogram, or move the slider with the arrow keys (Page Up and Page Down move it faster). " +
      "A probability that equals the threshold reaches it. A move begins when you press the mouse button or a key: the " +
      "dashed line stays where it began, and the reviews between the two lines are those that changed side.",
  );
  root.classList.add("atl-threshold");
  root.prepend(h("style", {}, THRESHOLD_STYLE));
  const deaf = hearProblems(model, problem);
  if (!data.labels) return deaf;

  const { names, positive, texts, single } = data;
  const classes = names.length;
  const given = {
    probabilities: numbers(data.probabilities, Float64Array), labels: numbers(data.labels, Int32Array),
    classes, single, positive,
  };
  const kept = {};
  const preparedFor = (ask) => {
    kept[ask] ??= prepare({ ...given, ask });
    kept[ask].shapes ??= shapesOf(kept[ask]);
    return kept[ask];
  };
  const state = shared(model, ["threshold", "before", "ask"], draw);
  let anchor = null;
  let drawnAsk = "";
  let page = 0;
  let pageOf = "";

  const begin = () => (anchor = state.values.threshold);
  const move = (threshold) => {
    if (threshold !== state.values.threshold) state.change({ threshold, before: anchor ?? state.values.threshold });
  };
  const bar = slider({
    label: "threshold", min: 0, max: 1, step: 0.01, value: state.values.threshold, show: (value) => fixed(value, 2), oninput: move,
  });
  set(bar.input, { onpointerdown: begin, onkeydown: (event) => event.repeat || begin() });
  const ask = choice({
    label: "what it decides", value: state.values.ask,
    options: [["abstain", "whether to answer at all"], ["cut-off", `${names[positive]} or ${names[1 - positive]}`]],
    oninput: (value) => state.change({ ask: value, before: state.values.threshold }),
  });
  controls.append(bar.node, ...(classes === 2 ? [ask.node] : []));

  const hatch = fresh("hatch");
  const stripes = s("pattern", { id: hatch, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    s("line", { x1: 0, x2: 0, y1: 0, y2: 6, class: "stripes" }));
  const swatch = (kind) => s("svg", { viewBox: "0 0 18 14", "aria-hidden": "true" },
    kind === "line" ? s("line", { x1: 9, x2: 9, y1: 0, y2: 14, class: "now" })
      : kind === "dashes" ? s("line", { x1: 9, x2: 9, y1: 0, y2: 14, class: "then" })
      : s("rect", { x: 1, y: 1, width: 16, height: 12, class: kind, ...(kind === "second" ? { fill: `url(#${hatch})` } : {}) }));
  const [firstName, secondName] = [h("span"), h("span")];
  const legend = h("p", { class: "caption" },
    h("span", { class: "key" }, swatch("first"), firstName), h("span", { class: "key" }, swatch("second"), secondName),
    h("span", { class: "key" }, swatch("line"), "threshold"), h("span", { class: "key" }, swatch("dashes"), "before the move"));
  const histogram = chart({ name: "histogram", width: 540, height: 240, x: { min: 0, max: 1, label: "" }, y: { min: 0, max: 1, label: "" } });
  histogram.node.classList.add("histogram");
  const bars = s("g");
  const moved = s("rect", { class: "moved" });
  const [then, now] = [s("line", { class: "then" }), s("line", { class: "now" })];
  histogram.inside.append(s("defs", {}, stripes), bars, moved, then, now);
  const curve = chart({ name: "curve", width: 360, height: 240, x: { min: 0, max: 1, label: "" }, y: { min: 0, max: 1, label: "" } });
  const line = s("path", { class: "curve" });
  const point = s("path", { class: "point" });
  curve.inside.append(line, point);
  const curveCaption = h("p", { class: "caption" });
  stage.append(h("div", { class: "pair" }, h("div", {}, legend, histogram.node), h("div", { class: "narrow" }, curveCaption, curve.node)));

  const figures = Array.from({ length: 5 }, () => ({ name: h("span"), value: h("b") }));
  const cells = names.map(() => names.map((_, k) => h("td")));
  names.forEach((_, k) => cells[k][k].classList.add("hit"));
  const out = names.map(() => h("td"));
  const outHead = h("th", { scope: "col" }, "left out");
  const matrixTable = h("table", {}, h("caption", {}, "Confusion matrix: true classes in rows"),
    h("thead", {}, h("tr", {}, h("td"), names.map((name) => h("th", { scope: "col" }, `called ${name}`)), outHead)),
    h("tbody", {}, names.map((name, row) => h("tr", {}, h("th", { scope: "row" }, `truly ${name}`), cells[row], out[row]))));
  const rates = names.map(() => [h("td"), h("td"), h("td")]);
  const ratesCaption = h("caption");
  const rateTable = h("table", {}, ratesCaption,
    h("thead", {}, h("tr", {}, h("td"), ["precision", "recall", "F1"].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, names.map((name, row) => h("tr", {}, h("th", { scope: "row" }, name), rates[row]))));
  // Many classes make wide tables, which scroll; what scrolls must be reached by keyboard.
  const roomy = (label, table) => (classes <= 3 ? h("div", {}, table) : h("div", { class: "atl-scroll", tabindex: "0", role: "region", "aria-label": label }, table));
  stage.append(h("div", { class: "headline" }, figures.map(({ name, value }) => h("div", {}, name, value))),
    h("div", { class: "tables" }, roomy("confusion matrix", matrixTable), roomy("figures of each class", rateTable)));

  const sidesHead = h("p", {});
  const items = Array.from({ length: LISTED }, () => {
    const [about, text] = [h("small"), h("q", { dir: "auto" })];
    return { about, text, node: h("li", { hidden: true }, about, text) };
  });
  const more = h("button", { type: "button", hidden: true, onclick: () => { page += 1; draw(); list.scrollTop = 0; } });
  // Of one height once there was something to list, so that the page does not jump at each move.
  const list = h("div", { class: "listed", tabindex: "0", role: "region", "aria-label": "reviews that changed side", hidden: true },
    h("ol", {}, items.map((item) => item.node)), more);
  stage.append(h("div", { class: "sides" }, sidesHead, list));

  const toThreshold = (event) => {
    const box = histogram.node.getBoundingClientRect();
    const x = ((event.clientX - box.left) * 540) / box.width;
    const low = preparedFor(state.values.ask).shapes.edges[0];
    const value = low + ((x - histogram.X(low)) / (histogram.X(1) - histogram.X(low))) * (1 - low);
    return Math.round(100 * Math.min(1, Math.max(low, value))) / 100;
  };
  set(histogram.node, {
    onpointerdown: (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      histogram.node.setPointerCapture(event.pointerId);
      begin();
      move(toThreshold(event));
    },
    onpointermove: (event) => histogram.node.hasPointerCapture(event.pointerId) && move(toThreshold(event)),
  });

  /** What changes only with the question that is asked. */
  function drawShapes(prepared) {
    const abstain = prepared.ask === "abstain";
    const { edges, first, second, x, y } = prepared.shapes;
    const most = Math.max(...first.map((count, k) => count + second[k]));
    firstName.textContent = abstain ? "right" : `truly ${names[1 - positive]}`;
    secondName.textContent = abstain ? "wrong" : `truly ${names[positive]}`;
    histogram.axes({ min: edges[0], max: 1, label: abstain ? "largest probability" : `probability of ${names[positive]}` },
      { min: 0, max: 1.05 * most, label: "reviews", ticks: ticks(0, most).filter(Number.isInteger) });
    bars.replaceChildren(...first.flatMap((count, k) => {
      const place = { x: histogram.X(edges[k]) + 1, width: histogram.X(edges[k + 1]) - histogram.X(edges[k]) - 2 };
      return [
        s("rect", { ...place, y: histogram.Y(count), height: histogram.Y(0) - histogram.Y(count), class: "first" }),
        s("rect", { ...place, y: histogram.Y(count + second[k]), height: histogram.Y(count) - histogram.Y(count + second[k]),
          class: "second", fill: `url(#${hatch})` }),
      ];
    }));
    const steady = y.filter((_, k) => x[k] >= 0.05);
    const floor = steady.length ? Math.floor(Math.min(...steady) * 10) / 10 : 0;
    prepared.shapes.floor = floor;
    const up = { min: Math.min(floor, 0.9), max: 1, label: abstain ? "accuracy of the answers" : "precision" };
    curve.axes({ min: 0, max: 1, label: abstain ? "coverage" : "recall" }, up);
    prepared.shapes.Y = (value) => curve.Y(Math.max(value, up.min));
    const points = [];
    x.forEach((value, k) => {
      // An accuracy holds until the next texts come in.
      if (abstain && k) points.push([curve.X(value), prepared.shapes.Y(y[k - 1])]);
      points.push([curve.X(value), prepared.shapes.Y(y[k])]);
    });
    line.setAttribute("d", through(points));
    curveCaption.textContent = abstain ? "Every threshold: what is answered, and how much of it is right"
      : `Every threshold: precision and recall of ${names[positive]}`;
    ratesCaption.textContent = abstain ? "Of the answered reviews" : "Of all reviews";
    outHead.hidden = !abstain;
    out.forEach((cell) => (cell.hidden = !abstain));
    set(bar.input, { min: abstain ? Math.floor(100 / classes) / 100 : 0 });
  }

  function drawList(prepared, shown, threshold, before) {
    const { ask: asked, score, winner, labels } = prepared;
    const abstain = asked === "abstain";
    const { changed } = shown;
    const key = `${threshold} ${before} ${asked}`;
    if (key !== pageOf) [page, pageOf] = [0, key];
    const pages = Math.max(1, Math.ceil(changed.length / LISTED));
    page %= pages;
    const listed = changed.slice(page * LISTED, (page + 1) * LISTED);
    if (threshold === before) sidesHead.textContent = "Move the threshold: the reviews that change side are listed here.";
    else if (!changed.length) sidesHead.textContent = `No review changed side between ${fixed(before, 2)} and ${fixed(threshold, 2)}.`;
    else {
      sidesHead.textContent = `Changed side since ${fixed(before, 2)}: ${changed.length}, ${sides(names, asked, positive, threshold > before)}. ` +
        `The nearest to ${fixed(threshold, 2)} first.`;
    }
    items.forEach(({ node, about, text }, place) => {
      const row = listed[place];
      node.hidden = row === undefined;
      if (row === undefined) return;
      about.textContent = abstain
        ? `${names[winner[row]]} with ${fixed(score[row], 3)}, labelled ${names[labels[row]]}: ${winner[row] === labels[row] ? "right" : "wrong"}`
        : `probability of ${names[positive]} ${fixed(score[row], 3)}, labelled ${names[labels[row]]}: ` +
          `${(threshold > before) === (labels[row] === positive) ? "right before, wrong now" : "wrong before, right now"}`;
      text.textContent = texts[row];
    });
    if (listed.length) list.hidden = false;
    const rest = changed.length - (page + 1) * LISTED;
    more.hidden = pages < 2;
    more.textContent = rest > 0 ? `and ${rest} more: show the next ${Math.min(rest, LISTED)}` : "back to the first of them";
  }

  function draw() {
    const { threshold, before, ask: asked } = state.values;
    const prepared = preparedFor(asked);
    if (asked !== drawnAsk) drawShapes(prepared);
    drawnAsk = asked;
    const abstain = asked === "abstain";
    const shown = at(prepared, threshold, before);
    bar.put(threshold);
    ask.put(asked);
    const low = prepared.shapes.edges[0];
    const X = (value) => histogram.X(Math.max(low, value));
    const [top, bottom] = [14, histogram.Y(0)];
    set(now, { x1: X(threshold), x2: X(threshold), y1: top, y2: bottom });
    set(then, { x1: X(before), x2: X(before), y1: top, y2: bottom, visibility: before === threshold ? "hidden" : "visible" });
    set(moved, { x: Math.min(X(threshold), X(before)), width: Math.abs(X(threshold) - X(before)), y: top, height: bottom - top });
    const [x, y] = abstain ? [shown.coverage, shown.accuracy] : [shown.recall[positive], shown.precision[positive]];
    const [px, py] = [curve.X(x), prepared.shapes.Y(y)];
    set(point, { d: `M${px} ${py - 7}L${px + 7} ${py}L${px} ${py + 7}L${px - 7} ${py}Z` });
    const headline = abstain
      ? [["coverage", shown.coverage], ["accuracy of the answers", shown.accuracy], ["macro F1", shown.macro_f1]]
      : [[`precision of ${names[positive]}`, shown.precision[positive]], [`recall of ${names[positive]}`, shown.recall[positive]],
        [`F1 of ${names[positive]}`, shown.f1[positive]], ["accuracy", shown.accuracy], ["coverage", shown.coverage]];
    figures.forEach(({ name, value }, place) => {
      name.parentNode.hidden = place >= headline.length;
      name.textContent = headline[place]?.[0] ?? "";
      value.textContent = headline[place] ? fixed(headline[place][1], 3) : "";
    });
    shown.matrix.forEach((row, k) => row.forEach((count, column) => (cells[k][column].textContent = count)));
    out.forEach((cell, k) => (cell.textContent = shown.left_out[k]));
    rates.forEach((row, k) => [shown.precision, shown.recall, shown.f1].forEach((figure, place) => (row[place].textContent = fixed(figure[k], 3))));
    drawList(prepared, shown, threshold, before);
    histogram.tell(abstain
      ? `Histogram of the largest probability. At ${fixed(threshold, 2)} or above: ${shown.answered} of ${prepared.n} reviews.`
      : `Histogram of the probability of ${names[positive]}, by true class, cut at ${fixed(threshold, 2)}.`);
    curve.tell(abstain ? `Accuracy over coverage. Now coverage ${fixed(x, 3)}, accuracy ${fixed(y, 3)}.`
      : `Precision over recall. Now recall ${fixed(x, 3)}, precision ${fixed(y, 3)}.`);
    says(say(names, prepared, threshold, before, shown));
  }
  draw();
  return () => {
    state.forget();
    deaf();
  };
}

export default { render };
