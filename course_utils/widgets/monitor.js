// TrainingMonitor: loss, accuracy and learning rate while the loop trains, with the time left and a way to stop.
// The kernel computes what is shown, at most twice a second; nothing is computed here but where to draw it.

/** The same as `duration` in Python. */
export function duration(seconds) {
  const whole = Math.floor(seconds + 0.5);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** The same as `figure` in Python. */
export function figure(number, digits) {
  return number < 1e15 ? fixed(number, digits) : inShort(number);
}

/** The same as `in_short` in Python. */
export function inShort(number) {
  if (number === 0) return "0";
  const text = number.toExponential(1);
  const power = Number(text.split("e")[1]);
  return power >= -4 && power < 15 ? String(Number(text)) : text.replace(".0e", "e");
}

/** The same as `told` in Python. */
export function sentence(news) {
  const { status, step, planned } = news;
  if (status === "waiting")
    return (
      "Nothing has been trained yet. Give this monitor to the loop, training.train(…, monitor=monitor), " +
      "and it shows itself there."
    );
  const took = news.seconds === null ? "" : `in ${duration(news.seconds)}`;
  const left = news.left === null ? "" : `, about ${duration(news.left)} left`;
  const first = {
    running: `Step ${step} of ${planned}${left}.`,
    finished: `Finished: ${planned} steps ${took}.`,
    stopped: `Stopped after ${step} of ${planned} steps, ${took}. What was learnt is kept.`,
    broken: `The loss is no longer a number at step ${news.broken} of ${planned}: lower the learning rate.`,
    failed: `Ended by an error after ${step} of ${planned} steps: the cell's message says which.`,
  }[status];
  if (!step) return status === "running" ? `Training starts: ${planned} steps.` : first;
  const over = news.width === 1 ? "At the first step" : `Over the last ${news.width} steps`;
  const pace = status === "running" && news.pace ? ` A step takes ${fixed(news.pace, 2)} s.` : "";
  return (
    `${first} ${over}: loss ${figure(news.loss, 2)} (guessing costs ${fixed(Math.log(news.classes), 2)}), ` +
    `accuracy ${fixed(news.accuracy, 2)}. Learning rate ${inShort(news.rate)}.${pace}`
  );
}

const DEAF =
  "The kernel does not hear this button while it trains. Press ■ (interrupt) in the toolbar: what was learnt is kept.";
const UNHEARD_AFTER = 3000;
const SPOKEN_EVERY = 10000;

const STYLE = `
.atl-monitor .atl-stage > div { display: grid; grid-template-columns: 3fr 2fr; gap: 0.25rem 1rem; }
.atl-monitor figure { margin: 0; min-width: 0; }
.atl-monitor figure:first-child { grid-row: span 2; }
.atl-monitor figcaption { color: var(--ink); font-variant-numeric: tabular-nums; }
.atl-monitor figcaption b { font-weight: 650; }
.atl-monitor progress { width: 14rem; max-width: 100%; accent-color: var(--one); }
.atl-monitor .each { fill: none; stroke: var(--line); stroke-width: 1; stroke-opacity: 0.7; }
.atl-monitor .mean { fill: none; stroke: var(--one); stroke-width: 3; stroke-linejoin: round; }
.atl-monitor .rate { fill: none; stroke: var(--two); stroke-width: 2.5; }
.atl-monitor .guess { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 6 4; }
.atl-monitor .now { fill: var(--one); }
.atl-monitor .now.high { fill: var(--two); }
.atl-monitor .answer { flex: 1 1 100%; min-height: 1.45em; margin: 0; }
.atl-monitor button[aria-disabled="true"] { color: var(--soft); cursor: default; }
@container (max-width: 42rem) {
  .atl-monitor .atl-stage > div { grid-template-columns: 1fr 1fr; }
  .atl-monitor figure:first-child { grid-row: auto; grid-column: span 2; }
  .atl-monitor figure:not(:first-child) .atl-picture text { font-size: 14px; }
}
`;

/** A chart of one curve by step, its name above it, with a bold line, maybe a faint one, and maybe a level of guessing. */
function curve({ name, width, height, kind, label, low = 0, high, guess, show }) {
  let top = high;
  let bottom = low;
  let end = 1;
  const axis = () => ({ min: 0, max: end, label: "step" });
  const level = () => ({ min: bottom, max: top, label, show, ticks: ticks(bottom, top, 4) });
  const drawn = chart({ name, width, height, x: axis(), y: level() });
  const value = h("b");
  const caption = h("figcaption", {}, `${name}: `, value);
  const line = s("path", { class: kind });
  const each = guess === undefined ? null : s("path", { class: "each" });
  const now = s("circle", { r: 4.5, class: kind === "rate" ? "now high" : "now" });
  const dashes = guess === undefined ? null : s("line", { class: "guess" });
  const word = guess === undefined ? null : s("text", { class: "soft", "text-anchor": "end" }, "guessing");
  drawn.inside.append(...[each, dashes, word, line, now].filter(Boolean));

  function draw({ planned, steps, values, singles, text }) {
    const most = Math.max(high, ...values, ...(singles ?? []));
    const least = Math.min(low, ...values, ...(singles ?? []));
    // Round limits, so that the axis does not move at every message.
    const newTop = most > top ? ticks(bottom, most * 1.2, 4).find((tick) => tick >= most) ?? most : top;
    const newBottom = least < bottom ? Math.floor(least * 10) / 10 : bottom;
    if (newTop !== top || newBottom !== bottom || end !== planned) {
      [top, bottom, end] = [newTop, newBottom, Math.max(planned, 1)];
      drawn.axes(axis(), level());
    }
    const points = (list) => through(Array.from(steps, (step, place) => [drawn.X(step), drawn.Y(list[place])]));
    set(line, { d: points(values) });
    if (each) {
      set(each, { d: points(singles) });
      const y = drawn.Y(guess);
      set(dashes, { x1: drawn.X(0), x2: drawn.X(end), y1: y, y2: y });
      set(word, { x: drawn.X(end), y: y - 4 });
    }
    const last = values.length - 1;
    now.style.display = last < 0 ? "none" : "";
    if (last >= 0) set(now, { cx: drawn.X(steps[last]), cy: drawn.Y(values[last]) });
    value.textContent = text;
    drawn.tell(last < 0 ? `${name}: nothing yet` : `${name} by step: ${show(values[0])} at first, ${show(values[last])} at step ${steps[last]}`);
  }
  return { node: h("figure", {}, caption, drawn.node), draw };
}

function render({ model, el }) {
  const { root, controls, stage, problem } = frame(
    el,
    "Training",
    "It trains while you look on. The bold lines are means of the last 50 steps, the faint ones single steps. Loss and " +
      "accuracy are those of each batch before the model learns from it. The button ends the training after the step at " +
      "hand: press it, or Tab to it and press Enter. The model keeps what it has learnt by then.",
  );
  const [words, heard] = [root.querySelector(".atl-says"), root.querySelector(".atl-heard")];
  root.classList.add("atl-monitor");
  root.prepend(h("style", {}, STYLE));
  const classes = model.get("classes");
  const loss = curve({
    name: "Loss", label: "loss", width: 520, height: 330, kind: "mean", high: 0.8, guess: Math.log(classes), show: (value) => figure(value, 2),
  });
  const accuracy = curve({
    name: "Accuracy", label: "accuracy", width: 350, height: 165, kind: "mean", low: 1 / classes, high: 1, guess: 1 / classes, show: (value) => fixed(value, 2),
  });
  const rate = curve({
    name: "Learning rate", label: "rate", width: 350, height: 165, kind: "rate", high: 1e-6, show: inShort,
  });
  const table = numbersTable("The numbers", ["step", "loss", "accuracy", "learning rate"]);
  stage.append(h("div", {}, loss.node, accuracy.node, rate.node));
  words.after(table.node);

  const button = h("button", { type: "button", onclick: stop }, "Stop the training here");
  const done = h("progress", { "aria-label": "steps done" });
  const answer = h("p", { class: "answer", role: "status" });
  controls.append(button, done, answer);
  let asked = 0;
  let timer = 0;
  function stop() {
    const { run, status } = model.get("news");
    if (status !== "running" || asked === run) return;
    asked = run;
    model.send({ stop: run });
    set(button, { "aria-disabled": "true" });
    answer.textContent = "Stopping after the step at hand …";
    timer = setTimeout(() => {
      asked = 0;
      set(button, { "aria-disabled": null });
      answer.textContent = DEAF;
    }, UNHEARD_AFTER);
  }
  function reply(message) {
    if (message?.heard !== model.get("news").run) return;
    clearTimeout(timer);
    answer.textContent = "The kernel has heard it, and stops after the step at hand.";
  }

  let spoken = -Infinity;
  let before = "";
  function draw() {
    const news = model.get("news");
    const text = sentence(news);
    words.textContent = text;
    // A status that changes twice a second would drown everything else in a screen reader.
    if (news.status !== before || performance.now() - spoken > SPOKEN_EVERY) {
      heard.textContent = text;
      spoken = performance.now();
      before = news.status;
    }
    if (news.status !== "running") {
      clearTimeout(timer);
      set(button, { "aria-disabled": "true" });
      answer.textContent = "";
    }
    set(done, { max: Math.max(news.planned, 1), value: news.step });
    const lines = Object.fromEntries(Object.entries(news.lines).map(([name, bytes]) => [name, numbers(bytes, Float32Array)]));
    const { steps } = lines;
    const { planned } = news;
    const mean = (value) => (value === null ? "nothing yet" : `${figure(value, 2)}, mean of the last ${news.width}`);
    loss.draw({ planned, steps, values: lines.mean_losses, singles: lines.losses, text: mean(news.loss) });
    accuracy.draw({ planned, steps, values: lines.mean_accuracies, singles: lines.accuracies, text: mean(news.accuracy) });
    rate.draw({ planned, steps, values: lines.rates, text: news.rate === null ? "nothing yet" : inShort(news.rate) });
    table.put(news.table.map(([step, a, b, c]) => [String(step), figure(a, 2), fixed(b, 2), inShort(c)]));
  }
  model.on("change:news", draw);
  model.on("msg:custom", reply);
  draw();
  const deaf = hearProblems(model, problem);
  return () => {
    clearTimeout(timer);
    model.off("change:news", draw);
    model.off("msg:custom", reply);
    deaf();
  };
}

export default { render };
