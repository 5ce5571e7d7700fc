// Ten bars on a scale from 0 to 100 %. Lengths and texts come from Python; the rows are kept from one answer to
// the next, so that bars grow and shrink instead of being drawn anew.
export class Bars {
  constructor(parent) {
    this.root = parent.appendChild(document.createElement("div"));
    this.root.className = "answer";
    this.head = this.root.appendChild(document.createElement("div"));
    this.head.className = "head";
    this.list = this.root.appendChild(document.createElement("div"));
    this.list.setAttribute("role", "list");
    this.axis = this.root.appendChild(document.createElement("div"));
    this.axis.className = "axis";
    this.axis.setAttribute("aria-hidden", "true");
    this.rows = [];
  }

  update(answer, labels) {
    this.title(answer);
    if (this.rows.length !== labels.names.length) this.build(labels);
    this.rows.forEach((row, i) => {
      const name = (labels.true === i ? "✓ " : "") + labels.names[i];
      row.root.className = i === answer.top ? "row top" : "row";
      row.root.setAttribute("aria-label", `${name}: ${answer.texts[i]}`);
      row.name.textContent = row.name.title = name;
      row.bar.style.width = `${answer.lengths[i]}%`;
      row.value.textContent = answer.texts[i];
    });
  }

  title({ title, words, picture }) {
    this.head.replaceChildren();
    this.head.hidden = !title && !words && !picture;
    if (picture) Object.assign(this.head.appendChild(document.createElement("img")), { src: picture, alt: "" });
    const text = this.head.appendChild(document.createElement("div"));
    if (title) text.appendChild(document.createElement("b")).textContent = title;
    if (words) text.appendChild(document.createElement("span")).textContent = words;
  }

  build(labels) {
    const part = (parent, name) => {
      const element = parent.appendChild(document.createElement("div"));
      element.className = name;
      return element;
    };
    this.list.replaceChildren();
    this.rows = labels.names.map(() => {
      const root = part(this.list, "row");
      root.setAttribute("role", "listitem");
      const name = part(root, "name");
      return { root, name, bar: part(part(root, "track"), "bar"), value: part(root, "value") };
    });
    this.axis.replaceChildren();
    part(this.axis, "");
    const ticks = part(this.axis, "ticks");
    labels.ticks.forEach((text, i) => {
      const tick = ticks.appendChild(document.createElement("span"));
      tick.textContent = text;
      tick.style.left = `${(100 * i) / (labels.ticks.length - 1)}%`;
    });
    ticks.appendChild(document.createElement("i")).textContent = labels.axis;
  }
}
