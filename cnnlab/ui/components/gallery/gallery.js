// Many small grids and one of them large, at each recorded step. See __init__.py for the data.

import { leastNumber } from "../cell_size.js";
import { element } from "../element.js";
import { bytes, fill, unpack } from "../numbers.js";
import { Player } from "../player.js";

const READABLE = 8; // up to so many columns the cells bear their numbers, if there is room
const LEGIBLE = 7.5; // px: smaller numbers are not drawn

class GalleryView {
  constructor(parent) {
    this.root = element("section", { class: "view gallery-view", role: "group", "data-part": "view" });
    this.sheet = element("fieldset", { class: "sheet", "data-part": "sheet" }, element("legend", { class: "unseen" }));
    this.facts = element("div", { class: "facts", "data-part": "facts" });
    this.large = element("div", { class: "large", "data-part": "large" });
    this.value = element("p", { class: "value", "data-part": "value" });
    this.ends = element("div", { class: "ends", "data-part": "scale" });
    this.live = element("div", { class: "unseen", "aria-live": "polite", "data-part": "live" });
    const detail = element("div", { class: "detail" }, this.facts, this.large, this.value, this.ends);
    this.panes = element("div", { class: "panes" }, this.sheet, detail);
    this.keys = element("div", {}); // hears the player's keys; the sheet's arrow keys choose a tile
    this.root.append(this.panes, this.keys, this.live);
    parent.append(this.root);
    this.player = new Player(this.keys, { onStep: (step, how) => this.draw(step, how) });
    this.keys.append(this.player.controls, this.player.live);
    this.observer = new ResizeObserver(() => this.layout());
  }

  update(data, choose) {
    this.observer.observe(this.root);
    this.choose = choose;
    if (data === this.data) return;
    const sameSteps = this.data && this.data.steps.join() === data.steps.join();
    this.data = data;
    this.all = bytes(data.levels);
    this.fills = bytes16(data.palette.fill);
    this.grids = data.grids.map((grid) => ({ ...grid, values: unpack(grid.values), levels: bytes(grid.levels) }));
    this.chosen = data.chosen;
    this.root.setAttribute("aria-label", data.labels.view);
    this.sheet.firstChild.textContent = data.labels.view;
    this.buildSheet();
    this.buildLarge();
    this.buildEnds();
    this.keys.hidden = data.steps.length < 2;
    this.player.update(data.labels, data.steps.length);
    this.layout();
    this.player.index = sameSteps ? this.player.index : data.steps.length - 1;
    this.draw(this.player.index, this.player.playing ? "play" : "update");
    if (!sameSteps) this.reveal();
  }

  // The tiles that are there are kept, and so is the focus.
  buildSheet() {
    const { order, captions, marks, shape } = this.data;
    const [, count, rows, cols] = shape;
    this.tiles ??= [];
    while (this.tiles.length > count) this.tiles.pop().node.remove();
    while (this.tiles.length < count) {
      const radio = element("input", { type: "radio", name: "tile" });
      const canvas = element("canvas", { "aria-hidden": "true" });
      const number = element("span", { "aria-hidden": "true" });
      const node = element("label", { "data-part": "tile" }, radio, canvas, number);
      const tile = { node, radio, canvas, number };
      radio.addEventListener("change", () => this.pick(tile));
      this.tiles.push(tile);
      this.sheet.append(node);
    }
    this.tiles.forEach((tile, place) => {
      tile.place = place;
      tile.canvas.width = cols;
      tile.canvas.height = rows;
      tile.radio.checked = order[place] === this.chosen;
      tile.radio.setAttribute("aria-label", [captions[place], marks[place]].filter(Boolean).join(". "));
      tile.node.title = [captions[place], marks[place]].filter(Boolean).join("\n");
      tile.node.dataset.tile = order[place] + 1;
      tile.node.dataset.marked = Boolean(marks[place]);
      tile.number.textContent = (marks[place] ? "\u2205" : "") + (order[place] + 1);
    });
  }

  pick(tile) {
    this.chosen = this.data.order[tile.place];
    this.player.pause();
    this.large.dataset.waiting = true; // its numbers are on their way
    this.choose(this.chosen);
  }

  buildLarge() {
    this.views = this.grids.map((grid) => {
      const [, rows, cols] = grid.values.shape;
      const canvas = element("canvas", { width: cols, height: rows, "aria-hidden": "true" });
      const texts = cols <= READABLE && rows <= READABLE ? Array.from({ length: rows * cols }, () => element("span")) : [];
      const over = element("div", { class: "numbers", "aria-hidden": "true" }, ...texts);
      over.style.gridTemplate = `repeat(${rows}, 1fr) / repeat(${cols}, 1fr)`;
      const frame = element("div", { class: "frame", hidden: "" });
      frame.style.width = `${100 / cols}%`;
      frame.style.height = `${100 / rows}%`;
      const cells = element("div", { class: "cells", tabindex: "0", role: "img", "data-part": "grid" }, canvas, over, frame);
      const view = { grid, rows, cols, canvas, texts, frame, cells, row: 0, col: 0 };
      const point = (event) => {
        const box = cells.getBoundingClientRect();
        const within = (share, count) => Math.max(0, Math.min(count - 1, Math.floor(share * count)));
        this.point(view, within((event.clientY - box.top) / box.height, rows), within((event.clientX - box.left) / box.width, cols));
      };
      cells.addEventListener("pointermove", (event) => event.pointerType === "mouse" && point(event));
      cells.addEventListener("click", point);
      cells.addEventListener("keydown", (event) => this.key(event, view));
      return view;
    });
    const titled = this.views.map((view) => element("figure", {}, element("figcaption", {}, view.grid.title), view.cells));
    this.large.replaceChildren(...titled);
    this.large.dataset.count = this.views.length;
    this.large.dataset.fine = this.views.some((view) => view.cols > 3); // then two beside each other
    this.large.dataset.waiting = false;
    this.pointed = null;
  }

  buildEnds() {
    const { scale, palette } = this.data;
    this.ends.hidden = !scale.length;
    if (!scale.length) return;
    const fill = (row) => `#${palette.fill.slice(6 * row, 6 * row + 6)}`;
    const bar = element("span", { class: "bar" });
    bar.style.background = `linear-gradient(to right, ${fill(1)}, ${fill(128)}, ${fill(255)})`;
    this.ends.replaceChildren(element("span", { class: "number" }, scale[0]), bar, element("span", { class: "number" }, scale[1]));
  }

  key(event, view) {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const by = moves[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const row = Math.max(0, Math.min(view.rows - 1, view.row + by[0]));
    const col = Math.max(0, Math.min(view.cols - 1, view.col + by[1]));
    this.point(view, row, col);
    this.live.textContent = this.value.textContent;
  }

  point(view, row, col) {
    Object.assign(view, { row, col });
    this.pointed = view;
    for (const other of this.views) other.frame.hidden = other !== view;
    view.frame.style.left = `${(100 * col) / view.cols}%`;
    view.frame.style.top = `${(100 * row) / view.rows}%`;
    this.read();
  }

  // Write the value of the cell that is pointed at.
  read() {
    const { labels } = this.data;
    if (!this.pointed) return (this.value.textContent = labels.help);
    const { grid, rows, cols, row, col } = this.pointed;
    const value = grid.values.write((this.step * rows + row) * cols + col);
    const where = fill(labels.value, { row: row + 1, column: col + 1, value });
    this.value.textContent = this.views.length > 1 ? `${grid.title}, ${where}` : where;
  }

  draw(step, how) {
    this.step = step;
    const { shape, facts, steps, palette } = this.data;
    const [, count, rows, cols, channels] = shape;
    const size = rows * cols * channels;
    this.tiles.forEach((tile, place) => {
      const start = (step * count + place) * size;
      this.paint(tile.canvas, this.all.subarray(start, start + size), channels);
    });
    for (const { grid, rows, cols, canvas, texts, cells } of this.views) {
      const start = step * rows * cols;
      const levels = grid.levels.subarray(start, start + rows * cols);
      this.paint(canvas, levels, 1);
      texts.forEach((text, place) => {
        text.textContent = grid.values.write(start + place);
        text.style.color = palette.text[levels[place]] === "k" ? "#000" : "#fff";
      });
      cells.setAttribute("aria-label", `${grid.title}. ${this.data.labels.help}`);
    }
    this.facts.replaceChildren(...facts[step].map((line, place) => element(place ? "p" : "h4", {}, line)));
    this.read();
    this.player.drawn(steps[step], `${steps[step]}. ${facts[step].join(". ")}`, how, step);
  }

  paint(canvas, levels, channels) {
    const context = canvas.getContext("2d");
    const image = context.createImageData(canvas.width, canvas.height);
    for (let place = 0; place < canvas.width * canvas.height; place++) {
      const from = channels === 3 ? levels : this.fills;
      const start = 3 * (channels === 3 ? place : levels[place]);
      for (let part = 0; part < 3; part++) image.data[4 * place + part] = from[start + part];
      image.data[4 * place + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }

  layout() {
    if (!this.data) return;
    const room = this.root.clientWidth;
    if (room <= 0) return;
    const number = leastNumber(this.root);
    this.root.dataset.size = room < 540 ? "narrow" : "wide";
    this.root.dataset.projector = number > 0;
    for (const { grid, cols, texts, cells } of this.views) {
      if (!texts.length) continue;
      const letter = Math.min(number || 13, (cells.clientWidth / cols) * 0.88 / (grid.values.longest() * 0.605));
      cells.style.setProperty("--letter", `${letter >= (number || LEGIBLE) ? letter : 0}px`);
    }
  }

  // Scroll the sheet, and it alone, to the chosen tile.
  reveal() {
    const tile = this.tiles.find((tile) => tile.radio.checked);
    if (tile) this.sheet.scrollTop = Math.max(0, tile.node.offsetTop - this.sheet.clientHeight / 2);
  }

  stop() {
    this.player.pause();
    this.observer.disconnect();
  }
}

// "0a1b2c" -> [10, 27, 44]
function bytes16(text) {
  return Uint8Array.from({ length: text.length / 2 }, (_nothing, place) => parseInt(text.slice(2 * place, 2 * place + 2), 16));
}

export default function ({ data, parentElement, setTriggerValue }) {
  const view = (parentElement.cnnlabGallery ??= new GalleryView(parentElement));
  const run = (view.run = {});
  view.update(data, (place) => setTriggerValue("chosen", place));
  return () => view.run === run && view.stop();
}
