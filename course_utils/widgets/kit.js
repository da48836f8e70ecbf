// What every explorer is built from. An explorer's own file follows this text in the same module, so it uses these
// functions without importing them. Nothing here talks to another host.

const SVG = "http://www.w3.org/2000/svg";
const FOCUSABLE = new Set(["a", "button", "input", "select", "summary", "textarea"]);

/** An id that no other view on the page has. */
export function fresh(stem) {
  return `atl-${stem}-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;
}

/** An HTML element. `on…` attributes are listeners, `false` and `null` leave an attribute out. */
export function h(tag, attributes = {}, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

/** An SVG element, by the same rules. */
export function s(tag, attributes = {}, ...children) {
  return furnish(document.createElementNS(SVG, tag), attributes, children);
}

function furnish(node, attributes, children) {
  set(node, attributes);
  // JupyterLab takes arrow keys, Enter and letters for itself unless the focused element says that it needs them.
  if (FOCUSABLE.has(node.localName) || node.hasAttribute("tabindex")) node.dataset.lmSuppressShortcuts = "true";
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** Change attributes of an element that is there. */
export function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === null || value === undefined || value === false) node.removeAttribute(name);
    else node.setAttribute(name, value === true ? "" : value);
  }
  return node;
}

/**
 * The frame of an explorer: title, controls, stage, what it says, a line for problems, and how to use it.
 * `says(text)` writes the text equivalent of the picture; a screen reader hears it once the moves have stopped.
 * `problem(text)` shows what is wrong with an input, or clears it.
 */
export function frame(el, title, howTo) {
  const id = fresh("title");
  const controls = h("div", { class: "atl-controls" });
  const stage = h("div", { class: "atl-stage" });
  const words = h("p", { class: "atl-says" });
  const heard = h("p", { class: "atl-heard", role: "status" });
  const wrong = h("p", { class: "atl-problem", role: "alert", hidden: true });
  const root = h(
    "section",
    { class: "atl", "aria-labelledby": id },
    h("p", { class: "atl-title", id }, title),
    controls,
    wrong,
    stage,
    words,
    heard,
    h("details", { class: "atl-how" }, h("summary", {}, "How to use this"), h("p", {}, howTo)),
  );
  el.replaceChildren(root);
  let later = 0;
  function says(text) {
    words.textContent = text;
    clearTimeout(later);
    later = setTimeout(() => (heard.textContent = text), 600);
  }
  function problem(text) {
    if (wrong.textContent === text) return;
    wrong.textContent = text;
    wrong.hidden = !text;
  }
  return { root, controls, stage, says, problem };
}

/**
 * The values that browser and kernel share, as a plain object. `change` draws at once; the kernel is told when the
 * moves have stopped, so that a busy kernel holds nothing up. A value that Python sets is drawn too.
 */
export function shared(model, names, draw) {
  const values = Object.fromEntries(names.map((name) => [name, model.get(name)]));
  const waiting = new Set();
  let timer = 0;
  function tell() {
    for (const name of waiting) model.set(name, values[name]);
    waiting.clear();
    model.save_changes();
  }
  function change(news) {
    for (const [name, value] of Object.entries(news)) {
      values[name] = value;
      waiting.add(name);
    }
    draw();
    clearTimeout(timer);
    timer = setTimeout(tell, 80);
  }
  const heard = names.map((name) => {
    const hear = () => {
      if (waiting.has(name) || JSON.stringify(model.get(name)) === JSON.stringify(values[name])) return;
      values[name] = model.get(name);
      draw();
    };
    model.on(`change:${name}`, hear);
    return [`change:${name}`, hear];
  });
  const forget = () => {
    clearTimeout(timer);
    heard.forEach(([event, hear]) => model.off(event, hear));
  };
  return { values, change, forget };
}

/** Show what Python found wrong with an input, now and later. Gives back a function that stops it. */
export function hearProblems(model, problem) {
  const hear = () => problem(model.get("problem"));
  model.on("change:problem", hear);
  hear();
  return () => model.off("change:problem", hear);
}

/** A labelled slider with its value beside it. `show` turns the number into what is read; `put` moves it. A `quiet`
 * label is for screen readers only, where a table's row says the same to the eye. */
export function slider({ label, min, max, step, value, show = String, quiet = false, oninput }) {
  const id = fresh("slider");
  const output = h("output", { for: id });
  const input = h("input", { type: "range", id, min, max, step, value });
  const put = (number) => {
    input.value = number;
    output.textContent = show(number);
    input.setAttribute("aria-valuetext", show(number));
  };
  input.addEventListener("input", () => {
    put(Number(input.value));
    oninput(Number(input.value));
  });
  put(value);
  const node = h("div", { class: "atl-field" }, h("label", { for: id, class: quiet ? "atl-heard" : null }, label), input, output);
  return { node, input, put };
}

/** A labelled choice. `options` are [value, text] pairs; values are strings. */
export function choice({ label, options, value, oninput }) {
  const id = fresh("choice");
  const input = h("select", { id, oninput: () => oninput(input.value) });
  for (const [key, text] of options) input.append(h("option", { value: key }, text));
  const put = (key) => (input.value = key);
  put(value);
  return { node: h("div", { class: "atl-field" }, h("label", { for: id }, label), input), input, put };
}

/** A labelled box to tick. */
export function tick({ label, value, oninput }) {
  const id = fresh("tick");
  const input = h("input", { type: "checkbox", id, oninput: () => oninput(input.checked) });
  const put = (on) => (input.checked = on);
  put(value);
  return { node: h("div", { class: "atl-field" }, input, h("label", { for: id }, label)), input, put };
}

/** A labelled line of text. It writes from right to left by itself where the text does. */
export function textline({ label, value, oninput }) {
  const id = fresh("text");
  const input = h("input", {
    type: "text", id, dir: "auto", spellcheck: "false", autocomplete: "off", oninput: () => oninput(input.value),
  });
  const put = (text) => {
    if (input.value !== text) input.value = text;
  };
  put(value);
  return { node: h("div", { class: "atl-field atl-wide" }, h("label", { for: id }, label), input), input, put };
}

/** A picture in SVG. `tell(text)` gives its text equivalent. */
export function picture(width, height, name) {
  const title = s("title", {}, name);
  const node = s("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", class: "atl-picture" }, title);
  set(node, { "aria-label": name });
  const tell = (text) => {
    title.textContent = text;
    node.setAttribute("aria-label", text);
  };
  return { node, tell };
}

/**
 * A picture with axes. `x` and `y` are { min, max, label, ticks, show }; ticks may be left out. Draw into `inside`, with
 * `X` and `Y` to place things. `axes(x, y)` changes the axes; what was drawn inside is the caller's to draw again.
 */
export function chart({ name, width = 640, height = 260, x, y }) {
  const { node, tell } = picture(width, height, name);
  const [left, right, top, bottom] = [58, 18, 14, 44];
  const scale = s("g", { "aria-hidden": "true" });
  const inside = s("g", { "aria-hidden": "true" });
  node.append(scale, inside);
  let across = x;
  let up = y;
  const X = (value) => left + ((value - across.min) / (across.max - across.min)) * (width - left - right);
  const Y = (value) => height - bottom - ((value - up.min) / (up.max - up.min)) * (height - top - bottom);
  function axes(newX, newY) {
    across = newX;
    up = newY;
    const parts = [
      s("line", { x1: left, x2: width - right, y1: height - bottom, y2: height - bottom, class: "atl-axis" }),
      s("line", { x1: left, x2: left, y1: top, y2: height - bottom, class: "atl-axis" }),
      s("text", { x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle", class: "soft" }, across.label),
      s("text", { x: 12, y: (top + height - bottom) / 2, "text-anchor": "middle", class: "soft",
        transform: `rotate(-90 12 ${(top + height - bottom) / 2})` }, up.label),
    ];
    for (const tick of across.ticks ?? ticks(across.min, across.max)) {
      parts.push(s("text", { x: X(tick), y: height - bottom + 16, "text-anchor": "middle" }, (across.show ?? short)(tick)));
      parts.push(s("line", { x1: X(tick), x2: X(tick), y1: height - bottom, y2: height - bottom + 4, class: "atl-axis" }));
    }
    for (const tick of up.ticks ?? ticks(up.min, up.max)) {
      parts.push(s("text", { x: left - 7, y: Y(tick) + 4, "text-anchor": "end" }, (up.show ?? short)(tick)));
      parts.push(s("line", { x1: left, x2: width - right, y1: Y(tick), y2: Y(tick), class: "atl-grid" }));
    }
    scale.replaceChildren(...parts);
  }
  axes(x, y);
  return { node, tell, inside, X, Y, axes };
}

/** About five round numbers from `min` to `max`. */
export function ticks(min, max, count = 5) {
  const rough = (max - min) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough * 0.999) ?? 10 * power;
  const found = [];
  for (let n = Math.ceil(min / step - 1e-9); n * step <= max + step * 1e-9; n++) found.push(n * step);
  return found;
}

/** A number as an axis shows it: no more digits than it needs. */
export function short(number) {
  return String(Number(number.toPrecision(6)));
}

/** The `d` of an SVG path through points [x, y], in the picture's units. */
export function through(points) {
  return points.map(([x, y], place) => `${place ? "L" : "M"}${x.toFixed(2)} ${y.toFixed(2)}`).join("");
}

/** A table that says a picture's numbers, folded away under `summary`. `put(rows)` fills it; cells are texts. */
export function numbersTable(summary, head) {
  const body = h("tbody");
  const node = h("details", { class: "atl-how" }, h("summary", {}, summary),
    h("div", { class: "atl-scroll", tabindex: "0", role: "region", "aria-label": summary },
      h("table", {}, h("thead", {}, h("tr", {}, head.map((text) => h("th", { scope: "col" }, text)))), body)));
  let rows = [];
  const fill = () => body.replaceChildren(...rows.map(([first, ...rest]) =>
    h("tr", {}, h("th", { scope: "row" }, first), rest.map((text) => h("td", {}, text)))));
  node.addEventListener("toggle", fill);
  // Filled only while it is open: writing a table at every move would cost more than drawing the picture.
  const put = (news) => {
    rows = news;
    if (node.open) fill();
  };
  return { node, put };
}

/** A number with a fixed count of digits; "nan", "inf" and "-inf" by name; no minus before a zero. */
export function fixed(number, digits) {
  if (Number.isNaN(number)) return "nan";
  if (!Number.isFinite(number)) return number > 0 ? "inf" : "-inf";
  const text = number.toFixed(digits);
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text;
}

/** Bytes from Python as numbers. They come as a DataView that need not lie where a typed array may begin. */
export function numbers(bytes, Kind) {
  if (!bytes) return new Kind(0);
  return new Kind(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** Let the arrow keys, Home and End move the focus in a grid of elements, of which one at a time can be tabbed to. */
export function roving(items, columns, onfocus = () => {}) {
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
  const hold = (index) => {
    items.forEach((item, place) => item.setAttribute("tabindex", place === index ? "0" : "-1"));
  };
  items.forEach((item, index) => {
    item.dataset.lmSuppressShortcuts = "true";
    item.addEventListener("focus", () => {
      hold(index);
      onfocus(index);
    });
    item.addEventListener("keydown", (event) => {
      let next = index + (steps[event.key] ?? 0);
      if (event.key === "Home") next = 0;
      if (event.key === "End") next = items.length - 1;
      if (next === index || next < 0 || next >= items.length) return;
      event.preventDefault();
      items[next].focus();
    });
  });
  hold(0);
  return hold;
}
