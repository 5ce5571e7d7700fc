// A picture that is played. See __init__.py for the data: every picture, place and sentence comes ready-made.

import { element } from "../element.js";
import { rowFor } from "../keys.js";
import { bytes } from "../numbers.js";
import { Player } from "../player.js";

class FilmView {
  constructor(parent) {
    this.root = element("section", { class: "view film", role: "group", "data-part": "view", tabindex: "0" });
    this.player = new Player(this.root, {
      onStep: (index, how) => this.step(index, how),
      onKey: (name) => this.key(name),
    });
    this.heading = element("div", { class: "heading" });
    this.picture = element("div", { class: "picture", role: "img", "data-part": "picture" });
    this.cover = element("div", { class: "cover", "data-part": "cover" });
    this.picture.append(this.cover);
    this.note = element("p", { class: "note" });
    this.answers = element("div", { class: "answers" });
    this.fact = element("p", { class: "fact", "data-part": "fact", "aria-hidden": "true" });
    const screen = element("div", { class: "screen" }, this.picture, this.note);
    const stage = element("div", { class: "stage" }, screen, this.answers);
    this.root.append(this.heading, stage, this.fact, this.player.controls, this.player.live);
    parent.append(this.root);
    this.reached = 0;
    this.observer = new ResizeObserver(() => {
      this.root.dataset.size = this.root.clientWidth < 620 ? "narrow" : "wide";
    });
  }

  update(data) {
    this.observer.observe(this.root);
    if (data === this.data) return;
    const before = this.data;
    this.data = data;
    this.root.setAttribute("aria-label", data.labels.view);
    this.picture.setAttribute("aria-label", data.title);
    this.heading.replaceChildren(element("b", {}, data.title));
    this.note.textContent = data.note;
    if (!before) this.player.speed = data.speed;
    if (!before || before.title !== data.title) {
      this.player.index = this.reached = data.start;
    }
    this.player.pause();
    this.player.index = Math.min(this.player.index, data.facts.length - 1);
    this.player.update(data.labels, data.facts.length);
    this.picture.style.setProperty("--picture", `url("${data.picture}")`);
    this.picture.style.setProperty("--frames", data.frames);
    this.picture.dataset.smooth = data.smooth;
    this.cover.style.background = data.colour;
    this.cover.hidden = !data.boxes.length;
    this.buildCells();
    this.step(this.player.index, "update");
  }

  buildCells() {
    const { cells } = this.data;
    this.cells = [];
    this.answers.hidden = !cells;
    if (!cells) return this.answers.replaceChildren();
    const grid = element("div", { class: "grid", "data-part": "cells" });
    grid.style.setProperty("--cols", cells.cols);
    const levels = bytes(cells.levels);
    levels.forEach((level, place) => {
      const cell = element("div", { class: "cell", "data-part": "cell", title: this.data.places[place] });
      const fill = cells.palette.fill.slice(6 * level, 6 * level + 6);
      const ink = cells.palette.text[level] === "k" ? "#000" : "#fff";
      const text = cells.texts[place] ?? "";
      cell.addEventListener("click", () => this.player.go(place));
      this.cells.push({ cell, fill: `#${fill}`, ink, text });
      grid.append(cell);
    });
    const heading = element("div", { class: "heading" }, element("b", {}, cells.title));
    this.answers.replaceChildren(heading, grid, element("p", { class: "note" }, cells.note));
  }

  step(index, how) {
    const { data } = this;
    this.reached = how === "restart" || how === "play-again" ? index : Math.max(this.reached, index);
    const share = data.frames > 1 ? (100 * Math.min(index, data.frames - 1)) / (data.frames - 1) : 0;
    this.picture.style.backgroundPosition = `0 ${share}%`;
    if (data.boxes.length) {
      const [top, left, height, width] = data.boxes[index].map((part) => `${part}%`);
      Object.assign(this.cover.style, { top, left, height, width });
    }
    this.cells.forEach(({ cell, fill, ink, text }, place) => {
      const shown = place <= this.reached;
      cell.dataset.state = place === index ? "current" : shown ? "done" : "pending";
      cell.style.background = shown ? fill : "";
      cell.style.color = ink;
      cell.textContent = shown ? text : "";
    });
    this.fact.textContent = data.facts[index];
    this.player.drawn(data.places[index], data.facts[index], how, this.reached);
  }

  key(name) {
    const next = rowFor(name, this.player.index, this.data.cells?.cols ?? 0, this.player.count);
    if (next === null) return false;
    this.player.go(next);
    return true;
  }

  stop() {
    this.player.pause();
    this.observer.disconnect();
  }
}

export default function ({ data, parentElement }) {
  const view = (parentElement.cnnlabFilm ??= new FilmView(parentElement));
  const run = (view.run = {});
  view.update(data);
  return () => view.run === run && view.stop();
}
