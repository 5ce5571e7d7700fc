// The view of windows stepping over grids. See payload.py for the data. Nothing is computed here but where things
// lie on the screen; indices (row * width + col) only address numbers that Python sent.

import { leastNumber } from "../cell_size.js";
import { element } from "../element.js";
import { rowFor } from "../keys.js";
import { fill, written } from "../numbers.js";
import { Player } from "../player.js";
import { Block } from "./block.js";
import { Grid } from "./grid.js";
import { NARROW, largeSizes, narrowSizes, outputsWidth, stacks, termSizes, wideSizes } from "./layout.js";
import { ResultLine } from "./results.js";
import { Tabs } from "./tabs.js";
import { stepAfter, unpackTrace } from "./trace.js";

export class WindowsView {
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
    Object.assign(this, unpackTrace(data));
    this.map = Math.min(this.map, this.maps.length - 1);
    this.plane = Math.min(this.plane, this.inputs.length - 1);
    this.peek = this.pointed = null;
    this.root.setAttribute("aria-label", this.labels.view);
    if (!before) this.player.speed = data.speed;
    const { index, reached, started } = stepAfter(before, data, { index: this.player.index, reached: this.reached });
    this.reached = reached;
    this.player.index = index;
    this.player.update(this.labels, this.height * this.width);
    this.build();
    this.step(this.player.index, started && before ? "manual" : "update");
    if (focused) this.root.querySelector(`[data-part="${focused}"]`)?.focus({ preventScroll: true });
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
    this.planeTabs = this.inputs.length > 1 ? new Tabs("plane", this.inputs, labels.channels, (place) => this.choosePlane(place)) : null;
    if (this.planeTabs) inputPanel.append(this.planeTabs.node);

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
      this.mapTabs = new Tabs("map", this.maps, this.labels.maps, (place) => this.chooseMap(place));
      parts.push(this.mapTabs.node);
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
    this.blocks = this.read.map((channel, place) => new Block({
      map,
      channel,
      inputs: this.inputs,
      at: (row, col) => this.tap(map, row, col, place),
      several: this.read.length > 1,
      size: [this.data.rows[0].length, this.data.cols[0].length],
      palettes: this.palettes,
      labels: this.labels,
    }));
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
    this.terms.replaceChildren(...this.blocks.map((block) => block.line));
    this.rounded.textContent = map.rounded ? this.labels.rounded : "";
    const places = map.kernel ? [this.map] : this.shown;
    const named = !map.kernel && this.shown.length > 1;
    this.lines = places.map((place) => new ResultLine(this.maps[place], place, this.inputs, this.labels, named));
    this.results.replaceChildren(...this.lines.map((line) => line.node));
  }

  // Where weight (p, q) of the `place`-th channel that is read stands in a kernel's array.
  tap(map, p, q, place) {
    const [, cols, channels] = map.kernel.shape;
    const channel = map.channel === null && this.read.length !== channels ? this.plane : place;
    return (p * cols + q) * channels + channel;
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
    this.planeTabs?.draw(this.palettes, this.inputs[0].levels.length - 1, this.plane);
    this.mapTabs?.draw(this.palettes, this.reached, this.map);
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

    // Beside a maximum, the average's view marks the winner too.
    const beside = map.kernel ? [] : this.shown.map((place) => this.maps[place]);
    const marked = [map, ...beside].find((other) => other.winner && other.channel === map.channel);
    const winner = marked && !marked.hidden.has(index) ? marked.winner[index] : null;
    const { border } = this.data;
    for (const block of this.blocks) block.draw({ index, rows, cols, winner, border: border.text, number: this.number });
    if (winner) this.input.frames([winner[0]], [winner[1]], "winner", "\u2605");
    else this.input.clear("winner");
    for (const line of this.lines) line.draw(index, this.plane);
    const where = fill(labels.where, { rows: this.data.row_spans[row], columns: this.data.col_spans[col] });
    const name = this.peek === null || this.peek === this.player.index ? labels.step : labels.pointed;
    this.termsHeading.replaceChildren(element("b", {}, name), element("span", { class: "note", "data-part": "where" }, `${fill(labels.position, { row: row + 1, column: col + 1 })} \u2190 ${where}`));
    this.drawTabs();
    this.drawFed();
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
      const index = rowFor(name, this.player.index, this.width, this.height * this.width);
      if (index !== null) this.player.go(index);
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
    const { input, inputs, width } = this;
    const stacked = stacks(this.shown.length, this.height, input.rows, narrow);
    const columns = this.shown.length === 2 && !stacked ? 2 : 1;
    const several = this.blocks.length > 1;
    const least = this.leastOutputs(narrow);
    const shape = {
      inputCols: input.cols,
      inputRows: input.rows,
      outputCols: width * columns,
      kernelCols: this.data.cols[0].length,
      hasKernel: Boolean(this.active.kernel),
      most: several ? 27 : inputs.length > 3 || this.brief ? 32 : 40, // px of a window's cell on a phone
      several,
      beside: columns === 2,
      least,
    };
    const { unit, small, middle } = narrow ? narrowSizes(room, shape) : wideSizes(room, shape);
    input.size(unit);
    for (const grid of this.grids.values()) grid.size(unit);
    for (const block of this.blocks) block.size(small);
    this.place({ middle, unit, stacked, outputs: narrow ? null : outputsWidth(unit, width, columns, least) });
    this.layoutTerms(room);
  }

  layoutLarge(room) {
    const { input, number, width } = this;
    const longest = (grids) => Math.max(...grids.map((grid) => grid.values.longest()));
    const read = longest(this.read.map((channel) => this.inputs[channel]));
    const sizes = largeSizes(room, number, {
      inputCols: input.cols,
      width,
      outputs: this.grids.size,
      kernelCols: this.data.cols[0].length,
      hasKernel: Boolean(this.active.kernel),
      several: this.blocks.length > 1,
      letters: {
        input: longest(this.inputs),
        output: longest(this.shown.map((place) => this.maps[place])),
        small: Math.max(read, this.active.kernel?.longest() ?? 1),
      },
    });
    input.size(sizes.input, number);
    for (const grid of this.grids.values()) grid.size(sizes.output, number);
    for (const block of this.blocks) {
      block.window.longest = Math.max(block.window.longest, read);
      block.size(sizes.small, number);
    }
    const columns = this.grids.size === 2 && !sizes.stacked ? 2 : 1;
    const outputs = outputsWidth(sizes.output, width, columns, this.leastOutputs(false));
    this.place({ middle: sizes.middle, unit: sizes.input, stacked: sizes.stacked, outputs });
    this.layoutTerms(room);
  }

  // Pixels for the outputs, however few their columns: the pictures of many maps need some.
  leastOutputs(narrow) {
    return this.mapTabs && !narrow ? 264 : 150;
  }

  // The widths of the three panels; null: as wide as there is room. Pictures to choose from wrap below their grid
  // instead of pushing the others aside.
  place({ middle, unit, stacked, outputs }) {
    const px = (width) => (width === null ? "" : `${width}px`);
    this.outputPanel.dataset.stacked = stacked;
    this.middle.style.width = px(middle);
    this.input.node.parentNode.style.width = px(unit * this.input.cols);
    this.outputPanel.style.width = px(outputs);
  }

  layoutTerms(room) {
    const { window } = this.blocks[0];
    const { perRow, tall, term } = termSizes(room, {
      cells: window.cells.length,
      cols: window.cols,
      blocks: this.blocks.length,
      pixels: Math.max(...this.read.map((channel) => this.inputs[channel].values.longest())),
      weights: this.active.kernel?.longest() ?? 0,
      number: this.number,
    });
    this.terms.dataset.tall = tall;
    this.terms.style.setProperty("--per-row", perRow);
    this.terms.style.setProperty("--term", `${term}px`);
  }

  // `view` is what belongs to one run of the component; an older run's clean-up must not stop a newer one.
  stop() {
    this.player.stop();
    this.observer.disconnect();
  }
}
