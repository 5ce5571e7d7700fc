// A crop and its colour planes. See __init__.py for the data; the view only looks numbers up.

import { cellFor, leastNumber } from "../cell_size.js";
import { element } from "../element.js";
import { bytes, fill, unpack } from "../numbers.js";

const REST = 250; // ms at one pixel before it counts as looked at
const ROW = 19; // px of a cell: four grids stand in a row where cells are no smaller
const LEGIBLE = 7.5; // px: below this size numbers are not drawn on cells

class PlanesView {
  constructor(parent) {
    this.root = element("section", { class: "view planes-view", role: "group", "data-part": "view" });
    this.four = element("div", { class: "four", tabindex: "0", role: "group", "data-part": "grids" });
    this.panel = element("div", { class: "panel", "data-part": "panel" });
    this.live = element("div", { class: "unseen", "aria-live": "polite", "data-part": "live" });
    this.root.append(this.four, this.panel, this.live);
    parent.append(this.root);
    const hit = (event) => event.target.closest?.("[data-part=cell]");
    this.four.addEventListener("pointerover", (event) => {
      const cell = event.pointerType === "mouse" && hit(event);
      if (cell) this.choose(Number(cell.dataset.index), false);
    });
    this.four.addEventListener("click", (event) => {
      const cell = hit(event);
      if (cell) this.choose(Number(cell.dataset.index), true);
    });
    this.four.addEventListener("keydown", (event) => this.key(event));
    this.observer = new ResizeObserver(() => this.layout());
  }

  update(data, keep) {
    this.keep = keep;
    this.observer.observe(this.root);
    if (data === this.data) return;
    const before = this.data;
    this.data = data;
    this.planes = data.planes.map((plane) => ({
      ...plane,
      cells: unpack(plane.cells),
      values: unpack(plane.values),
      shares: unpack(plane.shares),
      widths: unpack(plane.widths),
      levels: bytes(plane.levels),
    }));
    const another = !before || before.colours.join() !== data.colours.join();
    if (another) this.index = data.start[0] * data.cols + data.start[1];
    this.root.setAttribute("aria-label", data.labels.view);
    this.four.setAttribute("aria-label", `${data.labels.view}. ${data.labels.help}`);
    this.build();
    this.layout();
    this.choose(this.index, false);
  }

  build() {
    const { data } = this;
    const grid = (name, label, note, paint) => {
      const node = element("div", { class: "pixels", "data-part": `${name}-grid`, "aria-hidden": "true" });
      for (let index = 0; index < data.rows * data.cols; index++) {
        const cell = element("div", { class: "cell", "data-part": "cell", "data-index": index });
        paint(cell, index);
        node.append(cell);
      }
      const frame = element("div", { class: "frame", "data-part": "frame" });
      node.append(frame);
      node.style.setProperty("--cols", data.cols);
      node.style.setProperty("--rows", data.rows);
      const heading = element("div", { class: "heading" }, element("b", {}, label), element("span", { class: "note" }, note));
      return { node, frame, holder: element("div", {}, heading, node) };
    };
    const colour = grid("crop", data.labels.crop, `${data.rows} \u00d7 ${data.cols}`, (cell, index) => (cell.style.background = data.colours[index]));
    const planes = this.planes.map((plane) => {
      const { fill, text } = data.palettes[plane.role];
      return grid(plane.role, plane.label, plane.note, (cell, index) => {
        const level = plane.levels[index];
        cell.style.background = `#${fill.slice(6 * level, 6 * level + 6)}`;
        cell.style.color = text[level] === "k" ? "#000" : "#fff";
        cell.textContent = this.brief(plane.cells.write(index));
      });
    });
    this.grids = [colour, ...planes];
    this.longest = this.data.divided ? 3 : Math.max(...this.planes.map((plane) => plane.cells.longest()));
    this.four.replaceChildren(...this.grids.map((grid) => grid.holder));

    this.place = element("span", { class: "note", "data-part": "position" });
    this.swatch = element("div", { class: "swatch", "data-part": "swatch" });
    this.channels = this.planes.map((plane) => {
      const bar = element("span", { class: "bar" });
      const { fill } = data.palettes[plane.role];
      bar.style.background = `#${fill.slice(-6)}`;
      const number = element("span", { class: "number", "data-part": `${plane.role}-value` });
      const share = element("span", { class: "share", "data-part": `${plane.role}-share` });
      const node = element("div", { class: "channel" }, element("span", {}, plane.label), element("span", { class: "track" }, bar), number, share);
      return { plane, bar, number, share, node };
    });
    const heading = element("div", { class: "heading" }, element("b", {}, data.labels.pixel), this.place);
    const help = element("p", { class: "help" }, data.labels.help);
    this.panel.replaceChildren(heading, this.swatch, ...this.channels.map((channel) => channel.node), help);
  }

  // Divided, a cell has room for two decimal places, but not for a nought before them.
  brief(text) {
    return this.data.divided ? text.replace(/^0\./, ".") : text;
  }

  // With `follow`, the page hears at which pixel the student rests.
  tell() {
    if (!this.data.follow) return;
    const at = { row: Math.floor(this.index / this.data.cols), col: this.index % this.data.cols };
    this.told ??= JSON.stringify({ row: this.data.start[0], col: this.data.start[1] });
    if (JSON.stringify(at) === this.told) return;
    this.told = JSON.stringify(at);
    this.keep("at", at);
  }

  choose(index, aloud) {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.tell(), REST);
    this.index = index;
    const { labels, cols, rows, colours } = this.data;
    const [row, col] = [Math.floor(index / cols), index % cols];
    for (const { frame } of this.grids) {
      frame.style.left = `${(col / cols) * 100}%`;
      frame.style.top = `${(row / rows) * 100}%`;
    }
    this.place.textContent = fill(labels.position, { row: row + 1, column: col + 1 });
    this.swatch.style.background = colours[index];
    const said = {};
    for (const { plane, bar, number, share } of this.channels) {
      const value = plane.values.write(index);
      said[plane.role] = value;
      bar.style.width = `${plane.widths.write(index)}%`;
      const divided = plane.shares.write(index);
      number.textContent = this.data.divided ? divided : value;
      share.textContent = this.data.divided ? `${value} ${labels.divided} =` : `${labels.divided} = ${divided}`;
    }
    if (aloud) this.live.textContent = fill(labels.says, { row: row + 1, column: col + 1, ...said });
  }

  key(event) {
    const { cols, rows } = this.data;
    const [row, col] = [Math.floor(this.index / cols), this.index % cols];
    const moves = { ArrowLeft: [row, col - 1], ArrowRight: [row, col + 1], ArrowUp: [row - 1, col], ArrowDown: [row + 1, col] };
    const to = moves[event.key];
    if (!to || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (to[0] >= 0 && to[1] >= 0 && to[0] < rows && to[1] < cols) this.choose(to[0] * cols + to[1], true);
  }

  layout() {
    if (!this.data) return;
    const style = getComputedStyle(this.root);
    const room = this.root.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    if (room <= 0) return;
    const number = leastNumber(this.root);
    const narrow = room < 520;
    this.root.dataset.size = narrow ? "narrow" : "wide";
    const wide = narrow ? room - 12 : room - 22 - 30 - 200;
    // All four in one row where their numbers can be read, else two by two.
    const fit = (count) => Math.max(6, Math.min(40, Math.floor((wide - (count - 2) * 22) / count / this.data.cols)));
    const across = !narrow && !number && fit(4) >= ROW ? 4 : 2;
    const unit = number ? cellFor(this.longest, number) : fit(across);
    this.four.style.setProperty("--across", across);
    const letter = number || Math.min(13, (unit * 0.9) / (this.longest * 0.605));
    for (const { node } of this.grids) {
      node.style.setProperty("--unit", `${unit}px`);
      node.style.setProperty("--letter", `${letter}px`);
      node.dataset.numbers = letter >= LEGIBLE;
    }
  }

  stop() {
    clearTimeout(this.resting);
    this.observer.disconnect();
  }
}

export default function ({ data, parentElement, setStateValue }) {
  const view = (parentElement.cnnlabPlanes ??= new PlanesView(parentElement));
  const run = (view.run = {});
  view.update(data, setStateValue);
  return () => view.run === run && view.stop();
}
