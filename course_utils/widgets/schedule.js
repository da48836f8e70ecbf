// ScheduleExplorer: the learning rate over a training, from the peak, the share of warm-up and the number of steps.

/** The same as `linear_schedule` in Python. */
export function multiplierAt(step, warmupSteps, steps) {
  if (step < warmupSteps) return step / warmupSteps;
  return Math.max(0, (steps - step) / Math.max(1, steps - warmupSteps));
}

/** The same as `schedule_view` in Python. */
export function view({ peak, warmup, steps, step }) {
  const warmupSteps = Math.trunc(warmup * steps);
  const rates = Array.from({ length: steps }, (_, place) => peak * multiplierAt(place, warmupSteps, steps));
  return {
    warmup_steps: warmupSteps,
    rates,
    multiplier: multiplierAt(step, warmupSteps, steps),
    rate: rates[step],
    last: rates[steps - 1],
  };
}

/** The same as `ScheduleExplorer.sentence` in Python. */
export function sentence({ peak, warmup, steps, step }) {
  const shown = view({ peak, warmup, steps, step });
  const [warm, last, most] = [shown.warmup_steps, steps - 1, inShort(peak)];
  const falls = `then falls to ${inShort(shown.last)} at the last step, ${last}. Step ${steps}, where it would be 0, is not taken.`;
  let course = `${warm} of them warm-up: the learning rate rises to its peak of ${most} at step ${warm} and ${falls}`;
  if (warm === 0) course = `none of them warm-up: the learning rate starts at its peak of ${most} and ${falls}`;
  if (warm === last) {
    course = `${warm} of them warm-up: the learning rate rises to its peak of ${most} at the last step, ${last}, and never falls.`;
  }
  if (warm > last) {
    course = "all of them warm-up: the learning rate rises to the end and never falls. " +
      `The last step, ${last}, takes ${last}/${steps} of the peak of ${most}.`;
  }
  return `${steps} steps, ${course} At step ${step} it is ${inShort(shown.rate)}, ${fixed(shown.multiplier, 2)} of the peak.`;
}

/** The same as `in_short` in Python. */
export function inShort(rate) {
  if (rate === 0) return "0";
  const text = rate.toExponential(1);
  return Number(text.split("e")[1]) >= -4 ? String(Number(text)) : text.replace(".0e", "e");
}

const STYLE_OF_SCHEDULE = `
.atl-schedule .curve { stroke: var(--one); stroke-width: 2.5; fill: none; stroke-linejoin: round; }
.atl-schedule .dots { stroke: var(--one); stroke-width: 5; stroke-linecap: round; fill: none; }
.atl-schedule .peak { fill: var(--ink); }
.atl-schedule .here { stroke: var(--two); stroke-width: 1.5; stroke-dasharray: 5 4; }
.atl-schedule .mark { fill: var(--paper); stroke: var(--two); stroke-width: 3; }
.atl-schedule .atl-picture { cursor: crosshair; touch-action: pan-y; max-width: 47rem; }
.atl-schedule .atl-picture text.over { font-weight: 650; paint-order: stroke; stroke: var(--paper); stroke-width: 5px; }
.atl-schedule .atl-controls input[type="range"] { width: 8.4rem; }
.atl-schedule .long input[type="range"] { width: 18rem; }
`;

function render({ model, el }) {
  const { peaks, steps: [fewest, most] } = model.get("data");
  const { root, controls, stage, says, problem } = frame(
    el,
    "The learning rate, step by step",
    "Move the peak, the warm-up and the number of steps with the sliders: drag, or Tab to one and press the arrow keys. " +
      "To read the rate at a step, point at the picture, or move the slider below it. The diamond marks the peak.",
  );
  root.classList.add("atl-schedule");
  root.prepend(h("style", {}, STYLE_OF_SCHEDULE));
  const state = shared(model, ["peak", "warmup", "steps", "step"], draw);

  const warmup = slider({
    label: "warm-up, share of steps", min: 0, max: 1, step: 0.01, value: state.values.warmup,
    show: (share) => fixed(share, 2), oninput: (share) => state.change({ warmup: share }),
  });
  // The slider holds the power of ten, since 1e-5 and 1e-4 are as far apart as 1e-3 and 1e-2.
  const peak = slider({
    label: "peak", min: Math.log10(peaks[0]), max: Math.log10(peaks[1]), step: 0.05, value: Math.log10(state.values.peak),
    show: (power) => inShort(10 ** power), oninput: (power) => state.change({ peak: Number((10 ** power).toExponential(1)) }),
  });
  const steps = slider({
    label: "steps", min: fewest, max: most, step: 10, value: state.values.steps,
    oninput: (count) => state.change({ steps: count, step: Math.min(state.values.step, count - 1) }),
  });
  controls.append(warmup.node, peak.node, steps.node);

  const curve = drawCurve((step) => step !== state.values.step && state.change({ step }));
  const cursor = slider({
    label: "look at step", min: 0, max: state.values.steps - 1, step: 1, value: state.values.step,
    oninput: (step) => state.change({ step }),
  });
  cursor.node.classList.add("long");
  const table = numbersTable("The numbers", ["step", "multiplier", "learning rate"]);
  stage.append(curve.node, cursor.node, table.node);

  function draw() {
    const { step, ...rest } = state.values;
    // Python may have shortened the training and not yet moved the step.
    const values = { ...rest, step: Math.min(step, rest.steps - 1) };
    const shown = view(values);
    warmup.put(values.warmup);
    peak.put(Math.log10(values.peak));
    steps.put(values.steps);
    set(cursor.input, { max: values.steps - 1 });
    cursor.put(values.step);
    curve.put(values, shown);
    table.put(milestones(values, shown.warmup_steps).map((place) => [
      String(place), fixed(multiplierAt(place, shown.warmup_steps, values.steps), 3), inShort(shown.rates[place]),
    ]));
    says(sentence(values));
  }
  draw();
  const deaf = hearProblems(model, problem);
  return () => {
    state.forget();
    deaf();
  };
}

/** The steps that a table of the curve needs: first, last, peak, the one looked at, and each tenth. */
function milestones({ steps, step }, warmupSteps) {
  const tenths = Array.from({ length: 10 }, (_, tenth) => Math.trunc((tenth * steps) / 10));
  return [...new Set([...tenths, Math.min(warmupSteps, steps - 1), step, steps - 1])].sort((a, b) => a - b);
}

/** The curve, its peak and the step looked at. `onpoint(step)` hears where the mouse is. */
function drawCurve(onpoint) {
  const [width, height, headroom] = [640, 270, 1.3];
  const x = { min: 0, max: 1, label: "" };
  const y = { min: 0, max: headroom, label: "" }; // its numbers are too long for a label beside them
  const plot = chart({ name: "", width, height, x, y });
  const line = s("path", { class: "curve" });
  const dots = s("path", { class: "dots" });
  const guide = s("line", { class: "here", y1: plot.Y(0), y2: plot.Y(headroom) + 16 });
  const diamond = s("path", { class: "peak", d: "M0 -7L7 0L0 7L-7 0Z" });
  const mark = s("circle", { class: "mark", r: 5.5 });
  const peakText = s("text", { class: "over", y: plot.Y(1) - 12 });
  const hereText = s("text", { class: "over", y: plot.Y(headroom) + 10 });
  plot.node.append(s("text", { class: "soft", x: 4, y: 11, "aria-hidden": "true" }, "learning rate"));
  plot.inside.append(guide, line, dots, diamond, mark, peakText, hereText);
  let drawn = "";
  let count = 1;

  /** Text beside x, kept inside the picture. */
  function label(node, at, text) {
    node.textContent = text;
    const half = 3.6 * text.length;
    set(node, { x: Math.min(Math.max(at, 62 + half), width - 18 - half), "text-anchor": "middle" });
  }

  function put({ peak, warmup, steps, step }, shown) {
    const warm = shown.warmup_steps;
    const key = [peak, warmup, steps].join();
    count = steps;
    if (key !== drawn) {
      drawn = key;
      const few = steps <= 100;
      plot.axes(
        { min: 0, max: steps, label: `step, from 0 to ${steps - 1}` },
        { ...y, max: headroom * peak, ticks: ticks(0, peak), show: inShort },
      );
      const at = (place) => [plot.X(place), plot.Y(shown.rates[place])];
      const corners = warm > 0 && warm < steps - 1 ? [0, warm, steps - 1] : [0, steps - 1];
      set(line, { d: through(corners.map(at)) });
      // Each step is a dot while there is room for it.
      set(dots, { d: few ? shown.rates.map((_, place) => at(place)).map(([a, b]) => `M${a.toFixed(1)} ${b.toFixed(1)}h0`).join("") : "" });
      diamond.style.display = warm < steps ? "" : "none";
      set(diamond, { transform: `translate(${plot.X(warm)} ${plot.Y(peak)})` });
      label(peakText, plot.X(warm), warm < steps ? `peak ${inShort(peak)} at step ${warm}` : `peak ${inShort(peak)}, not reached`);
    }
    const here = plot.X(step);
    set(guide, { x1: here, x2: here });
    set(mark, { cx: here, cy: plot.Y(shown.rate) });
    label(hereText, here, `step ${step}: ${inShort(shown.rate)}`);
    plot.tell(
      `Learning rate against step. It is ${inShort(shown.rates[0])} at step 0, ` +
        (warm > 0 && warm < steps ? `${inShort(peak)} at step ${warm}, ` : "") +
        `${inShort(shown.rate)} at step ${step} and ${inShort(shown.last)} at step ${steps - 1}.`,
    );
  }

  function point(event) {
    const box = plot.node.getBoundingClientRect();
    const [left, right] = [plot.X(0), plot.X(count)];
    const share = (((event.clientX - box.left) / box.width) * width - left) / (right - left);
    if (share < -0.02 || share > 1.02) return;
    onpoint(Math.min(count - 1, Math.max(0, Math.round(share * count))));
  }
  set(plot.node, { onpointermove: point, onpointerdown: point });
  return { node: plot.node, put };
}

export default { render };
