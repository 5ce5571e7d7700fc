// One line: how the terms of a map become the number on its output cell.

import { element } from "../element.js";
import { fill } from "../numbers.js";

export class ResultLine {
  // `named`: the line begins with the map's name.
  constructor(map, place, inputs, labels, named) {
    Object.assign(this, { map, labels, channels: [] });
    const node = element("div", { class: "result", "data-part": "result", "data-output": place });
    this.node = node;
    const word = (text) => element("span", { class: "word" }, text);
    // A chip with the sign and the name before it; wide enough for the longest number, so that nothing jumps.
    const chip = (part, numbers, before, extra = "") => {
      const box = element("span", { class: `chip ${extra}`, "data-part": part });
      box.style.setProperty("--chars", numbers.longest());
      node.append(element("span", { class: "named" }, ...before, box));
      return box;
    };
    const sign = (text) => element("span", { class: "sign" }, text);
    if (named) node.append(element("b", { class: "map-name" }, map.label));
    if (map.operation === "max") {
      this.total = chip("sum", map.values, [word(labels.largest), sign("=")], "total");
      this.where = element("span", { class: "note number", "data-part": "winner" });
      node.append(this.where);
    } else if (map.operation === "average") {
      this.parts = chip("window-sum", map.sums, [word(labels.mean)]);
      this.count = chip("count", map.counts, [sign("\u00f7")]);
      this.total = chip("sum", map.values, [sign("=")], "total");
    } else {
      const channels = map.channel_sums ? map.channel_sums.shape[2] : 0;
      if (channels && (channels > 1 || map.bias)) {
        for (let channel = 0; channel < channels; channel++) {
          const name = map.channel_labels[channel] ?? (channels > 1 ? inputs[channel]?.label : labels.products);
          const before = [word(name ?? String(channel + 1))];
          if (channel) before.unshift(sign("+"));
          const sum = chip("channel-sum", map.channel_sums, before);
          sum.dataset.channel = channel;
          this.channels.push(sum);
        }
        if (channels > 4) {
          const holder = element("span", { class: "channels" }, ...node.childNodes);
          node.append(holder);
        }
      }
      if (map.bias) {
        const bias = chip("bias", map.bias, [sign("+"), word(labels.bias)]);
        bias.textContent = map.bias.write(0);
        bias.dataset.tone = map.bias.tone(0);
      }
      this.total = chip("sum", map.sums ?? map.values, [sign("=")], "total");
      if (map.activation) {
        this.after = chip("activated", map.values, [element("span", { class: "word arrow" }, `\u2192 ${map.activation} \u2192`)], "total");
      }
    }
  }

  // Write the numbers of an output cell; of its channels, the one on show stands out.
  draw(index, plane) {
    const { map, labels } = this;
    const hidden = map.hidden.has(index);
    const put = (chip, numbers, at, toned = true) => {
      chip.textContent = hidden ? "?" : numbers.write(at);
      chip.dataset.tone = hidden || !toned ? "zero" : numbers.tone(at);
      if (hidden) chip.setAttribute("aria-label", labels.hidden);
      else chip.removeAttribute("aria-label");
    };
    this.channels.forEach((chip, channel) => {
      put(chip, map.channel_sums, index * this.channels.length + channel);
      chip.dataset.current = this.channels.length > 1 && channel === plane;
    });
    const signed = map.role === "signed";
    if (map.operation === "average") {
      put(this.parts, map.sums, index, signed);
      put(this.count, map.counts, index, false);
    }
    if (this.after) {
      put(this.total, map.sums, index);
      put(this.after, map.values, index);
    } else put(this.total, map.values, index, signed);
    if (this.where) {
      const [row, col] = map.winner[index];
      this.where.textContent = hidden ? "" : `\u2605 ${fill(labels.position, { row: row + 1, column: col + 1 })}`;
    }
  }
}
