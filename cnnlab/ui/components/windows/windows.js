
// The view of windows stepping over grids. See __init__.py for the data. Nothing is computed here but
// where things lie on the screen; indices (row * width + col) only address numbers that Python sent.

const NARROW = 640; // px: below this it is laid out for a phone
const SMALLEST_TEXT = 7.6; // px: below this, numbers are not drawn on cells, only read aloud

class Grid {
  // A table of cells with frames over it. `offset` is the size of the border above and on the left.
  constructor(part, rows, cols, offset = [0, 0]) {
    Object.assign(this, { part, rows, cols, offset, cells: [] });
    this.node = element("div", { class: "grid", role: "table", "data-part": `${part}-grid` });
    for (let row = 0; row < rows; row++) {
      const line = element("div", { role: "row", class: "row" });
      for (let col = 0; col < cols; col++) {
        const cell = element("div", { role: "cell", class: "cell", "data-part": `${part}-cell` });
        cell.dataset.row = row - offset[0];
        cell.dataset.col = col - offset[1];
        line.append(cell);
        this.cells.push(cell);
      }
      this.node.append(line);
    }
    this.layer = element("div", { class: "layer", "aria-hidden": "true" });
    this.node.append(this.layer);
    this.node.style.setProperty("--cols", cols);
    this.longest = 1;
  }

  cell(row, col) {
    return this.cells[(row + this.offset[0]) * this.cols + col + this.offset[1]];
  }

  paint(cell, text, colours, level, state = "") {
    cell.textContent = text;
    cell.style.background = colours ? colours.fill[level] : "";
    cell.style.color = colours ? colours.text[level] : "";
    cell.dataset.state = state;
    if (text.length > this.longest) this.longest = text.length;
  }

  // A frame over the cells of these rows and columns: one where they touch, else one a cell.
  frames(rows, cols, kind, text = "") {
    const touching = (list) => list.every((value, place) => place === 0 || value === list[place - 1] + 1);
    const boxes =
      touching(rows) && touching(cols)
        ? [[rows[0], cols[0], rows.length, cols.length]]
        : rows.flatMap((row) => cols.map((col) => [row, col, 1, 1]));
    const old = [...this.layer.querySelectorAll(`[data-frame="${kind}"]`)];
    boxes.forEach(([row, col, high, wide], place) => {
      const box = old[place] ?? element("div", { class: `frame ${kind}`, "data-frame": kind, "data-part": kind });
      box.style.top = `${((row + this.offset[0]) / this.rows) * 100}%`;
      box.style.left = `${((col + this.offset[1]) / this.cols) * 100}%`;
      box.style.height = `${(high / this.rows) * 100}%`;
      box.style.width = `${(wide / this.cols) * 100}%`;
      if (text && !box.firstChild) box.append(element("span", { class: "letter" }, text));
      if (!box.isConnected) this.layer.append(box);
    });
    for (const box of old.slice(boxes.length)) box.remove();
  }

  clear(kind) {
    for (const box of this.layer.querySelectorAll(`[data-frame="${kind}"]`)) box.remove();
  }

  // `number`: the size that numbers have at least, on a projector; where it does not fit there are none.
  size(unit, number = 0) {
    const fits = Math.min(15, unit * 0.42, (unit * 0.88) / (this.longest * 0.605));
    const letter = number ? (cellFor(this.longest, number) <= unit ? number : 0) : fits;
    this.node.style.setProperty("--unit", `${unit}px`);
    this.node.style.setProperty("--letter", `${letter}px`);
    this.node.dataset.numbers = letter >= SMALLEST_TEXT;
    this.node.dataset.lines = unit >= 9;
  }
}

class WindowsView {
  constructor(parent) {
    this.root = element("section", { class: "view windows", role: "group", "data-part": "view" });
    this.player = new Player(this.root, {
      onStep: (index, how) => this.step(index, how),
      onKey: (name) => this.key(name),
      onPlay: () => this.unpoint(),
      onRest: () => this.tell(),
    });
    this.stage = element("div", { class: "stage" });
    this.hint = element("p", { class: "hint", "data-part": "hint" });
    this.results = element("div", { class: "results", "data-part": "results" });
    this.terms = element("div", { class: "terms", "data-part": "terms" });
    this.termsHeading = element("div", { class: "heading step-heading" });
    this.rounded = element("p", { class: "hint rounded", "data-part": "rounded" });
    const detail = element("div", { class: "detail" }, this.termsHeading, this.terms, this.rounded);
    this.root.append(this.stage, this.results, this.player.controls, this.hint, detail, this.player.live);
    parent.append(this.root);
    this.reached = -1; // how many cells have been computed so far, less one
    this.peek = null; // the output cell that the pointer is on
    this.pointed = null; // the input cell that the pointer is on
    this.map = 0;
    this.plane = 0;
    this.listen();
    this.observer = new ResizeObserver(() => this.layout());
  }

  // ---- data ---------------------------------------------------------------------------------------

  update(data, send, keep) {
    this.send = send;
    this.keep = keep;
    this.observer.observe(this.root);
    if (data === this.data) return;
    const before = this.data;
    const focused = this.root.getRootNode().activeElement?.dataset.part;
    this.data = data;
    this.labels = data.labels;
    this.palettes = Object.fromEntries(Object.entries(data.palettes).map(([role, { fill, text }]) => [role, {
      fill: Array.from(text, (_letter, row) => `#${fill.slice(6 * row, 6 * row + 6)}`),
      text: Array.from(text, (letter) => (letter === "k" ? "#000" : "#fff")),
    }]));
    this.height = data.rows.length;
    this.width = data.cols.length;
    this.inputs = data.inputs.map((plane) => ({ ...plane, values: unpack(plane.values), levels: bytes(plane.levels) }));
    this.maps = data.outputs.map((map) => this.unpackMap(map));
    this.map = Math.min(this.map, this.maps.length - 1);
    this.plane = Math.min(this.plane, this.inputs.length - 1);
    this.peek = this.pointed = null;
    this.root.setAttribute("aria-label", this.labels.view);
    const started = !before || String(before.start) !== String(data.start);
    const reshaped = before && (before.rows.length !== this.height || before.cols.length !== this.width);
    if (!before) this.player.speed = data.speed;
    if (reshaped) {
      // The same place on the grid as before, where it still exists.
      const [row, col] = [Math.floor(this.player.index / before.cols.length), this.player.index % before.cols.length];
      const all = this.reached >= before.rows.length * before.cols.length - 1;
      this.player.index = row < this.height && col < this.width ? row * this.width + col : 0;
      this.reached = all ? this.height * this.width - 1 : this.player.index;
    }
    if (started) this.player.index = data.start[0] * this.width + data.start[1];
    // Another picture or another kernel, begun anew: nothing of it is computed yet.
    if (started && before && source(before) !== source(data)) this.reached = this.player.index;
    this.player.update(this.labels, this.height * this.width);
    this.build();
    this.step(this.player.index, started && before ? "manual" : "update");
    if (focused) this.root.querySelector(`[data-part="${focused}"]`)?.focus({ preventScroll: true });
  }

  unpackMap(map) {
    const unpacked = { ...map, levels: bytes(map.levels), hidden: new Set(map.hidden) };
    for (const name of ["values", "kernel", "bias", "products", "channel_sums", "sums", "counts"]) {
      if (map[name]) unpacked[name] = unpack(map[name]);
    }
    if (map.kernel_levels) unpacked.kernel_levels = bytes(map.kernel_levels);
    return unpacked;
  }

  get active() {
    return this.maps[this.map];
  }

  // Few maps are all shown in full; of many, the active one, beside small pictures of the others.
  get shown() {
    return this.maps.length <= 2 ? this.maps.map((_map, place) => place) : [this.map];
  }

  // On a phone, one channel at a time leaves room for what the page shows above.
  get brief() {
    return this.data.brief && this.root.clientWidth < NARROW;
  }

  // The input channels whose windows stand in the middle.
  get read() {
    if (this.active.channel !== null) return [this.active.channel];
    const most = this.brief ? 1 : 3;
    return this.inputs.length <= most ? this.inputs.map((_plane, place) => place) : [this.plane];
  }

  // ---- building -----------------------------------------------------------------------------------

  build() {
    const { data, labels } = this;
    const { top, bottom, left, right } = data.border;
    if (this.active.channel !== null) this.plane = this.active.channel;
    const [high, wide] = this.inputs[0].values.shape;
    this.input = new Grid("input", high + top + bottom, wide + left + right, [top, left]);
    this.drawInput();

    const inputPanel = element("div", { class: "panel inputs" });
    this.inputHeading = element("div", { class: "heading" });
    inputPanel.append(this.inputHeading, this.input.node);
    this.planeTabs = this.inputs.length > 1 ? this.tabs("plane", this.inputs, labels.channels, (place) => this.choosePlane(place)) : null;
    if (this.planeTabs) inputPanel.append(this.planeTabs);

    this.middle = element("div", { class: "panel middle", "data-part": "middle" });
    this.outputPanel = element("div", { class: "panel outputs" });
    this.stage.replaceChildren(inputPanel, this.middle, this.outputPanel);
    this.buildOutputs();
    this.buildMiddle();
    this.hintText(this.help);
    this.layout();
  }

  drawInput() {
    const plane = this.inputs[this.plane];
    const colours = this.palettes[plane.role];
    const [high, wide] = plane.values.shape;
    this.input.longest = 1;
    for (const cell of this.input.cells) {
      const [row, col] = [Number(cell.dataset.row), Number(cell.dataset.col)];
      const inside = row >= 0 && col >= 0 && row < high && col < wide;
      const place = row * wide + col;
      if (inside) this.input.paint(cell, plane.values.write(place), colours, plane.levels[place]);
      else {
        this.input.paint(cell, this.data.border.text, null, 0, "border");
        cell.dataset.part = "border-cell";
        cell.setAttribute("aria-label", `${this.labels.border} ${this.data.border.text}`);
      }
    }
    this.input.node.setAttribute("aria-label", `${plane.label}, ${plane.note}`);
    for (const mark of this.data.marks) {
      if (mark.on === "input") this.input.frames([mark.row], [mark.col], `mark-${mark.text}`, mark.text);
      else this.input.frames(this.data.rows[mark.row], this.data.cols[mark.col], `mark-${mark.text}`, mark.text);
    }
  }

  // A row of small pictures to choose a channel or a map by.
  tabs(part, grids, label, choose) {
    const list = element("div", { class: `tabs ${part}s`, role: "group", "aria-label": label, "data-part": `${part}s` });
    list.dataset.many = grids.length > 8;
    grids.forEach((grid, place) => {
      const canvas = element("canvas", { width: grid.values.shape[1], height: grid.values.shape[0], "aria-hidden": "true" });
      const tab = element("button", { type: "button", "data-part": part, "data-index": place }, canvas, element("span", {}, grid.label));
      tab.addEventListener("click", () => choose(place));
      list.append(tab);
    });
    return list;
  }

  buildOutputs() {
    this.grids = new Map();
    const shown = element("div", { class: "shown" });
    for (const place of this.shown) {
      const map = this.maps[place];
      const grid = new Grid("output", this.height, this.width);
      grid.longest = map.values.longest();
      grid.node.dataset.output = place;
      grid.node.setAttribute("role", "grid");
      grid.node.setAttribute("tabindex", "0");
      grid.node.setAttribute("aria-label", `${map.label}, ${map.note}`);
      for (const line of grid.node.children) line.classList.contains("row") && [...line.children].forEach((cell) => cell.setAttribute("role", "gridcell"));
      for (const mark of this.data.marks) {
        if (mark.on === "output" && (mark.output ?? place) === place) grid.frames([mark.row], [mark.col], `mark-${mark.text}`, mark.text);
      }
      const heading = element("div", { class: "heading" }, element("b", {}, map.label), element("span", { class: "note" }, map.note));
      shown.append(element("div", { class: "map", "data-output": place }, heading, grid.node));
      this.grids.set(place, grid);
    }
    this.done = element("p", { class: "hint done", "data-part": "done" });
    const parts = [shown, this.done];
    this.mapTabs = null;
    if (this.maps.length > 2) {
      this.mapTabs = this.tabs("map", this.maps, this.labels.maps, (place) => this.chooseMap(place));
      parts.push(this.mapTabs);
    }
    this.outputPanel.replaceChildren(...parts);
    this.drawnTo = -1;
    for (const grid of this.grids.values()) {
      for (const cell of grid.cells) this.pend(cell);
    }
  }

  pend(cell) {
    cell.textContent = "";
    cell.removeAttribute("style");
    cell.dataset.state = "pending";
    cell.setAttribute("aria-label", this.labels.pending);
  }

  buildMiddle() {
    const map = this.active;
    const [kernelRows, kernelCols] = [this.data.rows[0].length, this.data.cols[0].length];
    this.blocks = this.read.map((channel, place) => {
      const window = new Grid("window", kernelRows, kernelCols);
      const block = { channel, place, window, kernel: null };
      const many = this.read.length > 1 || this.inputs.length > 1;
      const title = element("div", { class: "heading" }, element("b", {}, this.labels.window));
      if (many) title.append(element("span", { class: "note" }, this.inputs[channel].label));
      block.node = element("div", { class: "block", "data-part": "block", "data-channel": channel }, element("div", { class: "part" }, title, window.node));
      const name = this.inputs.length > 1 ? this.labels.slice : this.labels.kernel;
      if (map.kernel) {
        block.kernel = new Grid("kernel", kernelRows, kernelCols);
        const colours = this.palettes.signed;
        for (const cell of block.kernel.cells) {
          const at = this.tap(map, Number(cell.dataset.row), Number(cell.dataset.col), place);
          block.kernel.paint(cell, map.kernel.write(at), colours, map.kernel_levels[at]);
        }
        const kernelTitle = element("div", { class: "heading" }, element("b", {}, name));
        block.node.append(
          element("span", { class: "sign", "aria-hidden": "true" }, "\u00d7"),
          element("div", { class: "part" }, kernelTitle, block.kernel.node),
        );
        block.kernel.node.setAttribute("aria-label", many ? `${name}, ${this.inputs[channel].label}` : name);
      }
      if (this.read.length > 1) block.node.append(element("b", { class: "block-name", "aria-hidden": "true" }, this.inputs[channel].label));
      window.node.setAttribute("aria-label", many ? `${this.labels.window}, ${this.inputs[channel].label}` : this.labels.window);
      return block;
    });
    const parts = this.blocks.map((block) => block.node);
    if (map.kernel) {
      parts.push(
        element(
          "p",
          { class: "legend", "data-part": "legend" },
          element("span", {}, element("i", { class: "swatch positive" }), this.labels.adds),
          element("span", {}, element("i", { class: "swatch negative" }), this.labels.subtracts),
        ),
      );
    }
    this.middle.replaceChildren(...parts);
    this.middle.dataset.blocks = this.blocks.length;
    this.root.dataset.alone = this.inputs.length === 1;
    this.root.dataset.many = this.inputs.length > 3 || this.brief;
    this.buildTerms();
    this.buildResults();
  }

  // Where weight (p, q) of the `place`-th channel that is read stands in a kernel's array.
  tap(map, p, q, place) {
    const [, cols, channels] = map.kernel.shape;
    const channel = map.channel === null && this.read.length !== channels ? this.plane : place;
    return (p * cols + q) * channels + channel;
  }

  buildTerms() {
    const map = this.active;
    this.terms.replaceChildren();
    this.termNodes = this.blocks.map((block) => {
      const line = element("div", { class: "term-line", role: "list" });
      if (this.blocks.length > 1) line.append(element("b", { class: "term-name" }, this.inputs[block.channel].label));
      const nodes = block.window.cells.map((cell) => {
        const pixel = element("span", { class: "value", "data-part": "term-pixel" });
        const term = element("div", { class: "term", role: "listitem", "data-part": "term", "data-tap": `${cell.dataset.row},${cell.dataset.col}` }, element("span", { class: "factors" }, pixel));
        const parts = { term, pixel };
        if (map.kernel) {
          parts.weight = element("span", { class: "value", "data-part": "term-weight" });
          parts.product = element("span", { class: "product number", "data-part": "term-product" });
          const at = this.tap(map, Number(cell.dataset.row), Number(cell.dataset.col), block.place);
          parts.at = at;
          const colours = this.palettes.signed;
          parts.weight.textContent = map.kernel.write(at);
          parts.weight.style.background = colours.fill[map.kernel_levels[at]];
          parts.weight.style.color = colours.text[map.kernel_levels[at]];
          term.firstChild.append(element("span", { class: "times" }, "\u00d7"), parts.weight);
          term.append(element("span", { class: "unseen" }, "="), parts.product);
        } else {
          parts.star = element("span", { class: "product", "data-part": "term-winner" });
          term.append(parts.star);
        }
        line.append(term);
        return parts;
      });
      this.terms.append(line);
      return nodes;
    });
    this.rounded.textContent = map.rounded ? this.labels.rounded : "";
  }

  // One line a map: how its terms become the number on the output cell.
  buildResults() {
    const places = this.active.kernel ? [this.map] : this.shown;
    this.lines = places.map((place) => {
      const map = this.maps[place];
      const node = element("div", { class: "result", "data-part": "result", "data-output": place });
      const line = { place, node, channels: [] };
      const word = (text) => element("span", { class: "word" }, text);
      // A chip with the sign and the name before it; wide enough for the longest number, so that nothing jumps.
      const chip = (part, numbers, before, extra = "") => {
        const box = element("span", { class: `chip ${extra}`, "data-part": part });
        box.style.setProperty("--chars", numbers.longest());
        node.append(element("span", { class: "named" }, ...before, box));
        return box;
      };
      const sign = (text) => element("span", { class: "sign" }, text);
      if (!map.kernel && this.shown.length > 1) node.append(element("b", { class: "map-name" }, map.label));
      if (map.operation === "max") {
        line.total = chip("sum", map.values, [word(this.labels.largest), sign("=")], "total");
        line.where = element("span", { class: "note number", "data-part": "winner" });
        node.append(line.where);
      } else if (map.operation === "average") {
        line.parts = chip("window-sum", map.sums, [word(this.labels.mean)]);
        line.count = chip("count", map.counts, [sign("\u00f7")]);
        line.total = chip("sum", map.values, [sign("=")], "total");
      } else {
        const channels = map.channel_sums ? map.channel_sums.shape[2] : 0;
        if (channels && (channels > 1 || map.bias)) {
          for (let channel = 0; channel < channels; channel++) {
            const name = map.channel_labels[channel] ?? (channels > 1 ? this.inputs[channel]?.label : this.labels.products);
            const before = [word(name ?? String(channel + 1))];
            if (channel) before.unshift(sign("+"));
            const sum = chip("channel-sum", map.channel_sums, before);
            sum.dataset.channel = channel;
            line.channels.push(sum);
          }
          if (channels > 4) {
            const holder = element("span", { class: "channels" }, ...node.childNodes);
            node.append(holder);
          }
        }
        if (map.bias) {
          const bias = chip("bias", map.bias, [sign("+"), word(this.labels.bias)]);
          bias.textContent = map.bias.write(0);
          bias.dataset.tone = map.bias.tone(0);
        }
        line.total = chip("sum", map.sums ?? map.values, [sign("=")], "total");
        if (map.activation) {
          line.after = chip("activated", map.values, [element("span", { class: "word arrow" }, `\u2192 ${map.activation} \u2192`)], "total");
        }
      }
      return line;
    });
    this.results.replaceChildren(...this.lines.map((line) => line.node));
  }

  // ---- stepping -----------------------------------------------------------------------------------

  step(index, how) {
    this.pointed = null;
    this.peek = null;
    if (how === "restart" || how === "play-again") this.reached = -1;
    this.reached = Math.max(this.reached, index);
    this.develop();
    this.draw();
    const [row, col] = [Math.floor(index / this.width), index % this.width];
    const text = fill(this.labels.position, { row: row + 1, column: col + 1 });
    const value = this.active.hidden.has(index) ? this.labels.hidden : this.active.values.write(index);
    this.player.drawn(text, fill(this.labels.says, { row: row + 1, column: col + 1, value }), how, this.reached);
  }

  // Uncover the output cells up to the one reached; cover them again after a restart.
  develop() {
    const [from, to] = this.reached > this.drawnTo ? [this.drawnTo + 1, this.reached] : [this.reached + 1, this.drawnTo];
    for (const [place, grid] of this.grids) {
      const map = this.maps[place];
      const colours = this.palettes[map.role];
      for (let index = from; index <= to; index++) {
        const cell = grid.cells[index];
        if (index > this.reached) this.pend(cell);
        else if (map.hidden.has(index)) {
          cell.textContent = "?";
          cell.dataset.state = "hidden";
          cell.setAttribute("aria-label", this.labels.hidden);
        } else {
          grid.paint(cell, map.values.write(index), colours, map.levels[index], "done");
          cell.removeAttribute("aria-label");
        }
      }
    }
    this.drawnTo = this.reached;
    this.done.textContent = fill(this.labels.done, { done: written(this.reached + 1, 0), count: written(this.height * this.width, 0) });
    this.drawTabs();
  }

  drawTabs() {
    const picture = (tabs, grids, last, chosen) => {
      grids.forEach((grid, place) => {
        const tab = tabs.children[place];
        tab.setAttribute("aria-pressed", place === chosen);
        const canvas = tab.firstChild;
        if (Number(canvas.dataset.last ?? -2) === last) return;
        canvas.dataset.last = last;
        const context = canvas.getContext("2d");
        context.clearRect(0, 0, canvas.width, canvas.height);
        const colours = this.palettes[grid.role].fill;
        for (let index = 0; index <= last; index++) {
          if (grid.hidden?.has(index)) continue;
          context.fillStyle = colours[grid.levels[index]];
          context.fillRect(index % canvas.width, Math.floor(index / canvas.width), 1, 1);
        }
      });
    };
    if (this.planeTabs) picture(this.planeTabs, this.inputs, this.inputs[0].levels.length - 1, this.plane);
    if (this.mapTabs) picture(this.mapTabs, this.maps, this.reached, this.map);
  }

  // Draw the step that is current, or the cell under the pointer.
  draw() {
    const index = this.peek ?? this.player.index;
    const [row, col] = [Math.floor(index / this.width), index % this.width];
    const [rows, cols] = [this.data.rows[row], this.data.cols[col]];
    const { active: map, labels } = this;
    const plane = this.inputs[this.plane];
    this.root.dataset.peek = this.peek !== null;
    this.inputHeading.replaceChildren(element("b", {}, plane.label), element("span", { class: "note" }, plane.note));
    this.input.frames(rows, cols, "window");
    for (const [place, grid] of this.grids) {
      grid.frames([row], [col], "current");
      const cell = grid.cells[index];
      cell.id ||= `cell-${place}-${index}`;
      grid.node.setAttribute("aria-activedescendant", cell.id);
    }

    const hidden = map.hidden.has(index);
    // Beside a maximum, the average's view marks the winner too.
    const beside = map.kernel ? [] : this.shown.map((place) => this.maps[place]);
    const marked = [map, ...beside].find((other) => other.winner && other.channel === map.channel);
    const winner = marked && !marked.hidden.has(index) ? marked.winner[index] : null;
    this.blocks.forEach((block, which) => {
      const source = this.inputs[block.channel];
      const colours = this.palettes[source.role];
      const [high, wide] = source.values.shape;
      block.window.cells.forEach((cell, place) => {
        const [y, x] = [rows[Number(cell.dataset.row)], cols[Number(cell.dataset.col)]];
        const inside = y >= 0 && x >= 0 && y < high && x < wide;
        const term = this.termNodes[which][place];
        const at = y * wide + x;
        const text = inside ? source.values.write(at) : this.data.border.text;
        const level = inside ? source.levels[at] : 0;
        block.window.paint(cell, text, inside ? colours : null, level, inside ? "" : "border");
        term.pixel.textContent = text;
        term.pixel.style.background = inside ? colours.fill[level] : "";
        term.pixel.style.color = inside ? colours.text[level] : "";
        term.pixel.dataset.state = inside ? "" : "border";
        if (term.product) {
          const product = index * map.kernel.length + term.at;
          term.product.textContent = hidden ? "?" : map.products.write(product, true);
          term.product.dataset.tone = hidden ? "zero" : map.products.tone(product);
        }
        const wins = winner !== null && winner[0] === y && winner[1] === x;
        if (wins) block.window.frames([Number(cell.dataset.row)], [Number(cell.dataset.col)], "winner", "\u2605");
        if (term.star) {
          term.term.dataset.winner = wins;
          term.star.textContent = wins ? `\u2605 ${labels.winner}` : "";
        }
      });
      block.window.size(block.window.unit ?? 30, this.number);
      if (winner === null) block.window.clear("winner");
    });
    if (winner) this.input.frames([winner[0]], [winner[1]], "winner", "\u2605");
    else this.input.clear("winner");
    this.drawResults(index);
    const where = fill(labels.where, { rows: this.data.row_spans[row], columns: this.data.col_spans[col] });
    const name = this.peek === null || this.peek === this.player.index ? labels.step : labels.pointed;
    this.termsHeading.replaceChildren(element("b", {}, name), element("span", { class: "note", "data-part": "where" }, `${fill(labels.position, { row: row + 1, column: col + 1 })} \u2190 ${where}`));
    this.drawTabs();
    this.drawFed();
  }

  drawResults(index) {
    for (const line of this.lines) {
      const map = this.maps[line.place];
      const hidden = map.hidden.has(index);
      const put = (chip, numbers, at, toned = true) => {
        chip.textContent = hidden ? "?" : numbers.write(at);
        chip.dataset.tone = hidden || !toned ? "zero" : numbers.tone(at);
        if (hidden) chip.setAttribute("aria-label", this.labels.hidden);
        else chip.removeAttribute("aria-label");
      };
      line.channels.forEach((chip, channel) => {
        put(chip, map.channel_sums, index * line.channels.length + channel);
        chip.dataset.current = line.channels.length > 1 && channel === this.plane;
      });
      const signed = map.role === "signed";
      if (map.operation === "average") {
        put(line.parts, map.sums, index, signed);
        put(line.count, map.counts, index, false);
      }
      if (line.after) {
        put(line.total, map.sums, index);
        put(line.after, map.values, index);
      } else put(line.total, map.values, index, signed);
      if (line.where) {
        const [row, col] = map.winner[index];
        line.where.textContent = hidden ? "" : `\u2605 ${fill(this.labels.position, { row: row + 1, column: col + 1 })}`;
      }
    }
  }

  // ---- pointing -----------------------------------------------------------------------------------

  listen() {
    const cellOf = (event) => event.target.closest?.("[data-part=output-cell], [data-part=input-cell]");
    this.stage.addEventListener("pointerover", (event) => {
      if (event.pointerType !== "mouse" || this.player.playing) return;
      const cell = cellOf(event);
      if (cell) this.point(cell);
      else this.unpoint();
    });
    this.stage.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.unpoint());
    this.root.addEventListener("click", (event) => {
      const cell = cellOf(event);
      if (cell?.dataset.part === "output-cell") this.choose(cell);
      else if (cell) {
        this.player.pause();
        this.point(cell);
        [...this.grids.values()][0].node.focus({ preventScroll: true });
      }
    });
    // The same weight, pixel and product light up together.
    const light = (event, on) => {
      const tap = event.target.closest?.("[data-part=term], [data-part=window-cell], [data-part=kernel-cell]");
      for (const lit of this.root.querySelectorAll("[data-lit]")) delete lit.dataset.lit;
      if (!tap || !on) return;
      const name = tap.dataset.tap ?? `${tap.dataset.row},${tap.dataset.col}`;
      for (const block of this.blocks) {
        for (const grid of [block.window, block.kernel]) {
          grid?.cells.filter((cell) => `${cell.dataset.row},${cell.dataset.col}` === name).forEach((cell) => (cell.dataset.lit = ""));
        }
      }
      for (const term of this.terms.querySelectorAll(`[data-tap="${name}"]`)) term.dataset.lit = "";
    };
    this.root.addEventListener("pointerover", (event) => light(event, true));
    this.root.addEventListener("pointerleave", (event) => light(event, false));
  }

  point(cell) {
    const [row, col] = [Number(cell.dataset.row), Number(cell.dataset.col)];
    if (cell.dataset.part === "output-cell") {
      this.peek = row * this.width + col;
      this.pointed = null;
      const place = Number(cell.closest("[data-output]").dataset.output);
      if (place !== this.map) return this.chooseMap(place);
    } else {
      this.peek = null;
      this.pointed = [row, col];
    }
    this.draw();
  }

  unpoint() {
    if (this.peek === null && this.pointed === null) return;
    this.peek = this.pointed = null;
    this.draw();
  }

  choose(cell) {
    const output = Number(cell.closest("[data-output]").dataset.output);
    if (output !== this.map) this.chooseMap(output);
    this.player.go(Number(cell.dataset.row) * this.width + Number(cell.dataset.col));
    this.grids.get(output).node.focus({ preventScroll: true });
    this.report();
  }

  report() {
    if (!this.data.choose) return;
    const index = this.player.index;
    this.send("cell", { output: this.map, row: Math.floor(index / this.width), col: index % this.width });
  }

  // With `follow`, the page hears where the student rests.
  tell() {
    if (!this.data.follow) return;
    const [{ start }, { index }] = [this.data, this.player];
    const at = { output: this.map, row: Math.floor(index / this.width), col: index % this.width, start };
    this.told ??= JSON.stringify({ output: 0, row: start[0], col: start[1], start }); // what the page takes for granted
    if (JSON.stringify(at) === this.told) return;
    this.told = JSON.stringify(at);
    this.keep("at", at);
  }

  key(name) {
    if (name === "ArrowUp" || name === "ArrowDown") {
      const index = this.player.index + (name === "ArrowUp" ? -this.width : this.width);
      if (index >= 0 && index < this.height * this.width) this.player.go(index);
    } else if (name === "Enter") this.report();
    else return false;
    return true;
  }

  choosePlane(place) {
    this.plane = place;
    this.drawInput();
    if (this.read.length === 1 && this.active.channel === null) this.buildMiddle();
    this.layout();
    this.draw();
  }

  chooseMap(place) {
    this.map = place;
    this.player.rest();
    const shown = this.shown.some((other) => !this.grids.has(other));
    if (this.active.channel !== null && this.active.channel !== this.plane) {
      this.plane = this.active.channel;
      this.drawInput();
    }
    if (shown) this.buildOutputs();
    this.buildMiddle();
    this.develop();
    this.layout();
    this.draw();
  }

  // Outline the outputs that the pointed input cell feeds, and say how many they are.
  drawFed() {
    for (const grid of this.grids.values()) grid.clear("fed");
    this.input.clear("pointed");
    if (!this.pointed) return this.active.hidden.has(this.peek ?? this.player.index) ? this.hintText(this.labels.hidden_why, true) : this.hintText(this.help);
    const [row, col] = this.pointed;
    this.input.frames([row], [col], "pointed");
    if (this.data.hide_fed) return this.hintText(this.labels.fed_hidden, true);
    const [rows, cols] = [this.data.fed_rows[row], this.data.fed_cols[col]];
    const fed = rows.flatMap((outputRow) => cols.map((outputCol) => [outputRow, outputCol]));
    if (fed.length) for (const grid of this.grids.values()) grid.frames(rows, cols, "fed");
    const plane = this.inputs[this.plane].values;
    const sentence = fed.length === 0 ? "fed_none" : fed.length === 1 ? "fed_one" : "fed";
    const value = plane.write(row * plane.shape[1] + col);
    this.hintText(fill(this.labels[sentence], { row: row + 1, column: col + 1, value, count: fed.length }), true);
  }

  get help() {
    return matchMedia("(hover: none)").matches ? this.labels.help_touch : this.labels.help;
  }

  hintText(text, strong = false) {
    this.hint.textContent = text;
    this.hint.dataset.strong = strong;
  }

  // ---- where things lie ---------------------------------------------------------------------------

  layout() {
    if (!this.data) return;
    const style = getComputedStyle(this.root);
    const room = this.root.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    if (room <= 0) return;
    this.number = leastNumber(this.root);
    this.root.dataset.projector = this.number > 0;
    const narrow = this.root.clientWidth < NARROW;
    this.root.dataset.size = narrow ? "narrow" : "wide";
    if (this.number && !narrow) return this.layoutLarge(room);
    const kernelCols = this.data.cols[0].length;
    const several = this.blocks.length > 1;
    const hasKernel = Boolean(this.active.kernel);
    const stacked = this.shown.length === 2 && (narrow || this.height * 2 <= this.input.rows + 2);
    const outputCols = this.width * (this.shown.length === 2 && !stacked ? 2 : 1);
    const least = this.mapTabs && !narrow ? 264 : 150; // pixels for the outputs, however few their columns
    let unit;
    let small;
    if (narrow) {
      unit = (room - 14) / (this.input.cols + outputCols);
      small = Math.min(several ? 27 : this.inputs.length > 3 || this.brief ? 32 : 40, (room - 40) / (kernelCols * (hasKernel ? 2 : 1)));
    } else {
      const pair = several ? 2 : 1;
      small = Math.min(44, (several ? 100 : 132) / kernelCols);
      small = Math.max(small, 23);
      const middle = Math.max(hasKernel ? 124 : 0, small * kernelCols * pair + (several ? 30 : 0));
      const gaps = 2 * 34 + (stacked || this.shown.length === 1 ? 0 : 24);
      const grids = room - middle - gaps;
      unit = Math.min(44, grids / (this.input.cols + outputCols), 430 / this.input.rows);
      if (unit * outputCols < least) unit = Math.min(unit, (grids - least) / this.input.cols);
      this.middle.style.width = `${middle}px`;
    }
    if (narrow) this.middle.style.width = "";
    unit = unit > 8 ? Math.floor(unit) : Math.floor(unit * 4) / 4;
    small = Math.floor(small);
    this.input.size(unit);
    for (const grid of this.grids.values()) grid.size(unit);
    for (const block of this.blocks) {
      block.window.unit = small;
      block.window.size(small);
      block.kernel?.size(small);
    }
    this.outputPanel.dataset.stacked = stacked;
    this.layoutTerms(room);
    // Pictures to choose from wrap below their grid instead of pushing the others aside.
    this.input.node.parentNode.style.width = `${unit * this.input.cols}px`;
    this.outputPanel.style.width = narrow ? "" : `${Math.max(least, unit * outputCols + (outputCols > this.width ? 24 : 0))}px`;
  }

  // On a projector: cells as large as their numbers ask for; a grid of too many cells has no numbers.
  layoutLarge(room) {
    const { number } = this;
    const longest = (channels) => Math.max(...channels.map((channel) => this.inputs[channel].values.longest()));
    const most = (grids) => Math.max(...grids.map((grid) => grid.values.longest()));
    const gap = 20;
    const all = this.inputs.map((_plane, place) => place);
    const small = cellFor(Math.max(longest(this.read), this.active.kernel?.longest() ?? 1), number);
    const beside = this.blocks.length > 1 && this.active.kernel ? 2 : 1; // kernels beside windows, or below
    const middle = Math.max(small * this.data.cols[0].length * beside + (beside > 1 ? 34 : 0), this.active.kernel ? 190 : 110);
    const unit = (grid, letters, share) => {
      const wanted = cellFor(letters, number);
      return Math.floor(wanted * grid.cols <= room ? wanted : Math.max(1, share / grid.cols));
    };
    const shown = [...this.grids.values()];
    const input = unit(this.input, longest(all), (room - middle) / 2);
    const output = unit(shown[0], most(this.shown.map((place) => this.maps[place])), (room - middle) / 2 - gap);
    const stacked = shown.length === 2 && (2 * output * this.width + 24 + input * this.input.cols + middle + 2 * gap > room);
    this.input.size(input, number);
    for (const grid of shown) grid.size(output, number);
    for (const block of this.blocks) {
      block.window.unit = small;
      block.window.longest = Math.max(block.window.longest, longest(this.read));
      block.window.size(small, number);
      block.kernel?.size(small, number);
    }
    this.outputPanel.dataset.stacked = stacked;
    this.middle.style.width = `${middle}px`;
    this.input.node.parentNode.style.width = `${input * this.input.cols}px`;
    const columns = shown.length === 2 && !stacked ? 2 : 1;
    this.outputPanel.style.width = `${Math.max(this.mapTabs ? 264 : 150, output * this.width * columns + (columns - 1) * 24)}px`;
    this.layoutTerms(room);
  }

  // All terms of a small window in one line where they fit, else as the window has them; on top of each other
  // where even that is too wide.
  layoutTerms(room) {
    const cells = this.blocks[0].window.cells.length;
    const cols = this.blocks[0].window.cols;
    const pixels = Math.max(...this.read.map((channel) => this.inputs[channel].values.longest()));
    const weights = this.active.kernel?.longest() ?? 0;
    const letter = this.number ? 0.62 * this.number : 7.7;
    const wide = letter * (pixels + weights) + (weights ? 46 : 60);
    const fits = (count) => count * (wide + 8) <= room + 8;
    const inLine = cells <= 9 && fits(cells) ? cells : cols;
    // Several blocks stand beside each other rather than under each other, with pixel over weight.
    const upright = (letter - 0.7) * Math.max(pixels, weights) + 14;
    const beside = inLine < cells && this.blocks.length > 1 && this.blocks.length * (cols * (upright + 8) + 28) <= room;
    this.terms.dataset.tall = beside || !fits(inLine);
    this.terms.style.setProperty("--per-row", inLine);
    this.terms.style.setProperty("--term", `${beside ? upright : Math.max(wide, 88)}px`);
  }

  // `view` is what belongs to one run of the component; an older run's clean-up must not stop a newer one.
  stop() {
    this.player.stop();
    this.observer.disconnect();
  }
}

// What a trace was computed from.
function source(data) {
  return JSON.stringify([data.inputs.map((plane) => plane.values), data.outputs.map((map) => map.kernel ?? null)]);
}

export default function ({ data, parentElement, setTriggerValue, setStateValue }) {
  // When data changes, this runs again without a clean-up: the view and its state live on the parent.
  const view = (parentElement.cnnlabWindows ??= new WindowsView(parentElement));
  const run = (view.run = {});
  view.update(data, setTriggerValue, setStateValue);
  return () => view.run === run && view.stop();
}
