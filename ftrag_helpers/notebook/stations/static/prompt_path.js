// The path of a prompt through the model, drawn from the numbers that Python computed.
// A plain ES module for anywidget; `drawFixed` draws the same on a page without a kernel.
// Everything that comes from a text goes in as text, never as markup. Nothing is fetched.

const SVG = "http://www.w3.org/2000/svg"; // a name: nothing is fetched from there

/** An element with attributes (an "on…" function is a listener) and children (elements or texts). */
function make(name, attributes = {}, ...children) {
  const element = fill(document.createElement(name), attributes, children);
  // JupyterLab's shortcuts must not take the keys pressed here; it looks at the very element.
  if (element.tabIndex >= 0) element.setAttribute("data-lm-suppress-shortcuts", "true");
  return element;
}

function makeSvg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/** The attention weights (0 to 1) of a head: a function of the token that looks and the one looked at. */
function weightsOf(data, layerPlace, head) {
  const n = data.ids.length;
  const bytes = Uint8Array.from(atob(data.attention), (c) => c.charCodeAt(0));
  const start = (layerPlace * data.heads + head) * n * n;
  return (row, column) => bytes[start + row * n + column] / 255;
}

/** The probabilities of the top tokens at the temperature with this place in the list. */
function probabilitiesOf(data, place) {
  const temperature = data.temperatures[place];
  return data.top.map((t) => Math.exp(t.logit / temperature - data.normalisers[place]));
}

function slider(text, { max, value, said, change }) {
  const shown = make("output", {}, said(value));
  const input = make("input", { type: "range", min: 0, max, step: 1, "aria-valuetext": said(value) });
  input.value = value;
  const follow = () => {
    shown.textContent = said(Number(input.value));
    input.setAttribute("aria-valuetext", shown.textContent);
    change(Number(input.value));
  };
  input.addEventListener("input", follow);
  return make("label", { class: "slider" }, make("span", {}, text + " ", shown), input);
}

function chip(piece, below) {
  const parts = [make("span", { class: "piece" }, piece)];
  if (below !== undefined) parts.push(make("span", { class: "id" }, String(below)));
  return make("span", { class: "chip" }, ...parts);
}

function drawTokens(data) {
  const items = data.pieces.map((piece, n) => make("li", {}, chip(piece, data.ids[n])));
  return make("ul", { class: "chips", "aria-label": "Tokens, each with its id" }, ...items);
}

function drawEmbeddings(data) {
  const rows = data.strip.map((numbers, n) => {
    const cells = numbers.map((v) => {
      const cell = make("span", { class: v < 0 ? "below" : "above" });
      cell.style.opacity = Math.min(1, 0.06 + Math.abs(v) / 100);
      return cell;
    });
    const label = `The first ${numbers.length} numbers of the embedding of ${data.pieces[n]}`;
    const strip = make("span", { class: "strip", role: "img", "aria-label": label }, ...cells);
    return make("div", { class: "row" }, make("span", { class: "piece" }, data.pieces[n]), strip);
  });
  return make("div", { class: "embeddings" }, ...rows);
}

/** Left the tokens that look, right those looked at; the thicker a line, the greater the weight. */
function drawLines(data, weight, title) {
  const n = data.ids.length, step = 26, width = 320, left = 112, right = 208;
  const middle = (row) => 34 + row * step;
  const parts = [
    makeSvg("text", { x: left - 8, y: 14, class: "head end" }, "token that looks"),
    makeSvg("text", { x: right + 8, y: 14, class: "head" }, "looked at"),
  ];
  for (let row = 0; row < n; row++) {
    for (let column = 0; column <= row; column++) {
      const w = weight(row, column);
      if (w < 0.03) continue;
      const [y1, y2] = [middle(row), middle(column)];
      const d = `M${left} ${y1} C${left + 45} ${y1} ${right - 45} ${y2} ${right} ${y2}`;
      const look = { class: row === n - 1 ? "line last" : "line", "stroke-width": 0.8 + 6 * w };
      parts.push(makeSvg("path", { d, "stroke-opacity": 0.2 + 0.8 * w, ...look }));
    }
  }
  for (let row = 0; row < n; row++) {
    const last = row === n - 1 ? " last" : "";
    const short = data.pieces[row].length > 14 ? data.pieces[row].slice(0, 13) + "…" : data.pieces[row];
    parts.push(makeSvg("text", { x: left - 8, y: middle(row) + 4, class: "end" + last }, short));
    parts.push(makeSvg("text", { x: right + 8, y: middle(row) + 4 }, short));
  }
  const box = `0 0 ${width} ${middle(n - 1) + 16}`;
  return makeSvg("svg", { viewBox: box, role: "img", "aria-label": title }, ...parts);
}

function drawMatrix(data, weight, title) {
  const n = data.ids.length;
  const head = make("tr", {}, make("td", {}), ...data.pieces.map((p) => make("th", { scope: "col" }, p)));
  const rows = data.pieces.map((piece, row) => {
    const cells = data.pieces.map((_, column) => {
      if (column > row) return make("td", { class: "none" }, "");
      const w = weight(row, column);
      const cell = make("td", {}, w.toFixed(2));
      cell.style.setProperty("--share", `${Math.round(100 * w)}%`);
      return cell;
    });
    return make("tr", {}, make("th", { scope: "row" }, piece), ...cells);
  });
  const table = make("table", { class: n > 9 ? "small" : "" }, make("thead", {}, head),
    make("tbody", {}, ...rows));
  // A wide matrix scrolls by itself, also by keyboard; the page does not.
  return make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title }, table);
}

function sayHead(data, layer, head, weight) {
  const last = data.ids.length - 1;
  let best = 0;
  for (let n = 1; n <= last; n++) if (weight(last, n) > weight(last, best)) best = n;
  const seen = best === last ? "itself" : `“${data.pieces[best]}”`;
  return `Layer ${layer}, head ${head}: the last token, “${data.pieces[last]}”, looks most at ` +
    `${seen} (weight ${weight(last, best).toFixed(2)}).`;
}

function drawBars(data, values, most, digits) {
  const rows = values.map((value, n) => {
    const bar = make("span", { class: "bar" });
    bar.style.width = `${Math.max(0, (100 * value) / most)}%`;
    const track = make("td", { class: "track", "aria-hidden": "true" }, bar);
    const number = make("td", { class: "number" }, value.toFixed(digits));
    return make("tr", {}, make("th", { scope: "row" }, data.top[n].piece), track, number);
  });
  return make("tbody", {}, ...rows);
}

/** The whole widget. `ask` sends a message to Python; without it the page has no kernel. */
class Path {
  constructor(data, ask) {
    this.data = data;
    this.ask = ask;
    this.place = Math.max(0, data.layers.indexOf(data.layer));
    this.head = data.head;
    this.temperature = data.temperatures.indexOf(1);
    this.choice = 0;
    this.name = "next-" + Math.random().toString(36).slice(2);
    this.places = {};
    this.status = make("p", { class: "status", role: "status" });
    this.root = make("div", { class: "ftrag-path" + (ask ? " live" : ""), role: "group",
      "aria-label": "The path of a prompt through the model" }, this.skeleton());
    this.draw();
  }

  /** What is made once, so that a control keeps the focus while the numbers change. */
  skeleton() {
    const inside = [this.textStation(), this.hole("tokens"), this.hole("embeddings"),
      this.layerStation(), this.hole("logits"), this.temperatureStation(), this.nextStation()];
    this.sentences = [];
    const items = this.data.stations.map(([title], n) => {
      const sentence = make("p", { class: "sentence" });
      this.sentences.push(sentence);
      const heading = make("p", { class: "title" },
        make("span", { class: "number" }, String(n + 1)), " ", make("b", {}, title));
      return make("li", { class: `station s${n + 1}` }, heading, sentence, inside[n]);
    });
    return make("ol", { class: "stations" }, ...items);
  }

  hole(name) {
    return (this.places[name] = make("div", { class: name }));
  }

  textStation() {
    if (!this.ask) return this.hole("text");
    const send = (event) => {
      event.preventDefault();
      this.request({ text: this.box.value });
    };
    // JupyterLab keeps a form in an output from being sent off by Enter.
    const enter = (event) => event.key === "Enter" && !event.isComposing && send(event);
    this.box = make("input", { type: "text", spellcheck: "false", autocomplete: "off", onkeydown: enter });
    this.start = this.data.text;
    const again = () => this.request({ text: this.start });
    return make("form", { class: "controls", onsubmit: send },
      make("label", { class: "wide" }, make("span", {}, "Text to continue"), this.box),
      make("button", { type: "submit" }, "Follow this text"),
      make("button", { type: "button", onclick: again }, "Back to the first text"), this.status);
  }

  layerStation() {
    const { layers, heads } = this.data;
    const ofLayers = slider("Layer", { max: layers.length - 1, value: this.place,
      said: (n) => `${layers[n]} (of ${layers[0]} to ${layers.at(-1)})`,
      change: (n) => { this.place = n; this.drawLayer(); } });
    const ofHeads = slider("Head", { max: heads - 1, value: this.head,
      said: (n) => `${n} (of 0 to ${heads - 1})`,
      change: (n) => { this.head = n; this.drawLayer(); } });
    this.places.said = make("p", { class: "said", role: "status" });
    return make("div", {}, make("div", { class: "controls" }, ofLayers, ofHeads), this.places.said,
      this.hole("attention"));
  }

  temperatureStation() {
    const { temperatures } = this.data;
    const control = slider("Temperature", { max: temperatures.length - 1, value: this.temperature,
      said: (n) => temperatures[n].toFixed(1),
      change: (n) => { this.temperature = n; this.drawProbabilities(); } });
    return make("div", {}, make("div", { class: "controls" }, control), this.hole("probabilities"));
  }

  nextStation() {
    const parts = [this.hole("choices"), this.hole("longer")];
    if (this.ask) {
      const step = () => this.request({ token: this.data.top[this.choice].id });
      this.stepStatus = make("p", { class: "status", role: "status" });
      parts.push(make("div", { class: "controls" },
        make("button", { type: "button", class: "main", onclick: step }, "One step: append this token"),
        this.stepStatus));
    } else {
      parts.push(make("p", { class: "note" }, "In JupyterLab the path goes on from the longer text."));
    }
    return make("div", {}, ...parts);
  }

  request(message) {
    if (this.busy) return;
    this.busy = true;
    this.asked = "token" in message ? this.stepStatus : this.status;
    this.status.textContent = this.stepStatus.textContent = "";
    this.asked.textContent = "The model computes …";
    this.ask(message);
  }

  /** Python's reply to a request: empty, or what went wrong. */
  replied(problem) {
    if (this.asked) {
      this.asked.textContent = problem || `Done: the text has ${this.data.ids.length} tokens now.`;
    }
    this.busy = false;
  }

  show(data) {
    this.data = data;
    this.choice = 0;
    this.draw();
  }

  draw() {
    const { data, places } = this;
    this.sentences.forEach((place, n) => (place.textContent = data.stations[n][1]));
    if (this.box) this.box.value = data.text;
    else places.text.replaceChildren(make("p", { class: "quoted" }, data.text));
    places.tokens.replaceChildren(drawTokens(data));
    places.embeddings.replaceChildren(drawEmbeddings(data));
    const logits = data.top.map((t) => t.logit);
    const most = Math.max(...logits.map(Math.abs));
    places.logits.replaceChildren(make("table", { class: "bars" },
      make("caption", {}, "The highest logits (no unit)"), drawBars(data, logits, most, 2)));
    this.drawLayer();
    this.drawProbabilities();
    this.drawChoices();
  }

  drawLayer() {
    const { data, places, head } = this;
    const layer = data.layers[this.place];
    const weight = weightsOf(data, this.place, head);
    const title = `Attention weights of layer ${layer}, head ${head}`;
    places.said.textContent = `${sayHead(data, layer, head, weight)} ${data.said[layer]}`;
    const lines = make("div", { class: "lines" },
      make("p", {}, "The thicker a line, the greater the weight; orange: the last token."),
      drawLines(data, weight, title + ", as lines"));
    const matrix = make("div", { class: data.ids.length > 9 ? "matrix broad" : "matrix" },
      make("p", {}, "A row is the token that looks, a column the token looked at."),
      drawMatrix(data, weight, title));
    places.attention.replaceChildren(lines, matrix);
  }

  drawProbabilities() {
    const shares = probabilitiesOf(this.data, this.temperature);
    const sum = shares.reduce((a, b) => a + b, 0);
    const said = `Probabilities (0 to 1); these ${shares.length} hold ${sum.toFixed(2)} together`;
    this.places.probabilities.replaceChildren(make("table", { class: "bars" },
      make("caption", {}, said), drawBars(this.data, shares, 1, 2)));
  }

  drawChoices() {
    const { data, places } = this;
    const options = data.top.map((token, n) => {
      const input = make("input", { type: "radio", name: this.name, value: n, checked: n === this.choice,
        onchange: () => { this.choice = n; this.drawLonger(); } });
      return make("label", { class: "option" }, input, make("span", { class: "piece" }, token.piece));
    });
    places.choices.replaceChildren(make("fieldset", {},
      make("legend", {}, "Which token comes next? The first is the likeliest."), ...options));
    this.drawLonger();
  }

  drawLonger() {
    const { data, places } = this;
    places.longer.replaceChildren(make("p", { class: "quoted" }, data.pieces.join("").replaceAll("·", " "),
      make("mark", {}, data.top[this.choice].piece)));
  }
}

/** For a page without a kernel: layer, head, temperature and next token among the data given. */
// eslint-disable-next-line no-unused-vars
function drawFixed(data, place) {
  place.append(new Path(data).root);
}

function render({ model, el }) {
  const path = new Path(model.get("data"), (message) => model.send(message));
  const follow = () => path.show(model.get("data"));
  const reply = (message) => path.replied(message.problem);
  model.on("change:data", follow);
  model.on("msg:custom", reply);
  // The picture stays where this script does not run, and on paper.
  const name = model.get("picture");
  const hide = make("style", {}, `@media screen { .${name} { display: none !important } }`);
  el.append(hide, path.root);
  return () => {
    model.off("change:data", follow);
    model.off("msg:custom", reply);
    hide.remove();
  };
}

export default { render };
