// CalibrationExplorer: real logits, a temperature to move, and whether the probabilities mean what they say.

const [COOLEST, WARMEST] = [0.2, 5];

/** Where confidences fall among bins that are closed on the right, and what the bins hold. The edges k / nBins are the
 * same floats as in Python. */
export function bins(confidence, right, nBins) {
  const [sums, hits, counts] = [new Array(nBins).fill(0), new Array(nBins).fill(0), new Array(nBins).fill(0)];
  const gaps = new Array(nBins).fill(0);
  for (let row = 0; row < confidence.length; row++) {
    let bin = 0;
    while (bin < nBins - 1 && confidence[row] > (bin + 1) / nBins) bin++;
    sums[bin] += confidence[row];
    hits[bin] += right[row] ? 1 : 0;
    counts[bin] += 1;
    gaps[bin] += (right[row] ? 1 : 0) - confidence[row];
  }
  return {
    confidence: sums.map((sum, bin) => (counts[bin] ? sum / counts[bin] : NaN)),
    accuracy: hits.map((hit, bin) => (counts[bin] ? hit / counts[bin] : NaN)),
    counts,
    ece: gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / confidence.length,
  };
}

/** The same as `calibration_view` in Python; logits are flat, row after row. */
export function view({ logits, labels, classes, temperature, nBins }) {
  const n = labels.length;
  const [confidence, right] = [new Float64Array(n), new Uint8Array(n)];
  let [nll, sure, hits] = [0, 0, 0];
  for (let row = 0; row < n; row++) {
    const { share, best, loss } = read(logits, row * classes, classes, temperature, labels[row]);
    confidence[row] = share;
    right[row] = best === labels[row] ? 1 : 0;
    nll += loss;
    sure += share;
    hits += right[row];
  }
  return { ...bins(confidence, right, nBins), nll: nll / n, mean_confidence: sure / n, mean_accuracy: hits / n };
}

/** One text: the probability of its likeliest class, that class, and -log of the true class's probability. */
function read(logits, start, classes, temperature, label) {
  let largest = -Infinity;
  for (let k = 0; k < classes; k++) largest = Math.max(largest, logits[start + k] / temperature);
  let total = 0;
  for (let k = 0; k < classes; k++) total += Math.exp(logits[start + k] / temperature - largest);
  const share = 1 / total;
  // The first class whose probability is that large, as argmax has it: two logits may differ by too little to tell.
  let best = 0;
  while (Math.exp(logits[start + best] / temperature - largest) / total < share) best++;
  return { share, best, loss: Math.log(total) - (logits[start + label] / temperature - largest) };
}

/** The mean negative log-likelihood alone. */
export function nll({ logits, labels, classes, temperature }) {
  let sum = 0;
  for (let row = 0; row < labels.length; row++) sum += read(logits, row * classes, classes, temperature, labels[row]).loss;
  return sum / labels.length;
}

/** The same as `CalibrationExplorer.sentence` in Python. */
export function sentence(given) {
  return say(given, view(given));
}

function say({ labels, temperature, nBins }, shown) {
  const gap = shown.mean_confidence - shown.mean_accuracy;
  const whole = Math.abs(gap) < 0.005 ? "On the whole it is as sure as it is right."
    : `On the whole it is ${gap > 0 ? "too sure" : "not sure enough"}: ${fixed(Math.abs(gap), 3)} between the two.`;
  return (
    `T = ${fixed(temperature, 2)}, ${labels.length} reviews in ${nBins} bins: ECE ${fixed(shown.ece, 3)}, ` +
    `negative log-likelihood ${fixed(shown.nll, 3)}. Mean confidence ${fixed(shown.mean_confidence, 3)}, ` +
    `accuracy ${fixed(shown.mean_accuracy, 3)}, which no T changes. ${whole}`
  );
}

const CALIBRATION_STYLE = `
.atl-calibration .pair { display: grid; grid-template-columns: 3fr 2fr; gap: 0.25rem 1.25rem; align-items: start; }
.atl-calibration .pair > * { min-width: 0; }
.atl-calibration .caption { color: var(--soft); font-size: 13px; margin: 0.2rem 0; }
.atl-calibration .key { display: inline-flex; align-items: center; gap: 0.35rem; margin-right: 0.9rem; color: var(--ink); }
.atl-calibration .key svg { width: 20px; height: 14px; flex: none; }
.atl-calibration .right { fill: var(--one); fill-opacity: 0.22; stroke: var(--one); stroke-width: 1.5; }
.atl-calibration .diagonal { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 6 4; }
.atl-calibration .gap { stroke: var(--two); stroke-width: 5; }
.atl-calibration .mean { fill: var(--paper); stroke: var(--two); stroke-width: 2.5; }
.atl-calibration .curve { fill: none; stroke: var(--one); stroke-width: 2; }
.atl-calibration .now { stroke: var(--ink); stroke-width: 2; }
.atl-calibration .dot { fill: var(--ink); }
.atl-calibration .mark { fill: var(--paper); stroke: var(--ink); stroke-width: 2; }
.atl-calibration .losses { cursor: ew-resize; touch-action: pan-y; }
.atl-calibration .atl-picture text.count { font-size: 11px; }
.atl-calibration .headline { display: flex; flex-wrap: wrap; gap: 0.1rem 1.75rem; margin: 0.2rem 0 0.4rem; }
.atl-calibration .headline span { display: block; color: var(--soft); font-size: 13px; }
.atl-calibration .headline b { font-size: 20px; font-weight: 400; font-variant-numeric: tabular-nums; }
.atl-calibration .rail { position: relative; display: inline-flex; }
.atl-calibration .rail svg { position: absolute; top: -7px; width: 12px; height: 12px; margin-left: -6px; pointer-events: none; }
@container (max-width: 42rem) {
  .atl-calibration .pair { grid-template-columns: 1fr; }
  .atl-calibration .narrow { max-width: 26rem; }
}
`;

function render({ model, el }) {
  const data = model.get("data");
  const { root, controls, stage, says, problem } = frame(
    el,
    "Do the probabilities mean what they say?",
    "Move T by the slider (arrow keys; Page Up and Page Down move it faster), or drag the line in the right-hand picture. " +
      "In the left-hand picture each bar is the share of right answers among the reviews of one bin of confidence; the " +
      "diamond stands at their mean confidence. A diamond below the dashed line: more sure than right. The thick line " +
      "between them is the gap; the ECE is the mean gap, each bin weighted by its reviews.",
  );
  root.classList.add("atl-calibration");
  root.prepend(h("style", {}, CALIBRATION_STYLE));
  const deaf = hearProblems(model, problem);
  if (!data.labels) return deaf;

  const { classes, fitted, least, no_least: noLeast } = data;
  const given = { logits: numbers(data.logits, Float64Array), labels: numbers(data.labels, Int32Array), classes };
  const state = shared(model, ["temperature", "n_bins"], draw);
  const inRange = (value) => Math.min(WARMEST, Math.max(COOLEST, value));
  const go = (temperature) => temperature !== state.values.temperature && state.change({ temperature });

  // The slider is in powers of ten, since 0.5 and 2 are equally far from 1.
  const bar = slider({
    label: "temperature T", min: -0.7, max: 0.7, step: 0.01, value: Math.log10(state.values.temperature),
    show: (power) => fixed(inRange(10 ** power), 2), oninput: (power) => go(inRange(10 ** power)),
  });
  const offers = [...new Set([5, 10, 15, 20, state.values.n_bins])].sort((a, b) => a - b);
  const count = choice({
    label: "bins", value: String(state.values.n_bins), options: offers.map((n) => [String(n), String(n)]),
    oninput: (value) => state.change({ n_bins: Number(value) }),
  });
  const button = (value, text) => h("button", { type: "button", onclick: () => go(value) }, text);
  controls.append(bar.node, count.node, button(1, "T = 1"));
  if (fitted !== null) controls.append(button(fitted, `T chosen on other texts: ${fixed(fitted, 2)}`));
  if (least !== null) controls.append(button(least, `T of the least NLL here: ${fixed(least, 2)}`));

  const diagram = chart({ name: "reliability diagram", width: 540, height: 330,
    x: { min: 0, max: 1, label: "confidence: the largest probability", ticks: ticks(0, 1) }, y: { min: 0, max: 1, label: "share that is right" } });
  const parts = s("g");
  diagram.inside.append(parts, s("line", { class: "diagonal", x1: diagram.X(0), y1: diagram.Y(0), x2: diagram.X(1), y2: diagram.Y(1) }));
  const over = s("g");
  diagram.inside.append(over);
  const swatch = (...inside) => s("svg", { viewBox: "0 0 20 14", "aria-hidden": "true" }, inside);
  const legend = h("p", { class: "caption" },
    h("span", { class: "key" }, swatch(s("rect", { class: "right", x: 2, y: 2, width: 16, height: 11 })), "right, with the bin's reviews"),
    h("span", { class: "key" }, swatch(s("path", { class: "mean", d: diamond(10, 7, 5) })), "at its mean confidence"),
    h("span", { class: "key" }, swatch(s("line", { class: "gap", x1: 10, x2: 10, y1: 0, y2: 14 })), "gap"),
    h("span", { class: "key" }, swatch(s("line", { class: "diagonal", x1: 0, y1: 13, x2: 20, y2: 1 })), "as often right as sure"));

  const powers = Array.from({ length: 61 }, (_, k) => Math.log10(COOLEST) + (k / 60) * Math.log10(WARMEST / COOLEST));
  const losses = powers.map((power) => nll({ ...given, temperature: 10 ** power }));
  const [lowest, highest] = [Math.min(...losses), Math.max(...losses)];
  const room = 0.08 * (highest - lowest || 1);
  const curve = chart({ name: "negative log-likelihood", width: 360, height: 330,
    x: { min: powers[0], max: powers[60], label: "temperature T", ticks: [0.2, 0.5, 1, 2, 5].map(Math.log10), show: (power) => short(10 ** power) },
    y: { min: Math.max(0, lowest - room), max: highest + room, label: "negative log-likelihood (NLL)" } });
  curve.node.classList.add("losses");
  const now = s("line", { class: "now", y1: 14, y2: 330 - 44 });
  const dot = s("circle", { class: "dot", r: 5 });
  curve.inside.append(s("path", { class: "curve", d: through(powers.map((power, k) => [curve.X(power), curve.Y(losses[k])])) }));
  // Temperatures worth knowing: on the curve, on the slider, and told beside the curve.
  const marks = [[least, "least here", triangle], [fitted, "chosen on other texts", square]].filter(([value]) => value !== null);
  const rail = h("span", { class: "rail" });
  bar.input.replaceWith(rail);
  rail.append(bar.input);
  for (const [value, , shape] of marks) {
    const power = Math.log10(value);
    curve.inside.append(s("path", { class: "mark", d: shape(curve.X(power), curve.Y(nll({ ...given, temperature: value })), 6) }));
    // The middle of a slider's thumb keeps half its width, about 8 pixels, from either end.
    const left = `calc(8px + ${(power + 0.7) / 1.4} * (100% - 16px))`;
    rail.append(s("svg", { viewBox: "0 0 14 14", "aria-hidden": "true", style: `left: ${left}` }, s("path", { class: "mark", d: shape(7, 7, 5) })));
  }
  curve.inside.append(now, dot);
  const curveKey = h("p", { class: "caption" }, "The smaller, the better T fits. ", marks.map(([value, text, shape]) =>
    h("span", { class: "key" }, swatch(s("path", { class: "mark", d: shape(10, 7, 5) })), `${text}: ${fixed(value, 2)}`)));
  stage.append(h("div", { class: "pair" }, h("div", {}, legend, diagram.node), h("div", { class: "narrow" }, curveKey, curve.node)));

  const figures = ["ECE", "negative log-likelihood", "mean confidence", "accuracy (no T changes it)"].map((name) => {
    const value = h("b");
    return { value, node: h("div", {}, h("span", {}, name), value) };
  });
  stage.append(h("div", { class: "headline" }, figures.map(({ node }) => node)));
  const table = numbersTable("The bins in numbers", ["confidence", "reviews", "mean confidence", "right"]);
  stage.append(h("p", { class: "caption" },
    noLeast || "A T that is chosen on the very reviews it is then judged on flatters: on new reviews ECE and NLL come out worse. " +
      "Choose it on reviews that the model has not seen, and judge it on others."), table.node);

  const toTemperature = (event) => {
    const box = curve.node.getBoundingClientRect();
    const x = ((event.clientX - box.left) * 360) / box.width;
    const part = (x - curve.X(powers[0])) / (curve.X(powers[60]) - curve.X(powers[0]));
    return inRange(10 ** (Math.round(100 * (powers[0] + part * (powers[60] - powers[0]))) / 100));
  };
  set(curve.node, {
    onpointerdown: (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      curve.node.setPointerCapture(event.pointerId);
      go(toTemperature(event));
    },
    onpointermove: (event) => curve.node.hasPointerCapture(event.pointerId) && go(toTemperature(event)),
  });

  let bodies = [];
  function makeBins(nBins) {
    bodies = Array.from({ length: nBins }, (_, bin) => {
      const [left, right] = [diagram.X(bin / nBins), diagram.X((bin + 1) / nBins)];
      const middle = (left + right) / 2;
      return {
        left, middle,
        body: s("rect", { class: "right", x: left + 1.5, width: right - left - 3 }),
        count: s("text", { class: "count", "text-anchor": "middle", x: nBins > 12 ? 0 : middle, y: 0 }),
        gap: s("line", { class: "gap" }), mean: s("path", { class: "mean" }),
      };
    });
    parts.replaceChildren(...bodies.map(({ body }) => body));
    over.replaceChildren(...bodies.flatMap(({ gap, mean, count: text }) => [gap, mean, text]));
  }

  function draw() {
    const { temperature, n_bins: nBins } = state.values;
    if (bodies.length !== nBins) makeBins(nBins);
    const values = { ...given, temperature, nBins };
    const shown = view(values);
    bodies.forEach(({ body, count: text, gap, mean, middle }, bin) => {
      const n = shown.counts[bin];
      for (const node of [body, gap, mean]) node.setAttribute("visibility", n ? "visible" : "hidden");
      text.textContent = n || "";
      if (!n) return;
      const [x, y, aim] = [diagram.X(shown.confidence[bin]), diagram.Y(shown.accuracy[bin]), diagram.Y(shown.confidence[bin])];
      set(body, { y, height: diagram.Y(0) - y });
      set(gap, { x1: x, x2: x, y1: y, y2: aim });
      set(mean, { d: diamond(x, y, 6) });
      // Just above the axis, upright where the bins are narrow.
      const foot = diagram.Y(0) - 6;
      set(text, nBins > 12 ? { transform: `translate(${middle + 4} ${foot - 8}) rotate(-90)` } : { y: foot });
    });
    bar.put(Math.log10(temperature));
    count.put(String(nBins));
    const x = curve.X(Math.log10(temperature));
    set(now, { x1: x, x2: x });
    set(dot, { cx: x, cy: curve.Y(shown.nll) });
    [shown.ece, shown.nll, shown.mean_confidence, shown.mean_accuracy].forEach((value, k) => (figures[k].value.textContent = fixed(value, 3)));
    table.put(shown.counts.map((n, bin) => [
      `${bin ? "above" : "from"} ${fixed(bin / nBins, 2)} to ${fixed((bin + 1) / nBins, 2)}`, String(n),
      n ? fixed(shown.confidence[bin], 3) : "none", n ? fixed(shown.accuracy[bin], 3) : "none",
    ]));
    diagram.tell(`Reliability diagram. ${shown.counts.map((n, bin) => (n ? `Confidence ${fixed(shown.confidence[bin], 2)}: ${fixed(shown.accuracy[bin], 2)} right of ${n}. ` : "")).join("")}`);
    curve.tell(`Negative log-likelihood over T. At T = ${fixed(temperature, 2)}: ${fixed(shown.nll, 3)}.${least === null ? "" : ` Least at T = ${fixed(least, 2)}.`}`);
    says(say(values, shown));
  }
  draw();
  return () => {
    state.forget();
    deaf();
  };
}

function diamond(x, y, size) {
  return `M${x} ${y - size}L${x + size} ${y}L${x} ${y + size}L${x - size} ${y}Z`;
}

function triangle(x, y, size) {
  return `M${x - size} ${y - size}h${2 * size}L${x} ${y + size}Z`;
}

function square(x, y, size) {
  return `M${x - size} ${y - size}h${2 * size}v${2 * size}h${-2 * size}Z`;
}

export default { render };
