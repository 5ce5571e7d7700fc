// Optimisers that race over a map. See __init__.py for the data: the points of the paths come ready-made.

import { element } from "../element.js";
import { Player } from "../player.js";

const SVG = "http://www.w3.org/2000/svg";

function drawn(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

class RaceView {
  constructor(parent) {
    this.root = element("section", { class: "view race", role: "group", "data-part": "view", tabindex: "0" });
    this.player = new Player(this.root, { onStep: (index, how) => this.step(index, how) });
    this.heading = element("div", { class: "heading" });
    this.map = drawn("svg", { class: "surface", viewBox: "0 0 100 100", role: "img", "data-part": "map" });
    this.axes = element("div", { class: "axes" });
    this.racers = element("div", { class: "racers", role: "group", "data-part": "racers" });
    const map = element("div", { class: "map" }, this.map, this.axes);
    this.root.append(this.heading, element("div", { class: "field" }, map, this.racers), this.player.controls, this.player.live);
    parent.append(this.root);
    this.off = new Set(); // letters of the racers that are not drawn
    this.observer = new ResizeObserver(() => {
      this.root.dataset.size = this.root.clientWidth < 620 ? "narrow" : "wide";
    });
  }

  update(data) {
    this.observer.observe(this.root);
    if (data === this.data) return;
    const before = this.data;
    this.data = data;
    const { labels } = data;
    this.root.setAttribute("aria-label", labels.view);
    this.map.setAttribute("aria-label", data.title);
    this.racers.setAttribute("aria-label", labels.racers);
    if (!before) {
      this.player.speed = data.speed;
      for (const racer of data.racers) if (!racer.drawn) this.off.add(racer.letter);
    }
    if (!before || before.title !== data.title) this.player.index = data.start;
    this.player.pause();
    this.player.index = Math.min(this.player.index, data.places.length - 1);
    this.player.update(labels, data.places.length);
    this.build();
    this.step(this.player.index, "update");
  }

  build() {
    const { data } = this;
    this.heading.replaceChildren(element("b", {}, data.title));
    this.axes.replaceChildren(element("span", {}, `\u2192 ${data.labels.across}, \u2191 ${data.labels.down}`), element("span", {}, data.labels.goal));
    const picture = drawn("image", { href: data.map, x: 0, y: 0, width: 100, height: 100, preserveAspectRatio: "none" });
    const goals = data.goals.map(([across, down]) => drawn("path", { class: "goal", d: "M-1.4-1.4 1.4 1.4M1.4-1.4-1.4 1.4", transform: `translate(${across} ${down})` }));
    this.parts = data.racers.map((racer) => {
      const line = drawn("polyline", { stroke: racer.colour, "data-dash": racer.dash, "data-part": "path" });
      const letter = drawn("text", { fill: racer.ink }, racer.letter);
      const disc = drawn("g", { "data-part": "disc" }, drawn("circle", { class: "halo", r: 2.7, fill: racer.colour }), letter);
      const loss = element("span", { class: "loss", "data-part": "loss" });
      const sign = element("span", { class: "disc", style: `background:${racer.colour};color:${racer.ink}` }, racer.letter);
      const who = element("span", { class: "who" }, element("span", {}, racer.name), element("span", { class: "rate" }, racer.rate));
      const button = element("button", { type: "button", "data-part": "racer", "data-letter": racer.letter }, sign, who, loss);
      button.addEventListener("click", () => this.toggle(racer.letter));
      return { racer, line, disc, loss, button };
    });
    this.map.replaceChildren(picture, ...goals, ...this.parts.map((part) => part.line), ...this.parts.map((part) => part.disc).reverse());
    const head = element("span", { class: "head", "aria-hidden": "true" }, data.labels.loss);
    this.racers.replaceChildren(head, ...this.parts.map((part) => part.button));
    this.show();
  }

  toggle(letter) {
    if (!this.off.delete(letter)) this.off.add(letter);
    this.show();
  }

  show() {
    for (const { racer, line, disc, button } of this.parts) {
      const off = this.off.has(racer.letter);
      line.dataset.off = disc.dataset.off = off;
      button.setAttribute("aria-pressed", !off);
    }
  }

  step(index, how) {
    for (const { racer, line, disc, loss } of this.parts) {
      line.setAttribute("points", racer.points.slice(0, index + 1).join(" "));
      disc.setAttribute("transform", `translate(${racer.points[index]})`);
      loss.textContent = racer.losses[index];
    }
    this.player.drawn(this.data.places[index], this.data.says[index], how);
  }

  stop() {
    this.player.stop();
    this.observer.disconnect();
  }
}

export default function ({ data, parentElement }) {
  const view = (parentElement.cnnlabRace ??= new RaceView(parentElement));
  const run = (view.run = {});
  view.update(data);
  return () => view.run === run && view.stop();
}
