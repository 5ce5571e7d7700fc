// A table of cells that can be filled, framed and sized.

import { letterFor } from "../cell_size.js";
import { element } from "../element.js";

const SMALLEST_TEXT = 7.6; // px: below this, numbers are not drawn on cells, only read aloud

export class Grid {
  // `offset` is the size of the border above and on the left.
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
    const letter = letterFor(unit, this.longest, number);
    this.node.style.setProperty("--unit", `${unit}px`);
    this.node.style.setProperty("--letter", `${letter}px`);
    this.node.dataset.numbers = letter >= SMALLEST_TEXT;
    this.node.dataset.lines = unit >= 9;
  }
}
