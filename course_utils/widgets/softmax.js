// SoftmaxExplorer: logits to drag, and what softmax, the formula as written and the sigmoid make of them.

/** The same as `softmax_view` in Python. */
export function view({ logits, temperature, shift }) {
  const scaled = logits.map((logit) => (logit + shift) / temperature);
  const largest = Math.max(...scaled);
  const safe = scaled.map((value) => Math.exp(value - largest));
  const total = safe.reduce((sum, value) => sum + value, 0);
  const powers = scaled.map(Math.exp);
  const sum = powers.reduce((left, right) => left + right, 0);
  return {
    scaled,
    softmax: safe.map((value) => value / total),
    sigmoid: scaled.map((value) => (value >= 0 ? 1 / (1 + Math.exp(-value)) : Math.exp(value) / (1 + Math.exp(value)))),
    powers,
    naive: powers.map((value) => value / sum),
  };
}

/** The same as `SoftmaxExplorer.sentence` in Python. */
export function sentence({ names, logits, temperature, shift }) {
  const shown = view({ logits, temperature, shift });
  const each = names.map((name, place) => `${name} ${fixed(shown.softmax[place], 2)}`).join(", ");
  const close = shown.naive.every((value, place) => Math.abs(value - shown.softmax[place]) <= 1e-8 + 1e-5 * shown.softmax[place]);
  const naive = shown.naive.some(Number.isNaN) ? "nan" : close ? "the same" : "other numbers, for these powers are too small to be exact";
  const alone = shown.sigmoid.map((value) => fixed(value, 2)).join(", ");
  return (
    `Logits ${logits.map((logit) => fixed(logit, 2)).join(", ")}, plus ${fixed(shift, 0)}, divided by T = ${fixed(temperature, 2)}. ` +
    `Softmax: ${each}. The formula as written gives ${naive}. Sigmoid, each alone: ${alone}, ` +
    `in all ${fixed(shown.sigmoid.reduce((sum, value) => sum + value, 0), 2)}.`
  );
}

const STYLE = `
.atl-softmax table { width: 100%; table-layout: auto; }
.atl-softmax td, .atl-softmax th { text-align: left; padding: 0.25rem 0.5rem; }
.atl-softmax td.figure { text-align: right; white-space: nowrap; min-width: 4.5em; }
.atl-softmax .bar { height: 18px; width: 100%; min-width: 5rem; border: 1px solid var(--line); background: var(--panel); cursor: ew-resize; touch-action: pan-y; }
.atl-softmax tfoot th, .atl-softmax tfoot td { border-top: 1px solid var(--line); border-bottom: 0; font-weight: 650; }
.atl-softmax .bar i { display: block; height: 100%; background: var(--one); }
.atl-softmax .bar.alone i { background: repeating-linear-gradient(45deg, var(--two) 0 5px, transparent 5px 9px); border-right: 2px solid var(--two); }
.atl-softmax .broken { color: var(--bad); font-weight: 650; }
.atl-softmax td .atl-field { flex-wrap: nowrap; }
.atl-softmax td input[type="range"] { width: 9rem; }
@container (max-width: 42rem) {
  .atl-softmax td, .atl-softmax th { padding: 0.25rem; }
  .atl-softmax td input[type="range"] { width: 5.5rem; }
  .atl-softmax .bar { min-width: 3rem; }
  .atl-softmax td.figure { min-width: 3em; }
}
`;

/** The logit with which softmax gives class `place` this share, the other logits staying as they are. */
export function logitFor(share, place, { logits, temperature }) {
  const others = logits.filter((_, other) => other !== place).map((logit) => logit / temperature);
  const largest = Math.max(...others);
  const rest = largest + Math.log(others.reduce((sum, value) => sum + Math.exp(value - largest), 0));
  return temperature * (Math.log(share / (1 - share)) + rest);
}

/** Let a bar be dragged by its end. The logit's slider does the same by keyboard. */
function draggable(track, onshare) {
  const hear = (event) => {
    const box = track.getBoundingClientRect();
    onshare(Math.min(0.9999, Math.max(0.0001, (event.clientX - box.left) / box.width)));
  };
  return set(track, {
    onpointerdown: (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      track.setPointerCapture(event.pointerId);
      hear(event);
    },
    onpointermove: (event) => track.hasPointerCapture(event.pointerId) && hear(event),
  });
}

function render({ model, el }) {
  const names = model.get("data").names;
  const { root, controls, stage, says, problem } = frame(
    el,
    "Logits to probabilities",
    "Drag a logit or the end of a bar; or Tab to a logit and press the left and right arrow keys (Page Up and Page Down move " +
      "it faster). A bar of softmax takes its share from the other classes, one of the sigmoid takes from nobody. " +
      "T is the temperature. The shift is added to every logit: push it towards 1000 and watch the formula as written.",
  );
  const state = shared(model, ["logits", "temperature", "shift"], draw);
  const low = Math.min(-10, ...state.values.logits.map(Math.floor));
  const high = Math.max(10, ...state.values.logits.map(Math.ceil));

  const rows = names.map((name, place) => {
    const bar = h("i");
    const alone = h("i");
    const put = (value) => state.change({
      logits: state.values.logits.map((old, other) => (other === place ? Math.min(high, Math.max(low, Math.round(value * 10) / 10)) : old)),
    });
    const track = draggable(h("div", { class: "bar", "aria-hidden": "true" }, bar), (share) => put(logitFor(share, place, state.values)));
    const aloneTrack = draggable(h("div", { class: "bar alone", "aria-hidden": "true" }, alone), (share) =>
      put(Math.log(share / (1 - share)) * state.values.temperature - state.values.shift));
    const logit = slider({
      label: `logit of ${name}`, min: low, max: high, step: 0.1, value: state.values.logits[place], quiet: true,
      show: (value) => fixed(value, 1),
      oninput: put,
    });
    const cells = { bar, alone, share: h("td", { class: "figure" }), naive: h("td", { class: "figure" }), sigmoid: h("td", { class: "figure" }) };
    const line = h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, logit.node),
      h("td", {}, track), cells.share, cells.naive,
      h("td", {}, aloneTrack), cells.sigmoid);
    return { line, logit, cells };
  });
  const head = h("tr", {},
    h("th", { scope: "col" }, "class"), h("th", { scope: "col" }, "logit"), h("th", { scope: "col", colspan: 2 }, "softmax, shares of one 1"),
    h("th", { scope: "col" }, "as written"), h("th", { scope: "col", colspan: 2 }, "sigmoid, each alone from 0 to 1"));
  const sums = { share: h("td", { class: "figure" }), naive: h("td", { class: "figure" }), sigmoid: h("td", { class: "figure" }) };
  const foot = h("tr", {}, h("th", { scope: "row" }, "in all"), h("td"), h("td"), sums.share, sums.naive, h("td"), sums.sigmoid);
  stage.append(h("table", {}, h("thead", {}, head), h("tbody", {}, rows.map((row) => row.line)), h("tfoot", {}, foot)));
  root.classList.add("atl-softmax");
  root.prepend(h("style", {}, STYLE));

  // The slider of T is in tenths of powers of ten, since 0.5 and 2 are equally far from 1.
  const temperature = slider({
    label: "temperature T", min: -1, max: 1, step: 0.05, value: Math.log10(state.values.temperature),
    show: (power) => fixed(10 ** power, 2),
    oninput: (power) => state.change({ temperature: 10 ** power }),
  });
  const shift = slider({
    label: "added to all logits", min: -1000, max: 1000, step: 10, value: state.values.shift,
    show: (value) => fixed(value, 0), oninput: (value) => state.change({ shift: value }),
  });
  const back = h("button", { type: "button", onclick: () => state.change({ temperature: 1, shift: 0 }) }, "T = 1, nothing added");
  controls.append(temperature.node, shift.node, back);

  function draw() {
    const { logits, temperature: T, shift: added } = state.values;
    const shown = view({ logits, temperature: T, shift: added });
    rows.forEach(({ logit, cells }, place) => {
      logit.put(logits[place]);
      cells.bar.style.width = `${100 * shown.softmax[place]}%`;
      cells.alone.style.width = `${100 * shown.sigmoid[place]}%`;
      cells.share.textContent = fixed(shown.softmax[place], 3);
      cells.sigmoid.textContent = fixed(shown.sigmoid[place], 3);
      cells.naive.textContent = fixed(shown.naive[place], 3);
      cells.naive.classList.toggle("broken", Number.isNaN(shown.naive[place]));
    });
    const total = (values) => values.reduce((sum, value) => sum + value, 0);
    sums.share.textContent = fixed(total(shown.softmax), 3);
    sums.naive.textContent = fixed(total(shown.naive), 3);
    sums.naive.classList.toggle("broken", shown.naive.some(Number.isNaN));
    sums.sigmoid.textContent = fixed(total(shown.sigmoid), 3);
    temperature.put(Math.log10(T));
    shift.put(added);
    says(sentence({ names, logits, temperature: T, shift: added }));
  }
  draw();
  const deaf = hearProblems(model, problem);
  return () => {
    state.forget();
    deaf();
  };
}

export default { render };
