// What one input channel adds to a cell: its window, the kernel over it, and the terms that they give.

import { element } from "../element.js";
import { Grid } from "./grid.js";

export class Block {
  // `at(row, col)`: where a weight stands in the kernel's array. `several`: other channels are read as well.
  constructor({ map, channel, inputs, at, several, size, palettes, labels }) {
    Object.assign(this, { map, source: inputs[channel], colours: palettes[inputs[channel].role], labels });
    const { label } = this.source;
    const many = inputs.length > 1;
    this.window = new Grid("window", ...size);
    this.window.node.setAttribute("aria-label", many ? `${labels.window}, ${label}` : labels.window);
    const title = element("div", { class: "heading" }, element("b", {}, labels.window));
    if (many) title.append(element("span", { class: "note" }, label));
    this.node = element("div", { class: "block", "data-part": "block", "data-channel": channel }, element("div", { class: "part" }, title, this.window.node));
    this.kernel = map.kernel ? this.buildKernel(size, at, palettes.signed, many) : null;
    if (several) this.node.append(element("b", { class: "block-name", "aria-hidden": "true" }, label));
    this.line = element("div", { class: "term-line", role: "list" });
    if (several) this.line.append(element("b", { class: "term-name" }, label));
    this.terms = this.window.cells.map((cell) => this.buildTerm(cell, at, palettes.signed));
  }

  buildKernel(size, at, colours, many) {
    const { map, labels } = this;
    const kernel = new Grid("kernel", ...size);
    for (const cell of kernel.cells) {
      const weight = at(Number(cell.dataset.row), Number(cell.dataset.col));
      kernel.paint(cell, map.kernel.write(weight), colours, map.kernel_levels[weight]);
    }
    const name = many ? labels.slice : labels.kernel;
    const title = element("div", { class: "heading" }, element("b", {}, name));
    this.node.append(
      element("span", { class: "sign", "aria-hidden": "true" }, "\u00d7"),
      element("div", { class: "part" }, title, kernel.node),
    );
    kernel.node.setAttribute("aria-label", many ? `${name}, ${this.source.label}` : name);
    return kernel;
  }

  buildTerm(cell, at, colours) {
    const { map } = this;
    const pixel = element("span", { class: "value", "data-part": "term-pixel" });
    const term = element("div", { class: "term", role: "listitem", "data-part": "term", "data-tap": `${cell.dataset.row},${cell.dataset.col}` }, element("span", { class: "factors" }, pixel));
    const parts = { cell, term, pixel };
    if (map.kernel) {
      parts.weight = element("span", { class: "value", "data-part": "term-weight" });
      parts.product = element("span", { class: "product number", "data-part": "term-product" });
      parts.at = at(Number(cell.dataset.row), Number(cell.dataset.col));
      parts.weight.textContent = map.kernel.write(parts.at);
      parts.weight.style.background = colours.fill[map.kernel_levels[parts.at]];
      parts.weight.style.color = colours.text[map.kernel_levels[parts.at]];
      term.firstChild.append(element("span", { class: "times" }, "\u00d7"), parts.weight);
      term.append(element("span", { class: "unseen" }, "="), parts.product);
    } else {
      parts.star = element("span", { class: "product", "data-part": "term-winner" });
      term.append(parts.star);
    }
    this.line.append(term);
    return parts;
  }

  // The cell `index` of the output, whose window reads these rows and columns. `winner`: row and column, or null.
  draw({ index, rows, cols, winner, border, number }) {
    const { map, source, colours } = this;
    const hidden = map.hidden.has(index);
    const [high, wide] = source.values.shape;
    for (const { cell, term, pixel, product, at, star } of this.terms) {
      const [row, col] = [Number(cell.dataset.row), Number(cell.dataset.col)];
      const [y, x] = [rows[row], cols[col]];
      const inside = y >= 0 && x >= 0 && y < high && x < wide;
      const text = inside ? source.values.write(y * wide + x) : border;
      const level = inside ? source.levels[y * wide + x] : 0;
      this.window.paint(cell, text, inside ? colours : null, level, inside ? "" : "border");
      pixel.textContent = text;
      pixel.style.background = inside ? colours.fill[level] : "";
      pixel.style.color = inside ? colours.text[level] : "";
      pixel.dataset.state = inside ? "" : "border";
      if (product) {
        const place = index * map.kernel.length + at;
        product.textContent = hidden ? "?" : map.products.write(place, true);
        product.dataset.tone = hidden ? "zero" : map.products.tone(place);
      }
      const wins = winner !== null && winner[0] === y && winner[1] === x;
      if (wins) this.window.frames([row], [col], "winner", "\u2605");
      if (star) {
        term.dataset.winner = wins;
        star.textContent = wins ? `\u2605 ${this.labels.winner}` : "";
      }
    }
    this.window.size(this.unit ?? 30, number);
    if (winner === null) this.window.clear("winner");
  }

  // `unit`: the side of a cell; `number`: the least size of a number, on a projector.
  size(unit, number = 0) {
    this.unit = unit;
    this.window.size(unit, number);
    this.kernel?.size(unit, number);
  }
}
