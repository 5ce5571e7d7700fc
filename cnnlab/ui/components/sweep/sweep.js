// A slider over answers that were computed before. Nothing is computed here but places on the screen.

import { Bars } from "../bars/column.js";

const SVG = "http://www.w3.org/2000/svg";
const DASHES = ["", "7 4", "2 4", "12 3 2 3"];
// Pixels; on a projector more, as its letters.
const BOX = { height: 170, left: 46, right: 12, top: 8, bottom: 26 };

class Sweep {
  constructor(parent) {
    const root = parent.appendChild(document.createElement("div"));
    root.className = "sweep";
    root.innerHTML = `
      <div class="control"><label><span></span><output></output></label>
        <input type="range" step="1" min="0"><div class="pictures">
        <figure><div class="picture"></div></figure>
        <figure class="extra"><img alt=""><figcaption></figcaption></figure></div>
        <p class="words" aria-live="polite"></p></div>
      <div class="bars"></div>
      <div class="chart"><svg></svg>
        <div class="key"></div></div>
      <details><summary></summary><table><thead><tr></tr></thead><tbody></tbody></table></details>`;
    const find = (name) => root.querySelector(name);
    Object.assign(this, {
      name: find("label span"),
      shown: find("output"),
      slider: find("input"),
      picture: find(".picture"),
      extra: find(".extra"),
      words: find(".words"),
      svg: find("svg"),
      key: find(".key"),
      details: find("details"),
      bars: new Bars(find(".bars")),
    });
    this.slider.addEventListener("input", () => this.show(Number(this.slider.value)));
    new ResizeObserver(() => this.data && this.draw()).observe(this.svg);
    this.svg.addEventListener("pointerdown", (event) => this.point(event));
    this.svg.addEventListener("pointermove", (event) => event.buttons && this.point(event));
  }

  update(data) {
    const same = this.data && this.data.label === data.label && this.data.strengths.length === data.strengths.length;
    const place = same ? this.place : data.start;
    this.data = data;
    this.name.textContent = data.label;
    this.slider.setAttribute("aria-label", data.label);
    this.slider.max = data.strengths.length - 1;
    this.picture.style.backgroundImage = `url(${data.strip})`;
    this.words.textContent = data.words;
    this.extra.hidden = !data.extra;
    this.extra.style.display = data.extra ? "" : "none";
    if (data.extra) {
      this.extra.querySelector("img").src = data.extra.picture;
      this.extra.querySelector("figcaption").textContent = data.extra.caption;
    }
    this.place = place;
    this.write();
    this.draw();
  }

  // The chart in words, for whoever cannot see it.
  write() {
    const { strengths, answers, labels, table } = this.data;
    const [summary, ...heads] = table;
    const row = (kind, texts) => {
      const line = document.createElement("tr");
      for (const text of texts) line.appendChild(document.createElement(kind)).textContent = text;
      return line;
    };
    this.details.querySelector("summary").textContent = summary;
    this.details.querySelector("thead").replaceChildren(row("th", heads));
    const lines = answers.map(({ top, texts }, i) => row("td", [strengths[i], labels.names[top], texts[top]]));
    this.details.querySelector("tbody").replaceChildren(...lines);
  }

  show(place) {
    const { strengths, answers, labels } = this.data;
    this.place = place;
    this.slider.value = place;
    this.slider.setAttribute("aria-valuetext", `${strengths[place]}: ${labels.names[answers[place].top]} ${answers[place].texts[answers[place].top]}`);
    this.shown.textContent = strengths[place];
    const last = strengths.length - 1;
    this.picture.style.backgroundPosition = `${last ? (100 * place) / last : 0}% 0`;
    this.bars.update(answers[place], labels);
    const x = this.x(place);
    this.now.setAttribute("x1", x);
    this.now.setAttribute("x2", x);
  }

  x(place) {
    const last = Math.max(1, this.data.strengths.length - 1);
    return this.box.left + ((this.width - this.box.left - this.box.right) * place) / last;
  }

  y(length) {
    return this.box.height - this.box.bottom - ((this.box.height - this.box.top - this.box.bottom) * length) / 100;
  }

  point(event) {
    const { left, width } = this.svg.getBoundingClientRect();
    const share = ((event.clientX - left) / width) * this.width - this.box.left;
    const last = this.data.strengths.length - 1;
    const place = Math.round((share / (this.width - this.box.left - this.box.right)) * last);
    this.show(Math.max(0, Math.min(last, place)));
  }

  draw() {
    const { answers, lines, scale, strengths, start, chart } = this.data;
    const add = (kind, attributes, text) => {
      const element = this.svg.appendChild(document.createElementNS(SVG, kind));
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      if (text !== undefined) element.textContent = text;
      return element;
    };
    this.width = this.svg.clientWidth || 600;
    const zoom = parseFloat(getComputedStyle(this.svg).getPropertyValue("--cnnlab-zoom")) || 1; // projector.js
    this.box = Object.fromEntries(Object.entries(BOX).map(([part, pixels]) => [part, zoom * pixels]));
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${this.box.height}`);
    this.svg.replaceChildren();
    this.svg.setAttribute("role", "img");
    this.svg.setAttribute("aria-label", chart);
    scale.forEach((text, i) => {
      const y = this.y((100 * i) / (scale.length - 1));
      add("line", { class: "grid", x1: this.box.left, x2: this.width - this.box.right, y1: y, y2: y });
      add("text", { x: this.box.left - 6, y: y + 4, "text-anchor": "end" }, text);
    });
    const last = strengths.length - 1;
    for (const [place, anchor] of [[0, "start"], [start, "middle"], [last, "end"]]) {
      if (place === start && (start === 0 || start === last)) continue;
      add("text", { x: this.x(place), y: this.box.height - 8, "text-anchor": anchor }, strengths[place]);
    }
    if (start === 0 || start === last) {
      const middle = Math.round(last / 2);
      add("text", { x: this.x(middle), y: this.box.height - 8, "text-anchor": "middle" }, strengths[middle]);
    }
    this.key.replaceChildren();
    lines.forEach((line, i) => {
      const points = answers.map((answer, place) => `${this.x(place)},${this.y(answer.lengths[line.class])}`);
      const look = { class: i ? "line" : "line first", "stroke-dasharray": DASHES[i] };
      add("polyline", { points: points.join(" "), ...look });
      const entry = this.key.appendChild(document.createElement("span"));
      const sample = document.createElementNS(SVG, "svg");
      const stroke = sample.appendChild(document.createElementNS(SVG, "line"));
      const ends = { x1: 0, x2: 30, y1: 5, y2: 5, stroke: "currentColor", "stroke-width": i ? 1.6 : 3 };
      for (const [name, value] of Object.entries({ ...ends, "stroke-dasharray": DASHES[i] })) stroke.setAttribute(name, value);
      entry.append(sample, line.name);
    });
    this.now = add("line", { class: "now", y1: this.box.top, y2: this.box.height - this.box.bottom });
    this.show(this.place);
  }
}

export default function ({ data, parentElement }) {
  (parentElement.cnnlabSweep ??= new Sweep(parentElement)).update(data);
}
