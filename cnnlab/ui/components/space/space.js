// Pictures at their places on a canvas. See __init__.py for the data.

import { element } from "../element.js";
import { fill, unpack } from "../numbers.js";

const EXTENT = 10000;

class SpaceView {
  constructor(parent) {
    this.root = element("section", { class: "view space-view", role: "group", "data-part": "view" });
    this.arrangement = element("select", { "data-part": "arrangement" });
    this.forward = element("select", { "data-part": "class" });
    this.head = element("div", { class: "controls" }, this.arrangement, this.forward);
    this.canvas = element("canvas", { tabindex: "0", role: "img", "data-part": "canvas" });
    this.large = element("canvas", { class: "picked", "aria-hidden": "true" });
    this.words = element("p", { class: "words", "data-part": "words", "aria-live": "polite" });
    this.root.append(this.head, this.canvas, element("div", { class: "below" }, this.large, this.words));
    parent.append(this.root);
    this.arrangement.addEventListener("change", () => this.draw());
    this.forward.addEventListener("change", () => this.draw());
    const point = (event) => this.pick(this.at(event.offsetX, event.offsetY));
    this.canvas.addEventListener("pointermove", (event) => event.pointerType === "mouse" && point(event));
    this.canvas.addEventListener("click", point);
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.observer = new ResizeObserver(() => this.draw());
  }

  update(data) {
    this.observer.observe(this.root);
    if (data === this.data) return;
    const first = !this.data;
    this.data = data;
    this.maps = data.maps.map((map) => ({ ...map, places: unpack(map.places) }));
    this.truth = unpack(data.truth);
    this.near = new Set(data.near);
    this.root.setAttribute("aria-label", data.labels.view);
    this.canvas.setAttribute("aria-label", `${data.labels.view}. ${data.labels.help}`);
    fillSelect(this.arrangement, data.labels.arrangement, data.maps.map((map) => map.title));
    fillSelect(this.forward, data.labels.class, [data.labels.all, ...data.classes]);
    if (first) this.picked = null;
    this.sprite = load(data.sprite.address, () => this.draw());
    this.own = data.own && load(data.own, () => this.draw());
    this.draw();
  }

  // Pixel of the canvas where a place of the arrangement lies.
  pixel(x, y) {
    const room = this.width - this.tile;
    return [this.tile / 2 + (x / EXTENT) * room, this.tile / 2 + (y / EXTENT) * room];
  }

  spot(index) {
    const { places } = this.maps[this.arrangement.selectedIndex];
    return this.pixel(places.at(2 * index), places.at(2 * index + 1));
  }

  shown(index) {
    return this.forward.selectedIndex === 0 || this.truth.at(index) === this.forward.selectedIndex - 1;
  }

  at(x, y) {
    let best = null;
    let least = (1.2 * this.tile) ** 2;
    for (let index = 0; index < this.truth.length; index++) {
      if (!this.shown(index)) continue;
      const [px, py] = this.spot(index);
      const distance = (px - x) ** 2 + (py - y) ** 2;
      if (distance <= least) [best, least] = [index, distance];
    }
    return best;
  }

  pick(index) {
    if (index === null || index === this.picked) return;
    this.picked = index;
    this.draw();
  }

  key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const row = [...Array(this.truth.length).keys()].filter((index) => this.shown(index));
    row.sort((one, other) => this.spot(one)[0] - this.spot(other)[0]);
    const place = row.indexOf(this.picked);
    this.pick(row[place < 0 ? 0 : Math.max(0, Math.min(row.length - 1, place + step))]);
  }

  draw() {
    if (!this.data) return;
    const room = this.root.clientWidth;
    if (room <= 0) return;
    this.width = Math.min(620, room - 28);
    this.tile = this.width > 450 ? 16 : 11;
    const { tall } = this.maps[this.arrangement.selectedIndex];
    const context = sharp(this.canvas, this.width, this.tile + (tall / EXTENT) * (this.width - this.tile));
    for (const forward of [false, true]) {
      for (let index = 0; index < this.truth.length; index++) {
        if (this.shown(index) === forward) this.paint(context, index, forward ? 1 : 0.08);
      }
    }
    for (const index of this.near) this.ring(context, ...this.spot(index), this.tile);
    const { own } = this.maps[this.arrangement.selectedIndex];
    if (own && this.own?.complete) {
      const [x, y] = this.pixel(...own);
      const side = 2 * this.tile;
      context.drawImage(this.own, x - side / 2, y - side / 2, side, side);
      this.ring(context, x, y, side);
    }
    if (this.picked !== null) this.ring(context, ...this.spot(this.picked), this.tile + 4);
    this.tell();
  }

  paint(context, index, alpha) {
    if (!this.sprite.complete) return;
    const { side, columns } = this.data.sprite;
    const [x, y] = this.spot(index);
    context.globalAlpha = alpha;
    context.drawImage(this.sprite, (index % columns) * side, Math.floor(index / columns) * side, side, side, x - this.tile / 2, y - this.tile / 2, this.tile, this.tile);
    context.globalAlpha = 1;
  }

  // A double outline, black and white, visible on every value.
  ring(context, x, y, side) {
    for (const [grow, colour] of [[0, "#000"], [4, "#fff"], [8, "#000"]]) {
      context.strokeStyle = colour;
      context.lineWidth = 2;
      context.strokeRect(x - (side + grow) / 2, y - (side + grow) / 2, side + grow, side + grow);
    }
  }

  tell() {
    const { labels, classes, sprite } = this.data;
    this.large.hidden = this.picked === null;
    const about = element("span", {}, this.data.own ? labels.own : "");
    if (this.picked === null) return this.words.replaceChildren(labels.help, element("br"), about);
    const context = sharp(this.large, 96, 96);
    const column = this.picked % sprite.columns;
    const row = Math.floor(this.picked / sprite.columns);
    if (this.sprite.complete) context.drawImage(this.sprite, column * sprite.side, row * sprite.side, sprite.side, sprite.side, 0, 0, 96, 96);
    const title = fill(labels.picture, { n: this.picked + 1, class: classes[this.truth.at(this.picked)] });
    this.words.replaceChildren(element("b", {}, title), element("br"), about);
  }

  stop() {
    this.observer.disconnect();
  }
}

function sharp(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return context;
}

function load(address, then) {
  const picture = new Image();
  picture.onload = then;
  picture.src = address;
  return picture;
}

function fillSelect(select, label, names) {
  const before = Math.max(0, select.selectedIndex);
  select.setAttribute("aria-label", label);
  select.title = label;
  select.replaceChildren(...names.map((name) => element("option", {}, name)));
  select.selectedIndex = Math.min(before, names.length - 1);
}

export default function ({ data, parentElement }) {
  const view = (parentElement.cnnlabSpace ??= new SpaceView(parentElement));
  const run = (view.run = {});
  view.update(data);
  return () => view.run === run && view.stop();
}
