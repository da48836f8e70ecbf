// AttentionExplorer: what every head of a BERT attends to in a sentence that is typed in, or in two of them.

/** The same as `row_view` in Python, for each sentence. `weights` hold [layers, heads, t, t], one after the other. */
export function view({ sentences, heads, layer, head, places }) {
  return {
    sentences: sentences.map(({ tokens, weights }, which) => {
      const token = Math.min(places[which] ?? 1, tokens.length - 1);
      const row = rowOf(weights, tokens.length, heads, layer, head, token);
      return { token, row, order: largestFirst(row), entropy: entropyOf(row) };
    }),
  };
}

/** The same as `AttentionExplorer.sentence` in Python. */
export function sentence({ sentences, heads, layer, head, places }) {
  const parts = view({ sentences, heads, layer, head, places }).sentences.map(({ token, row, order }, which) => {
    const { tokens, name } = sentences[which];
    const [first, ...rest] = order.slice(0, 3).map((place) => `${named(tokens, place)} (${fixed(row[place], 2)})`);
    const then = rest.length ? `, then ${rest.join(" and ")}` : "";
    return `“${name}”: ${named(tokens, token)} attends most to ${first}${then}.`;
  });
  if (parts.length === 1) return `Layer ${layer}, head ${head} of ${parts[0]}`;
  return `Layer ${layer}, head ${head}. In ${parts[0]} In ${parts[1]}`;
}

function start(length, heads, layer, head) {
  return ((layer - 1) * heads + head) * length * length;
}

function rowOf(weights, length, heads, layer, head, token) {
  const from = start(length, heads, layer, head) + token * length;
  return Array.from(weights.slice(from, from + length));
}

function largestFirst(row) {
  return row.map((_, place) => place).sort((a, b) => row[b] - row[a]);
}

function entropyOf(row) {
  return row.reduce((sum, share) => (share > 0 ? sum - share * Math.log(share) : sum), 0);
}

const SPECIAL_PIECES = new Set(["[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]"]);

function named(tokens, place) {
  const token = tokens[place];
  const name = SPECIAL_PIECES.has(token) ? token : `“${token}”`;
  return tokens.filter((other) => other === token).length > 1 ? `${name} at place ${place}` : name;
}

const STYLE = `
.atl-attention .board { display: grid; grid-template-columns: minmax(0, 1fr) 21rem; gap: 0.6rem 1.4rem; align-items: start; }
.atl-attention .board.two { grid-template-columns: minmax(0, 1fr); }
.atl-attention .panels { display: grid; gap: 0.8rem 1.6rem; align-items: start; }
.atl-attention .two .panels { grid-template-columns: repeat(2, minmax(0, 1fr)); }
.atl-attention .panel { --row: 24px; --top: 24px; display: grid; grid-template: var(--top) auto / fit-content(8.5rem) minmax(3rem, 1fr) 9rem; gap: 0 4px; }
.atl-attention .panel.many { --row: 18px; font-size: 12px; }
.atl-attention .two .panel { grid-template-columns: fit-content(7rem) minmax(3rem, 1fr) 7.5rem; }
.atl-attention .panel.map.named { --top: 76px; }
.atl-attention .caption { color: var(--soft); font-size: 12px; align-self: end; padding: 0 0.4rem 2px; }
.atl-attention .asks { display: flex; flex-direction: column; min-width: 0; }
.atl.atl-attention .asks button { height: var(--row); min-height: 0; padding: 0 0.4rem; border: 0; border-radius: 3px; background: none; text-align: right;
  white-space: nowrap; overflow: hidden; text-overflow: ellipsis; line-height: 1; }
.atl.atl-attention .asks button[aria-pressed="true"] { background: var(--one); color: var(--one-ink); outline: none; }
.atl.atl-attention .asks button[aria-pressed="true"]::before { content: "▸ "; }
.atl-attention .middle { position: relative; }
.atl-attention .middle svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.atl-attention .middle path, .atl-attention .middle line { fill: none; stroke: var(--ink); vector-effect: non-scaling-stroke; }
.atl-attention .middle line { stroke: var(--one); stroke-linecap: round; }
.atl-attention canvas { display: block; width: 100%; image-rendering: pixelated; background: #fff; }
[data-jp-theme-light="false"] .atl-attention canvas, html[theme="dark"] .atl-attention canvas, body.vscode-dark .atl-attention canvas { filter: invert(0.9); }
.atl-attention .middle canvas { position: absolute; inset: 0; height: 100%; border: 1px solid var(--line); }
.atl-attention .middle .mark { position: absolute; left: -2px; right: -2px; height: var(--row); border: 2px solid var(--one); border-radius: 2px; }
.atl-attention .columns { display: flex; align-items: end; height: var(--top); padding-bottom: 2px; }
.atl-attention .columns span { flex: 1 1 0; min-width: 0; display: flex; justify-content: center; }
.atl-attention .columns bdi { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 72px; overflow: hidden; font-size: 12px; line-height: 1; }
.atl.atl-attention ul.asked { list-style: none; margin: 0; padding: 0; min-width: 0; }
.atl.atl-attention ul.asked li { position: relative; display: flex; justify-content: space-between; gap: 0.4rem; height: var(--row); margin: 0;
  padding: 0 0 4px 0.4rem; line-height: calc(var(--row) - 5px); white-space: nowrap; }
.atl-attention .asked bdi { overflow: hidden; text-overflow: ellipsis; }
.atl-attention .asked span { font-variant-numeric: tabular-nums; }
.atl-attention .asked li.most { font-weight: 650; }
.atl-attention .asked i { position: absolute; left: 0.4rem; right: 0; bottom: 1px; height: 4px; background: linear-gradient(var(--one), var(--one)) left / 0 100% no-repeat var(--panel); }
.atl-attention .note { color: var(--soft); font-size: 13px; }
.atl.atl-attention { position: relative; }
.atl-attention .wait { position: absolute; top: 0.6rem; right: 1rem; left: 12rem; text-align: right; font-size: 13px; font-style: italic; }
.atl-attention .which { font-weight: 600; overflow-wrap: anywhere; }
.atl-attention .all { display: grid; grid-template-columns: auto repeat(var(--heads), minmax(0, 1fr)); gap: 4px; align-items: center; max-width: 38rem; font-size: 12px; color: var(--soft); }
.atl-attention .all span { text-align: center; line-height: 1.1; }
.atl.atl-attention .all button { padding: 0; min-height: 0; border: 1px solid var(--line); border-radius: 2px; background: none; display: flex; gap: 1px; overflow: hidden; }
.atl-attention .all canvas { aspect-ratio: 1; flex: 1 1 0; min-width: 0; }
.atl-attention .all canvas.fine { image-rendering: auto; }
.atl.atl-attention .all button[aria-pressed="true"] { outline: none; overflow: visible; box-shadow: 0 0 0 1px var(--paper), 0 0 0 4px var(--two); }
.atl.atl-attention button:focus-visible { outline: 3px solid var(--focus); outline-offset: 1px; z-index: 1; }
@container (max-width: 44rem) {
  .atl-attention .board, .atl-attention .two .panels { grid-template-columns: minmax(0, 1fr); }
}
`;
// Thin lines of like weight are one path: two thousand elements would make each move slow.
const THIN = [[0.05, 0.1, 0.1], [0.1, 0.2, 0.16], [0.2, 0.4, 0.26], [0.4, 0.7, 0.4], [0.7, 2, 0.55]];
const ROW = 10;
const NOTHING_TYPED = "The sentence is empty: type one with a word in it.";

/** A head's weights as a square of points, the darker the larger. `power` below 1 makes small ones darker. */
function shade(canvas, weights, from, length, power = 1) {
  canvas.width = canvas.height = length;
  const context = canvas.getContext("2d");
  const image = context.createImageData(length, length);
  for (let place = 0; place < length * length; place++) image.data[4 * place + 3] = Math.round(255 * weights[from + place] ** power);
  context.putImageData(image, 0, 0);
}

/** One sentence: who asks, lines or a heat map, and who is asked, with numbers. */
function panel({ tokens, name, cut, weights }, heads, alone, choose) {
  const length = tokens.length;
  const asks = tokens.map((token, place) => h("button", {
    type: "button", dir: "auto", "aria-label": `${token}, place ${place}`, title: token,
    onpointermove: () => choose(place), onclick: () => choose(place),
  }, token));
  const hold = roving(asks, 1, choose);
  const thin = THIN.map(([, , opacity]) => s("path", { "stroke-opacity": opacity, "stroke-width": 1 }));
  const rays = tokens.map((_, place) => s("line", { x1: 0, x2: 100, y2: (place + 0.5) * ROW }));
  const lines = s("svg", { viewBox: `0 0 100 ${ROW * length}`, preserveAspectRatio: "none", "aria-hidden": "true" }, thin, rays);
  const canvas = h("canvas", { "aria-hidden": "true" });
  const mark = h("div", { class: "mark" });
  const map = h("div", {}, canvas, mark);
  const middle = h("div", { class: "middle", onpointermove: (event) => {
    const box = middle.getBoundingClientRect();
    if (!map.hidden) choose(Math.max(0, Math.min(length - 1, Math.floor(((event.clientY - box.top) / box.height) * length))));
  } }, lines, map);
  const asked = tokens.map((token) => {
    const [number, bar] = [h("span"), h("i", { "aria-hidden": "true" })];
    return { number, bar, line: h("li", {}, h("bdi", { title: token }, token), number, bar) };
  });
  const columns = h("div", { class: "columns", "aria-hidden": "true" }, tokens.map((token) => h("span", {}, h("bdi", {}, token))));
  const grid = h("div", { class: "panel" },
    h("div", { class: "caption" }, "asks"), columns, h("div", { class: "caption" }, "is asked"),
    h("div", { class: "asks", role: "group", "aria-label": "the token that asks" }, asks), middle,
    h("ul", { class: "asked", "aria-label": "what it attends to" }, asked.map(({ line }) => line)));
  // With many tokens the columns are too narrow for names. They come in the order of the rows.
  const nameable = length <= (alone ? 20 : 12);
  grid.classList.toggle("many", length > 24);
  grid.classList.toggle("named", nameable);
  const entropy = h("p", { class: "note" });
  const table = numbersTable("What every token attends to", ["asks", "most", "then", "then", "entropy"]);
  const node = h("div", {}, alone ? null : h("p", { class: "which" }, h("bdi", {}, name)),
    cut ? h("p", { class: "note" }, cut) : null, grid, entropy, table.node);
  let drawn = "";
  let now = {};

  function fillTable() {
    if (!table.node.open) return;
    table.put(tokens.map((token, place) => {
      const row = rowOf(weights, length, heads, now.layer, now.head, place);
      const top = largestFirst(row).slice(0, 3).map((other) => `${tokens[other]} ${fixed(row[other], 2)}`);
      return [`${place} ${token}`, ...top, ...Array(3 - top.length).fill(""), fixed(entropyOf(row), 2)];
    }));
  }
  table.node.addEventListener("toggle", fillTable);

  function drawHead(layer, head, look) {
    const from = start(length, heads, layer, head);
    const isMap = look === "heat map";
    lines.toggleAttribute("hidden", isMap);
    map.hidden = !isMap;
    columns.style.visibility = isMap && nameable ? "visible" : "hidden";
    grid.classList.toggle("map", isMap);
    if (isMap) shade(canvas, weights, from, length);
    else {
      const parts = THIN.map(() => []);
      for (let place = 0; place < length * length; place++) {
        const share = weights[from + place];
        const bin = THIN.findIndex(([low, high]) => share >= low && share < high);
        if (bin >= 0) parts[bin].push(`M0 ${(Math.floor(place / length) + 0.5) * ROW}L100 ${((place % length) + 0.5) * ROW}`);
      }
      parts.forEach((part, bin) => thin[bin].setAttribute("d", part.join("")));
    }
    fillTable();
  }

  function draw({ layer, head, look }, { token, row, order, entropy: spread }) {
    now = { layer, head };
    if (drawn !== `${layer} ${head} ${look}`) drawHead(layer, head, look);
    drawn = `${layer} ${head} ${look}`;
    hold(token);
    asks.forEach((button, place) => button.setAttribute("aria-pressed", place === token));
    mark.style.top = `calc(var(--row) * ${token})`;
    row.forEach((share, place) => {
      set(rays[place], { y1: (token + 0.5) * ROW, "stroke-width": 0.5 + 7 * share, "stroke-opacity": share < 0.005 ? 0 : 0.15 + 0.85 * share });
      asked[place].number.textContent = fixed(share, 2);
      asked[place].bar.style.backgroundSize = `${100 * share}% 100%`;
      asked[place].line.className = place === order[0] ? "most" : "";
    });
    entropy.textContent = `Entropy of this row: ${fixed(spread, 2)}. If all ${length} got the same, ${fixed(Math.log(length), 2)}.`;
  }
  return { node, draw };
}

/** All heads of all layers, small. `put(sentences)` draws them, once for a sentence; `choose` marks one. */
function overview(layers, heads, oninput) {
  const shownNow = h("p", {});
  const buttons = [];
  const grid = h("div", { class: "all", role: "group", "aria-label": "all layers and heads", style: `--heads: ${heads}` },
    h("span", { "aria-hidden": "true" }, "head"), Array.from({ length: heads }, (_, head) => h("span", { "aria-hidden": "true" }, head)));
  for (let layer = 1; layer <= layers; layer++) {
    grid.append(h("span", { "aria-hidden": "true" }, `layer ${layer}`));
    for (let head = 0; head < heads; head++) {
      const name = `layer ${layer}, head ${head}`;
      const button = h("button", { type: "button", "aria-label": name, title: name, onclick: () => oninput(layer, head) });
      buttons.push(button);
      grid.append(button);
    }
  }
  const hold = roving(buttons, heads);
  const put = (sentences) => buttons.forEach((button, index) => {
    const maps = sentences.map(({ tokens, weights }) => {
      // More points than the small picture has: averaged, or else a stripe could fall between them.
      const canvas = h("canvas", { "aria-hidden": "true", class: tokens.length > 14 ? "fine" : null });
      shade(canvas, weights, index * tokens.length ** 2, tokens.length, 0.6);
      return canvas;
    });
    button.replaceChildren(...maps);
  });
  const choose = (layer, head) => {
    const index = (layer - 1) * heads + head;
    buttons.forEach((button, place) => button.setAttribute("aria-pressed", place === index));
    hold(index);
    shownNow.textContent = `All ${layers * heads} heads, a layer in each row. Marked: layer ${layer}, head ${head}.`;
  };
  return { node: h("div", {}, shownNow, grid), put, choose };
}

/** A line to type a sentence in. It goes to the kernel when typing pauses, or on Enter. */
function typed(label, value, send) {
  let timer = 0;
  const now = () => {
    clearTimeout(timer);
    send(line.input.value.toWellFormed?.() ?? line.input.value);
  };
  const line = textline({ label, value, oninput: () => {
    clearTimeout(timer);
    timer = setTimeout(now, 300);
  } });
  line.input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") now();
  });
  return { ...line, stop: () => clearTimeout(timer) };
}

function render({ model, el }) {
  const { root, controls, stage, says, problem } = frame(
    el,
    "What the heads look at",
    "Type a sentence. Choose a layer and a head, or click on a small picture: Tab to them, move with the arrow keys, choose " +
      "with Enter. Then point at a token on the left, or Tab to it and move with the up and down arrow keys: on the right stands " +
      "how much of its attention goes to each token. Layers are counted from 1; heads and places from 0.",
  );
  root.classList.add("atl-attention");
  root.prepend(h("style", {}, STYLE));
  const { layers, heads } = model.get("data");
  if (!layers) return hearProblems(model, problem);

  const state = shared(model, ["text", "second", "layer", "head", "look", "places"], draw);
  const names = ["text", "second"];
  const last = { ...state.values };
  const awaited = new Map();
  let patience = 0;
  const wait = h("p", { class: "wait", role: "status" });
  const fields = names.map((name, which) =>
    typed(["sentence", "second sentence"][which], state.values[name] ?? "", (text) => send(name, text)));
  const layer = choice({
    label: "layer", options: Array.from({ length: layers }, (_, n) => [String(n + 1), n + 1]), value: state.values.layer,
    oninput: (value) => state.change({ layer: Number(value) }),
  });
  const head = choice({
    label: "head", options: Array.from({ length: heads }, (_, n) => [String(n), n]), value: state.values.head,
    oninput: (value) => state.change({ head: Number(value) }),
  });
  const look = choice({
    label: "look", options: [["lines", "lines"], ["heat map", "heat map"]], value: state.values.look,
    oninput: (value) => state.change({ look: value }),
  });
  controls.append(...fields.map((field) => field.node), layer.node, head.node, look.node, wait);
  const all = overview(layers, heads, (newLayer, newHead) => state.change({ layer: newLayer, head: newHead }));
  const panelsBox = h("div", { class: "panels" });
  const board = h("div", { class: "board" }, panelsBox, all.node);
  stage.append(board);
  let sentences = [];
  let panels = [];

  function send(name, text) {
    if (!text.trim()) return problem(NOTHING_TYPED);
    problem(model.get("problem"));
    if (text === state.values[name]) return;
    last[name] = text;
    awaited.set(name, text);
    clearTimeout(patience);
    wait.textContent = "The kernel is computing …";
    patience = setTimeout(() => {
      wait.textContent = "The kernel is computing … It may be busy with another cell.";
    }, 2000);
    state.change({ [name]: text });
  }

  function hearAnswer() {
    names.forEach((name, which) => {
      if (awaited.get(name) === model.get("answered")[which]) awaited.delete(name);
    });
    if (awaited.size) return;
    clearTimeout(patience);
    wait.textContent = "";
  }

  function build() {
    sentences = model.get("data").sentences.map((one) => ({ ...one, weights: numbers(one.weights, Float32Array) }));
    const alone = sentences.length === 1;
    board.classList.toggle("two", !alone);
    fields[1].node.hidden = alone;
    panels = sentences.map((one, which) => panel(one, heads, alone, (place) => {
      const places = sentences.map((_, other) => (other === which ? place : state.values.places[other] ?? 1));
      if (places[which] !== state.values.places[which]) state.change({ places });
    }));
    panelsBox.replaceChildren(...panels.map(({ node }) => node));
    all.put(sentences);
  }

  function draw() {
    const { values } = state;
    names.forEach((name, which) => {
      if (values[name] !== last[name]) fields[which].put(values[name] ?? "");
      last[name] = values[name];
    });
    layer.put(values.layer);
    head.put(values.head);
    look.put(values.look);
    all.choose(values.layer, values.head);
    const given = { sentences, heads, layer: values.layer, head: values.head, places: values.places };
    view(given).sentences.forEach((row, which) => panels[which].draw(values, row));
    says(sentence(given));
  }
  const hearData = () => {
    build();
    draw();
  };
  build();
  draw();
  model.on("change:data", hearData);
  model.on("change:answered", hearAnswer);
  const deaf = hearProblems(model, problem);
  return () => {
    fields.forEach((field) => field.stop());
    clearTimeout(patience);
    model.off("change:data", hearData);
    model.off("change:answered", hearAnswer);
    state.forget();
    deaf();
  };
}

export default { render };
