// TokenizerExplorer: a text to type, and the pieces, ids, types, mask and offsets that BERT's tokenizer makes of it.
// Positions are counted in code points throughout, as Python counts.

const POSITIONS = 512; // pieces that the model can read at most
const LONGEST_TEXT = 100000; // characters
const LONGEST_WORD = 100; // characters; a longer word is [UNK]
const SPECIAL = /\[(?:PAD|UNK|CLS|SEP|MASK)\]/g;

// The library's tables of characters are older than the browser's. Where they differ, the library is followed, in
// ranges of hexadecimal code points. First what it takes for letters, and the browser for marks, for something
// invisible, or for something to be taken apart.
const KEPT = codePoints(
  "7fd 890-891 897-89f 8ca-8e2 9fe afa-aff b55 c04 c3c d00 d3b-d3c d81 eba ece 180f 1885-1886 1abf-1add 1ae0-1aeb " +
  "1df6-1dfb a82c a8c5 a8ff a9bd 105c9 105e4 10d24-10d27 10d69-10d6d 10eab-10eac 10efa-10eff 10f46-10f50 " +
  "10f82-10f85 11070 11073-11074 110c2 110cd 111c9 111cf 1123e 11241 1133b 11383 11385 1138e 11391 113bb-113c0 " +
  "113c5 113c7-113c8 113ce 113d0 113d2 113e1-113e2 11438-1143f 11442-11444 11446 1145e 1182f-11837 11839-1183a " +
  "11938 1193b-1193c 1193e 11943 119d4-119d7 119da-119db 119e0 11a01-11a0a 11a33-11a38 11a3b-11a3e 11a47 " +
  "11a51-11a56 11a59-11a5b 11a8a-11a96 11a98-11a99 11b60 11b62-11b64 11b66 11c30-11c36 11c38-11c3d 11c3f " +
  "11c92-11ca7 11caa-11cb0 11cb2-11cb3 11cb5-11cb6 11d31-11d36 11d3a 11d3c-11d3d 11d3f-11d45 11d47 11d90-11d91 " +
  "11d95 11d97 11ef3-11ef4 11f00-11f01 11f36-11f3a 11f40 11f42 11f5a 13430-13440 13447-13455 1611e-16129 " +
  "1612d-1612f 16d68-16d6a 16f4f 16fe4 1cf00-1cf2d 1cf30-1cf46 1e000-1e006 1e008-1e018 1e01b-1e021 1e023-1e024 " +
  "1e026-1e02a 1e08f 1e130-1e136 1e2ae 1e2ec-1e2ef 1e4ec-1e4ef 1e5ee-1e5ef 1e6e3 1e6e6 1e6ee-1e6ef 1e6f5 " +
  "1e944-1e94a",
);
// What is a mark to the library alone.
const MARKS = codePoints("1734 1171e");
// What is punctuation to the browser alone, and to the library alone.
const NO_PUNCTUATION = codePoints(
  "61d 9fd a76 c77 c84 1b4e-1b4f 1b7d-1b7f 2e43-2e4f 2e52-2e5d 10d6e 10ead 10ed0 10f55-10f59 10f86-10f89 " +
  "113d4-113d5 113d7-113d8 1144b-1144f 1145a-1145b 1145d 11660-1166c 116b9 1183b 11944-11946 119e2 11a3f-11a46 " +
  "11a9a-11a9c 11a9e-11aa2 11b00-11b09 11be1 11c41-11c45 11c70-11c71 11ef7-11ef8 11f43-11f4f 11fff 12ff1-12ff2 " +
  "16d6d-16d6f 16e97-16e9a 16fe2 1e5ff 1e95e-1e95f",
);
const PUNCTUATION = codePoints("166d 111c9");

// Code points of Chinese characters, as the library has them: 2b920 is its slip for 2b820.
const IDEOGRAPHS = [
  [0x3400, 0x4dbf], [0x4e00, 0x9fff], [0xf900, 0xfaff], [0x20000, 0x2a6df], [0x2a700, 0x2b81f], [0x2b920, 0x2ceaf],
  [0x2f800, 0x2fa1f],
];

function codePoints(ranges) {
  const found = new Set();
  for (const range of ranges.split(" ")) {
    const [first, last] = range.split("-").map((text) => parseInt(text, 16));
    for (let point = first; point <= (last ?? first); point++) found.add(point);
  }
  return found;
}

/** A function of one character that remembers what it gave: a text has few different ones. */
function remembered(compute) {
  const known = new Map();
  return (char) => {
    let value = known.get(char);
    if (value === undefined) known.set(char, (value = compute(char, char.codePointAt(0))));
    return value;
  };
}

const isKept = remembered((char, point) => KEPT.has(point));
const isMark = remembered((char, point) => MARKS.has(point) || (/^\p{Mn}$/u.test(char) && !isKept(char)));
const isPunctuation = remembered(
  (char, point) => PUNCTUATION.has(point) || (/^[\p{P}$+<=>^`|~]$/u.test(char) && !NO_PUNCTUATION.has(point)),
);
const isIdeograph = remembered((char, point) => IDEOGRAPHS.some(([first, last]) => point >= first && point <= last));
const isDropped = remembered(
  (char) => !/^[\t\n\r]$/.test(char) && !isKept(char) && /^[\p{Cc}\p{Cf}\p{Co}\ufffd]$/u.test(char),
);
const isSpace = remembered((char) => /^\p{White_Space}$/u.test(char));
const decomposed = remembered((char) => (isKept(char) ? [char] : Array.from(char.normalize("NFD"))));
const lowered = remembered((char) => char.toLowerCase());

/** What is seen of characters `start` to `end`, in lower case and without accents: `out`, and where each came from. */
function normalized(chars, start, end) {
  const seen = [];
  const from = [];
  const put = (char, place) => {
    seen.push(char);
    from.push(place);
  };
  for (let place = start; place < end; place++) {
    const char = chars[place];
    if (isDropped(char)) continue;
    if (isSpace(char)) put(" ", place);
    else if (isIdeograph(char)) [" ", char, " "].forEach((part) => put(part, place));
    else put(char, place);
  }
  const out = [];
  const at = [];
  let source = 0;
  for (const { char, added } of withoutComposites(seen)) {
    // The library counts on through the decomposed text: a mark that moved takes the place of the one it changed with.
    if (!added) source += 1;
    if (isMark(char)) continue;
    out.push(lowered(char));
    at.push(from[Math.max(source - 1, 0)]);
  }
  return { out, at };
}

/** Letters taken apart, marks in the order of NFD. `added` are the characters that there are more now. */
function withoutComposites(seen) {
  const parts = [];
  let run = [];
  const close = () => {
    parts.push(...inOrder(run));
    run = [];
  };
  for (const char of seen) {
    if (isKept(char)) {
      close();
      parts.push({ char, added: false });
    } else decomposed(char).forEach((part, index) => run.push({ char: part, added: index > 0 }));
  }
  close();
  return parts;
}

function inOrder(parts) {
  const typed = parts.map((part) => part.char).join("");
  const sorted = typed.normalize("NFD");
  if (sorted === typed) return parts;
  const used = new Set();
  let first = 0;
  return Array.from(sorted).map((char) => {
    let place = first;
    while (used.has(place) || parts[place].char !== char) place += 1;
    used.add(place);
    while (used.has(first)) first += 1;
    return parts[place];
  });
}

/** The words of characters `start` to `end`: lists of characters, and of the places where these came from. */
function wordsOf(chars, start, end) {
  const { out, at } = normalized(chars, start, end);
  const words = [];
  let open = null;
  out.forEach((char, index) => {
    if (char === " ") {
      open = null;
      return;
    }
    const alone = isPunctuation(char);
    if (!open || alone) words.push((open = { chars: [], at: [] }));
    open.chars.push(char);
    open.at.push(at[index]);
    if (alone) open = null;
  });
  return words;
}

/** The pieces of a word as [piece, first, last], places within the word: at each the longest that there is. */
function wordpiece(chars, { ids, longest }) {
  const unknown = [["[UNK]", 0, chars.length - 1]];
  if (chars.length > LONGEST_WORD) return unknown;
  const pieces = [];
  let start = 0;
  while (start < chars.length) {
    let end = Math.min(chars.length, start + longest);
    let piece = (start ? "##" : "") + chars.slice(start, end).join("");
    while (end > start && !ids.has(piece)) {
      end -= 1;
      piece = piece.slice(0, -chars[end].length);
    }
    if (end === start) return unknown;
    pieces.push([piece, start, end - 1]);
    start = end;
  }
  return pieces;
}

/** All pieces of one text, without those that are added. */
function tokensOf(text, table, sequence) {
  const chars = Array.from(text);
  const tokens = [];
  let word = 0;
  const put = (piece, start, end) => tokens.push({ piece, id: table.ids.get(piece), start, end, word, sequence });
  const cut = (start, end) => {
    for (const { chars: letters, at } of wordsOf(chars, start, end)) {
      for (const [piece, first, last] of wordpiece(letters, table)) put(piece, at[first], at[last] + 1);
      word += 1;
    }
  };
  let done = 0;
  let units = 0;
  // Special pieces that are typed stay whole, as they are written.
  for (const { 0: piece, index } of text.matchAll(SPECIAL)) {
    const start = done + Array.from(text.slice(units, index)).length;
    cut(done, start);
    put(piece, start, start + piece.length);
    word += 1;
    done = start + piece.length;
    units = index + piece.length;
  }
  cut(done, chars.length);
  return { chars, tokens };
}

let learnt = { vocabulary: null };

/** The ids of all pieces, and the length of the longest: no longer beginning of a word need be looked up. */
function known(vocabulary) {
  if (learnt.vocabulary !== vocabulary) {
    const pieces = vocabulary.split("\n");
    const longest = pieces.reduce((most, piece) => Math.max(most, piece.length), 0);
    learnt = { vocabulary, ids: new Map(pieces.map((piece, id) => [piece, id])), longest };
  }
  return learnt;
}

/** The same as `_fit_together` in Python. */
function fitTogether(length, pair, max_length, truncation, windows, stride) {
  if (length > LONGEST_TEXT) {
    throw new Error(`The explorer takes up to ${LONGEST_TEXT.toLocaleString("en-US")} characters. These are ` +
      `${length.toLocaleString("en-US")}: give a part of them.`);
  }
  const limit = max_length ?? POSITIONS;
  const specials = pair ? 3 : 2;
  if (truncation && limit < specials) {
    throw new Error(`max_length = ${limit} has no room for the ${specials} special pieces: give ${specials} or more.`);
  }
  if (!windows) return;
  if (!truncation) throw new Error("Windows hold what truncation would cut off: switch truncation on.");
  if (pair) throw new Error("Windows are of one text here: switch the second text off, or the windows.");
  if (stride >= limit - specials) {
    throw new Error(`With max_length = ${limit} a window has room for ${limit - specials} pieces of text, and neighbours ` +
      `are to share ${stride} of them: there is no step forward. Make stride smaller or max_length larger.`);
  }
}

/** How many pieces each text keeps. */
function kept([first, second], pair, limit, truncation) {
  const room = limit - (pair ? 3 : 2);
  const surplus = first + second - room;
  if (!truncation || surplus <= 0) return [first, second];
  if (truncation === "only_first" || truncation === "only_second") {
    if (truncation === "only_second" && !pair) {
      throw new Error("There is no second text to cut: write one, or choose another truncation.");
    }
    const [which, length] = truncation === "only_first" ? ["first", first] : ["second", second];
    if (length < surplus || (pair && length === surplus)) {
      throw new Error(`${surplus} pieces are too many, and the ${which} text has only ${length}: make max_length larger, ` +
        "or cut the longest first.");
    }
    return truncation === "only_first" ? [first - surplus, second] : [first, second - surplus];
  }
  const shorter = Math.min(first, second, Math.floor(room / 2));
  return first > second ? [room - shorter, shorter] : [shorter, room - shorter];
}

/** What is shown, and the characters and pieces of both texts before anything is cut. */
function analysed({ vocabulary, text, pair, max_length, padding, truncation, windows, stride }) {
  const table = known(vocabulary);
  const { ids } = table;
  const limit = max_length ?? POSITIONS;
  // Counted in UTF-16 first: what is too long even so is too long to be taken apart.
  const size = (string) => (string.length > 2 * LONGEST_TEXT ? string.length : Array.from(string).length);
  fitTogether(size(text) + size(pair ?? ""), pair, max_length, truncation, windows, stride);
  const texts = [tokensOf(text, table, 0), tokensOf(pair || "", table, 1)];
  const [first, second] = texts.map(({ tokens }) => tokens);
  const keep = kept([first.length, second.length], pair, limit, truncation);
  const fill = padding ? limit : 0;
  let rows;
  let cut = [];
  if (windows && first.length > limit - 2) {
    rows = [];
    const room = limit - 2;
    for (let start = 0; !rows.length || start + stride < first.length; start += room - stride) {
      rows.push(row(first.slice(start, start + room), null, ids, fill));
    }
  } else {
    rows = [row(first.slice(0, keep[0]), pair ? second.slice(0, keep[1]) : null, ids, fill)];
    cut = [...first.slice(keep[0]), ...second.slice(keep[1])];
  }
  const shown = {
    rows,
    words: [first, second].flatMap(grouped),
    cut: {
      pieces: cut.map((token) => token.piece),
      ids: cut.map((token) => token.id),
      offsets: cut.map((token) => [token.start, token.end]),
      words: cut.map((token) => token.word),
      sequences: cut.map((token) => token.sequence),
    },
    shared: rows.length > 1 ? stride : 0,
  };
  return { shown, texts };
}

/** [CLS] first [SEP], or [CLS] first [SEP] second [SEP], filled up to `fill` pieces. */
function row(first, second, ids, fill) {
  const made = { pieces: [], ids: [], types: [], mask: [], offsets: [], words: [], sequences: [], special: [] };
  const put = (piece, type, token, mask = 1) => {
    made.pieces.push(piece);
    made.ids.push(ids.get(piece));
    made.types.push(type);
    made.mask.push(mask);
    made.offsets.push(token ? [token.start, token.end] : [0, 0]);
    made.words.push(token ? token.word : null);
    made.sequences.push(token ? token.sequence : null);
    made.special.push(token ? 0 : 1);
  };
  put("[CLS]", 0);
  for (const token of first) put(token.piece, 0, token);
  put("[SEP]", 0);
  if (second) {
    for (const token of second) put(token.piece, 1, token);
    put("[SEP]", 1);
  }
  while (made.pieces.length < fill) put("[PAD]", 0, null, 0);
  return made;
}

/** The words of one text, each with its pieces. */
function grouped(tokens) {
  const words = [];
  for (const { piece, start, end, word, sequence } of tokens) {
    if (!words[word]) words[word] = { sequence, start, end, pieces: [] };
    words[word].start = Math.min(words[word].start, start);
    words[word].end = Math.max(words[word].end, end);
    words[word].pieces.push(piece);
  }
  return words;
}

/** The same as `tokenizer_view` in Python; `vocabulary` is all pieces in the order of their ids, a line for each. */
export function view(settings) {
  return analysed(settings).shown;
}

/** The same as `TokenizerExplorer.sentence` in Python. */
export function sentence(settings) {
  return inWords(settings, analysed(settings));
}

function inWords({ pair, max_length, truncation }, { shown, texts }) {
  const { rows, words, cut } = shown;
  const parts = [howMany(words.length, rows, shown.shared, pair)];
  const quoted = ({ sequence, start, end }) => {
    const chars = texts[sequence].chars.slice(start, end);
    return `'${apart(chars.length <= 24 ? chars.join("") : chars.slice(0, 23).join("") + "…")}'`;
  };
  if (!words.length) parts.push("There is nothing to cut into pieces.");
  else {
    const most = words.reduce((one, other) => (other.pieces.length > one.pieces.length ? other : one));
    parts.push(most.pieces.length > 1 ? `${quoted(most)} is cut into ${few(most.pieces)}.` : "Each word is one piece.");
    const unknown = words.find(({ pieces }) => pieces.length === 1 && pieces[0] === "[UNK]");
    if (unknown) parts.push(`${quoted(unknown)} is [UNK]: the vocabulary has no pieces for it.`);
  }
  const limit = max_length ?? POSITIONS;
  if (cut.pieces.length) {
    const first = cut.sequences.filter((sequence) => sequence === 0).length;
    const second = cut.pieces.length - first;
    const lost = [...(first ? [`${first} of the first text`] : []), ...(second ? [`${second} of the second`] : [])];
    parts.push(`Cut off: ${count(cut.pieces.length, "piece")}${pair ? ` (${lost.join(", ")})` : ""}.`);
  } else if (!truncation && rows[0].pieces.length > limit) {
    parts.push(`Truncation is off: more than ${limit} pieces stay.`);
  } else parts.push("Nothing was cut off.");
  return parts.join(" ");
}

function howMany(words, rows, shared, pair) {
  const become = `${count(words, "word")}, marks counted, ${words === 1 ? "becomes" : "become"}`;
  const lengths = rows.map(({ mask }) => mask.filter(Boolean).length);
  if (rows.length > 1) {
    return `${become} ${rows.length} windows of at most ${Math.max(...lengths)} pieces, [CLS] and [SEP] included; ` +
      `neighbours share ${shared}.`;
  }
  const filled = rows[0].mask.length - lengths[0];
  const padded = filled ? `; ${filled} [PAD] fill up to ${rows[0].mask.length}` : "";
  return `${become} ${lengths[0]} pieces, ${pair ? "[CLS] and two [SEP]" : "[CLS] and [SEP]"} included${padded}.`;
}

function few(pieces) {
  const shown = pieces.slice(0, 8).map((piece) => apart(piece, LEFT_TO_RIGHT));
  return (pieces.length <= 8 ? shown : [...shown, "…"]).join(" ");
}

const LEFT_TO_RIGHT = "\u2066"; // as pieces are, so that ## stays before a letter; else as the text's own letters are

/** Something to quote, isolated so that letters from right to left don't turn around what follows. */
function apart(text, direction = "\u2068") {
  return /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/.test(text) ? `${direction}${text}\u2069` : text;
}

function count(number, name) {
  return `${number} ${number === 1 ? name : `${name}s`}`;
}

const STYLE = `
.atl-tokenizer .atl-controls .atl-wide { flex-basis: 100%; align-items: flex-start; }
.atl-tokenizer textarea { flex: 1 1 14rem; resize: vertical; min-width: 8rem; }
.atl-tokenizer .heading { font-weight: 600; margin: 0.7rem 0 0.2rem; }
.atl-tokenizer .heading .soft, .atl-tokenizer .key, .atl-tokenizer .about { color: var(--soft); font-weight: 400; font-size: 13px; }
.atl-tokenizer .written { line-height: 2; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 15rem; overflow-y: auto;
  padding: 0 3px; }
.atl-tokenizer .word { outline: 1.5px solid var(--one); border-radius: 1px; }
.atl-tokenizer .word.odd { outline: 1.5px dashed var(--two); }
.atl-tokenizer .word.even .covered { background: color-mix(in srgb, var(--one) 17%, var(--paper)); }
.atl-tokenizer .written .missed { color: var(--bad); text-decoration: underline dotted 2px; }
.atl-tokenizer .written .gone { text-decoration: line-through 2px var(--bad); }
.atl-tokenizer .written .lit.covered { background: var(--ink); color: var(--paper); }
.atl-tokenizer .pieces { display: flex; flex-wrap: wrap; row-gap: 6px; direction: ltr; margin: 0 0 0.2rem; padding: 0 1px; }
.atl-tokenizer .piece { display: flex; flex-direction: column; align-items: center; min-width: 2.4rem; padding: 1px 5px;
  margin-right: 7px; border: 2px solid var(--one); cursor: default; line-height: 1.3; }
.atl-tokenizer .piece b { font-weight: 600; white-space: pre; font-family: ui-monospace, "DejaVu Sans Mono", monospace; }
.atl-tokenizer .piece small { font-size: 11px; color: var(--soft); font-variant-numeric: tabular-nums; white-space: nowrap; }
.atl-tokenizer .piece.even { background: color-mix(in srgb, var(--one) 17%, var(--paper)); }
.atl-tokenizer .piece.even small { color: var(--ink); }
.atl-tokenizer .piece.odd { border: 2px dashed var(--two); }
.atl-tokenizer .piece.joined { margin-right: -2px; }
.atl-tokenizer .piece.onward { border-left-style: dotted; }
.atl-tokenizer .piece.special { border: 2px solid var(--ink); border-radius: 14px; background: var(--panel); }
.atl-tokenizer .piece.padding { border: 2px dotted var(--line); background: none; }
.atl-tokenizer .piece.padding b { color: var(--soft); font-weight: 400; }
.atl-tokenizer .piece.gone b { text-decoration: line-through 2px var(--bad); }
.atl-tokenizer .piece.shared { padding-top: 8px; background-repeat: no-repeat;
  background-image: repeating-linear-gradient(135deg, var(--ink) 0 2px, transparent 2px 6px); background-size: 100% 6px; }
.atl-tokenizer .piece.lit { outline: 3px solid var(--ink); outline-offset: -1px; z-index: 1; }
.atl-tokenizer .piece:focus-visible { z-index: 1; }
.atl-tokenizer .more { align-self: center; margin-left: 8px; color: var(--soft); }
.atl-tokenizer .about { min-height: 1.5em; color: var(--ink); }
@container (max-width: 42rem) {
  .atl-tokenizer .about { min-height: 2.9em; }
  .atl-tokenizer .piece { padding: 1px 3px; margin-right: 5px; min-width: 2rem; }
  .atl-tokenizer .piece.joined { margin-right: -2px; }
  .atl-tokenizer .piece.shared { padding-top: 8px; }
}
`;

const NAMES = ["text", "pair", "max_length", "padding", "truncation", "windows", "stride"];
const LIMITS = { least: 2, most: 64 }; // of the slider; one step beyond is no limit but the model's
const DRAWN = { pieces: 160, rows: 8, cut: 40, words: 220, characters: 1400 };
const HINT = "Point at a piece, or Tab to it and press the arrow keys, to see where in the text it came from.";

/** Text of several lines. */
function textarea({ label, value, rows, oninput }) {
  const id = fresh("text");
  const input = h("textarea", { id, rows, dir: "auto", spellcheck: "false", autocomplete: "off" });
  input.addEventListener("input", () => oninput(input.value.toWellFormed?.() ?? input.value));
  const put = (text) => {
    if (input.value !== text) input.value = text;
  };
  put(value);
  return { node: h("div", { class: "atl-field atl-wide" }, h("label", { for: id }, label), input), input, put };
}

/** Make the children of a node as told, `{ name, text }` or `{ name, parts }`, and touch only what differs. */
function fill(parent, specs) {
  specs.forEach((spec, index) => {
    const node = parent.children[index] ?? parent.appendChild(h("span"));
    if (node.className !== spec.name) node.className = spec.name;
    if (spec.parts) {
      if (node.firstChild && !node.firstElementChild) node.replaceChildren();
      fill(node, spec.parts);
    } else if (node.firstElementChild || node.textContent !== spec.text) node.textContent = spec.text;
  });
  while (parent.children.length > specs.length) parent.lastElementChild.remove();
}

/** A text as parts: words, and in them what pieces cover, what was cut off, and what no piece points to. */
function written({ chars, tokens }, gone) {
  const specs = [];
  const stretches = []; // for each character that a word has: its place, where its part is
  let done = 0;
  const plain = (end) => {
    if (end > done) specs.push({ name: "", text: chars.slice(done, end).join("") });
    done = Math.max(done, end);
  };
  for (let place = 0; place < tokens.length; ) {
    let next = place;
    let [start, end] = [Infinity, 0];
    while (next < tokens.length && tokens[next].word === tokens[place].word) {
      start = Math.min(start, tokens[next].start);
      end = Math.max(end, tokens[next].end);
      next += 1;
    }
    const { word } = tokens[place];
    if (word >= DRAWN.words || end > DRAWN.characters) break;
    plain(start);
    start = Math.max(start, done);
    const cuts = [start, end];
    for (let index = place; index < next; index++) cuts.push(tokens[index].start, tokens[index].end);
    const edges = [...new Set(cuts)].filter((edge) => edge >= start && edge <= end).sort((one, other) => one - other);
    const parts = edges.slice(1).map((edge, index) => {
      let name = "missed";
      for (let at = place; at < next; at++) {
        if (tokens[at].start <= edges[index] && tokens[at].end >= edge) name = at >= gone ? "covered gone" : "covered";
      }
      stretches.push({ at: [specs.length, index], start: edges[index], end: edge });
      return { name, text: chars.slice(edges[index], edge).join("") };
    });
    if (parts.length) specs.push({ name: `word ${word % 2 ? "odd" : "even"}`, parts });
    done = Math.max(done, end);
    place = next;
  }
  const last = tokens.length ? tokens[tokens.length - 1].end : 0;
  const rest = done >= last ? chars.length : done;
  plain(Math.min(rest, done + 200));
  if (done < chars.length) specs.push({ name: "more", text: ` … and ${count(chars.length - done, "more character")}` });
  return { specs, stretches };
}

function render({ model, el }) {
  const { vocabulary } = model.get("data");
  const { root, controls, stage, says, problem } = frame(
    el,
    "From text to pieces",
    "Type into the text. Tab leads to each control; in the pieces the arrow keys go from one to the next, and Home and End " +
      "to the ends. Words are by turns filled with a solid frame and plain with a dashed one; pieces of one word touch. " +
      "Round boxes are special pieces, dotted ones padding, and what is struck through was cut off. A hatched edge marks " +
      "pieces that the window before has too. Pieces stand from left to right as the model reads them, those of a " +
      "right-to-left text too. Positions count characters, from 0. The model reads 512 pieces at most.",
  );
  root.classList.add("atl-tokenizer");
  root.prepend(h("style", {}, STYLE));
  const state = shared(model, NAMES, draw);
  // What the controls say. Settings that don't go together stay here, and neither picture nor kernel gets them.
  let wanted = { ...state.values };
  let ready = null;
  let secondText = wanted.pair ?? "";

  function ask(news) {
    wanted = { ...wanted, ...news };
    try {
      ready = analysed({ ...wanted, vocabulary });
    } catch (error) {
      putControls();
      problem(error.message);
      return;
    }
    problem("");
    state.change(Object.fromEntries(NAMES.filter((name) => wanted[name] !== state.values[name]).map((name) => [name, wanted[name]])));
  }

  const text = textarea({ label: "text", rows: 2, value: wanted.text, oninput: (value) => ask({ text: value }) });
  const paired = tick({ label: "with a second text", value: wanted.pair !== null, oninput: (on) => ask({ pair: on ? secondText : null }) });
  const pair = textarea({ label: "second text", rows: 1, value: secondText, oninput: (value) => ask({ pair: (secondText = value) }) });
  const limit = slider({
    label: "max_length", min: LIMITS.least, max: LIMITS.most + 1, step: 1, value: LIMITS.most, show: limitText,
    oninput: (value) => ask({ max_length: value > LIMITS.most ? null : value }),
  });
  const truncation = choice({
    label: "truncation", value: String(wanted.truncation),
    options: [["false", "off"], ["longest_first", "longest first"], ["only_first", "only the first"], ["only_second", "only the second"]],
    oninput: (value) => ask({ truncation: value === "false" ? false : value }),
  });
  const padding = tick({ label: "pad to max_length", value: Boolean(wanted.padding), oninput: (on) => ask({ padding: on ? "max_length" : false }) });
  const windows = tick({ label: "windows", value: wanted.windows, oninput: (on) => ask({ windows: on }) });
  const stride = slider({
    label: "stride: shared by neighbours", min: 0, max: 20, step: 1, value: wanted.stride, oninput: (value) => ask({ stride: value }),
  });
  controls.append(text.node, pair.node, paired.node, limit.node, padding.node, truncation.node, windows.node, stride.node);

  function limitText(value) {
    return value > LIMITS.most ? `none (${POSITIONS})` : String(value);
  }
  function putControls() {
    text.put(wanted.text);
    if (wanted.pair !== null) secondText = wanted.pair;
    pair.node.hidden = wanted.pair === null;
    pair.put(secondText);
    paired.put(wanted.pair !== null);
    limit.put(wanted.max_length === null ? LIMITS.most + 1 : Math.min(wanted.max_length, LIMITS.most + 1));
    if (wanted.max_length > LIMITS.most) {
      limit.input.setAttribute("aria-valuetext", String(wanted.max_length));
      limit.node.querySelector("output").textContent = String(wanted.max_length);
    }
    truncation.put(String(wanted.truncation));
    padding.put(Boolean(wanted.padding));
    windows.put(wanted.windows);
    stride.node.hidden = !wanted.windows;
    stride.put(wanted.stride);
    if (wanted.stride > 20) stride.node.querySelector("output").textContent = String(wanted.stride);
  }

  const lines = [0, 1].map((sequence) => {
    const head = h("p", { class: "heading" }, sequence ? "second text" : "text, as written");
    const body = h("p", { class: "written", dir: "auto" });
    stage.append(head, body);
    return { head, body, stretches: [] };
  });
  const places = h("div");
  const about = h("p", { class: "about" }, HINT);
  const key = h("p", { class: "key" }, "Under each piece: its id, then token type and attention mask.");
  const table = numbersTable("All numbers as a table", ["place", "piece", "id", "type", "mask", "offsets", "text there", "word"]);
  stage.append(places, about, key, table.node);

  const bands = []; // a heading and its boxes: the rows, then what was cut off
  let items = []; // the boxes in use, in reading order
  let focused = 0;

  function band(index) {
    if (!bands[index]) {
      const head = h("p", { class: "heading" });
      const box = h("div", { class: "pieces", role: "listbox" });
      const more = h("span", { class: "more" });
      places.append(head, box);
      bands[index] = { head, box, more, pool: [] };
    }
    return bands[index];
  }

  /** Fill a band with boxes, from `{ piece, id, small, name, label }`; `total` may be more than are drawn. */
  function fillBand(index, title, note, specs, total) {
    const { head, box, more, pool } = band(index);
    head.hidden = box.hidden = false;
    fill(head, [{ name: "", text: title }, { name: "soft", text: note }]);
    set(box, { "aria-label": title });
    specs.forEach((spec, place) => {
      let node = pool[place];
      if (!node) {
        node = h("div", { role: "option", tabindex: -1, "aria-selected": "false" }, h("b"), h("small"), h("small"));
        box.insertBefore(node, more.parentNode === box ? more : null);
        pool.push(node);
      }
      if (node.hidden) node.hidden = false;
      const [name, id, small] = node.children;
      if (name.textContent !== spec.piece) name.textContent = spec.piece;
      if (id.textContent !== String(spec.id)) id.textContent = spec.id;
      if (small.textContent !== spec.small) small.textContent = spec.small;
      if (node.className !== spec.name) node.className = spec.name;
      if (node.getAttribute("aria-label") !== spec.label) node.setAttribute("aria-label", spec.label);
      node.spec = spec;
      items.push(node);
    });
    for (let place = specs.length; place < pool.length; place++) {
      if (pool[place].hidden) break;
      pool[place].hidden = true;
    }
    if (total > specs.length) {
      more.textContent = `… and ${count(total - specs.length, "more piece")}`;
      box.append(more);
    } else more.remove();
  }

  const stretch = (sequence, [start, end]) => last.texts[sequence].chars.slice(start, end).join("");

  function specOf(row, place, count_, where, extra) {
    const [piece, id, [start, end], word, sequence] = [row.pieces[place], row.ids[place], row.offsets[place], row.words[place], row.sequences[place]];
    const type = row.types?.[place];
    const mask = row.mask?.[place];
    const padded = mask === 0;
    const goesOn = (other) => word !== null && row.words[other] === word && row.sequences[other] === sequence;
    const touches = (goesOn(place - 1) ? " onward" : "") + (goesOn(place + 1) ? " joined" : "");
    const kind = padded ? "padding" : word === null ? "special" : word % 2 ? "odd" : "even";
    const from = word === null ? "added by the tokenizer"
      : `characters ${start} to ${end}: '${apart(stretch(sequence, [start, end]))}', word ${word}` + (last.paired ? ` of the ${sequence ? "second" : "first"} text` : "");
    const numbers = type === undefined ? "cut off" : `token type ${type}, attention mask ${mask}`;
    return {
      piece, id, sequence, start, end, name: `piece ${kind}${touches}${extra}`,
      small: type === undefined ? "cut off" : `${type} · ${mask}`,
      label: `${apart(piece, LEFT_TO_RIGHT)}, ${place + 1} of ${count_}${where}: id ${id}, ${numbers}, ${from}`,
      cells: [piece, String(id), type === undefined ? "–" : String(type), type === undefined ? "cut off" : String(mask), `${start}–${end}`,
        word === null ? "" : stretch(sequence, [start, end]), word === null ? "–" : String(word)],
    };
  }

  let last = null;
  function draw() {
    let found = ready;
    ready = null;
    if (!found) {
      // Several settings that Python changed at once arrive one by one, and may not go together before the last.
      try {
        found = analysed({ ...state.values, vocabulary });
      } catch {
        return;
      }
      wanted = { ...state.values };
    }
    const settings = { ...wanted };
    last = { ...found, paired: Boolean(settings.pair) };
    const { shown, texts } = found;
    putControls();

    const lost = [0, 1].map((sequence) => shown.cut.sequences.filter((other) => other === sequence).length);
    lines.forEach((line, sequence) => {
      line.head.hidden = line.body.hidden = sequence === 1 && settings.pair === null;
      const { specs, stretches } = written(texts[sequence], texts[sequence].tokens.length - lost[sequence]);
      fill(line.body, specs.length ? specs : [{ name: "more", text: "(empty)" }]);
      line.stretches = stretches.map(({ at: [word, part], start, end }) => ({ start, end, node: line.body.children[word].children[part] }));
    });

    items = [];
    const rows = shown.rows.slice(0, DRAWN.rows);
    const each = Math.max(20, Math.floor(DRAWN.pieces / rows.length));
    const cells = [];
    rows.forEach((row, index) => {
      const several = shown.rows.length > 1;
      const name = several ? `window ${index + 1} of ${shown.rows.length}` : "pieces, as the model gets them";
      const note = several && index ? ` · its first ${shown.shared} are in window ${index} too` : several ? "" : ` · ${row.pieces.length}`;
      const specs = row.pieces.slice(0, each).map((_, place) =>
        specOf(row, place, row.pieces.length, several ? ` in window ${index + 1}` : "", index && place > 0 && place <= shown.shared && row.special[place] === 0 ? " shared" : ""));
      specs.forEach((spec, place) => cells.push([several ? `window ${index + 1}, ${place + 1}` : String(place + 1), ...spec.cells]));
      fillBand(index, name, note, specs, row.pieces.length);
    });
    let used = rows.length;
    const { cut } = shown;
    if (cut.pieces.length) {
      const specs = cut.pieces.slice(0, DRAWN.cut).map((_, place) => specOf(cut, place, cut.pieces.length, " that were cut off", " gone"));
      specs.forEach((spec, place) => cells.push([`cut off ${place + 1}`, ...spec.cells]));
      fillBand(used, `cut off: ${count(cut.pieces.length, "piece")}`, " · the model never sees them", specs, cut.pieces.length);
      used += 1;
    } else if (shown.rows.length > rows.length) {
      fillBand(used, `${shown.rows.length - rows.length} more windows`, " · not drawn", [], 0);
      used += 1;
    }
    for (let index = used; index < bands.length; index++) bands[index].head.hidden = bands[index].box.hidden = true;
    hold(Math.min(focused, items.length - 1));
    table.put(cells);
    if (!items.includes(pointed)) point(null);
    else point(pointed);
    says(inWords(settings, found));
  }

  let pointed = null;
  function point(node) {
    pointed = node;
    for (const item of places.querySelectorAll(".lit")) item.classList.remove("lit");
    const spec = node?.spec;
    lines.forEach(({ stretches }, sequence) => {
      for (const part of stretches) {
        part.node.classList.toggle("lit", spec?.sequence === sequence && part.start >= spec.start && part.end <= spec.end);
      }
    });
    node?.classList.add("lit");
    const words = spec ? spec.label : HINT;
    if (about.textContent !== words) about.textContent = words;
  }

  function hold(index) {
    focused = Math.max(index, 0);
    items.forEach((item, place) => {
      const value = place === focused ? "0" : "-1";
      if (item.getAttribute("tabindex") !== value) item.setAttribute("tabindex", value);
      const chosen = String(item === document.activeElement);
      if (item.getAttribute("aria-selected") !== chosen) item.setAttribute("aria-selected", chosen);
    });
  }
  /** The box nearest to this one in the line above or below: how many a line holds depends on the width. */
  function across(index, down) {
    const here = items[index].getBoundingClientRect();
    let best = index;
    let least = Infinity;
    items.forEach((item, place) => {
      const there = item.getBoundingClientRect();
      const apart = (there.top - here.top) * (down ? 1 : -1);
      if (apart < here.height / 2) return;
      const far = apart * 1000 + Math.abs(there.left - here.left);
      if (far < least) [best, least] = [place, far];
    });
    return best;
  }
  places.addEventListener("focusin", (event) => {
    const node = event.target.closest(".piece");
    if (!node) return;
    hold(items.indexOf(node));
    point(node);
  });
  places.addEventListener("focusout", () => {
    hold(focused);
    point(null);
  });
  places.addEventListener("pointerover", (event) => point(event.target.closest(".piece") ?? within(document.activeElement)));
  places.addEventListener("pointerleave", () => point(within(document.activeElement)));
  places.addEventListener("keydown", (event) => {
    const index = items.indexOf(event.target);
    if (index < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = {
      ArrowRight: () => index + 1, ArrowLeft: () => index - 1, Home: () => 0, End: () => items.length - 1,
      ArrowDown: () => across(index, true), ArrowUp: () => across(index, false),
    };
    const next = moves[event.key]?.();
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    items[next]?.focus();
  });
  const within = (node) => (items.includes(node) ? node : null);

  draw();
  const deaf = hearProblems(model, problem);
  return () => {
    state.forget();
    deaf();
  };
}

export default { render };
