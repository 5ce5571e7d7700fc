// What every step-through view shares: buttons, slider, keys, playing, announcements.
// A view owns its drawing; the player only knows that there are `count` steps and which one is current.

import { leastNumber } from "./cell_size.js";
import { element } from "./element.js";
import { stepFor, within } from "./keys.js";

const ICONS = {
  first: "M4 3v10M12 3 6 8l6 5z",
  back: "M11 3 5 8l6 5z",
  play: "M4 2.5v11L13 8z",
  pause: "M4 3h3v10H4zM9 3h3v10H9z",
  forward: "M5 3l6 5-6 5z",
  last: "M12 3v10M4 3l6 5-6 5z",
};
const SPEEDS = [0.5, 1, 2, 4, 16];
const STEP_MS = 700; // one step at speed 1
const REST_MS = 250; // at one step before it counts as looked at

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export class Player {
  // `root` hears the keys; `onStep(index, how)` draws and calls `drawn`. How: "manual", "restart" (cover up
  // again), "play", "play-again" (from the start), "update" (new data); the first two are announced.
  // `onKey(name)` may handle ArrowUp, ArrowDown and Enter and then returns true. `onRest()`: the student has
  // stayed at a step for a moment; never while it plays.
  constructor(root, { onStep, onKey = () => false, onPlay = () => {}, onRest = () => {} }) {
    Object.assign(this, { root, onStep, onKey, onPlay, onRest, index: 0, count: 1, speed: 1, playing: false });
    this.live = element("div", { class: "unseen", "aria-live": "polite", "data-part": "live" });
    this.controls = element("div", { class: "controls", role: "group", "data-part": "controls" });
    this.buttons = {};
    const actions = {
      first: () => this.go(0, "restart"),
      back: () => this.go(this.index - 1),
      play: () => this.toggle(),
      forward: () => this.go(this.index + 1),
      last: () => this.go(this.count - 1),
    };
    for (const [name, act] of Object.entries(actions)) {
      const button = element("button", { type: "button", class: name, "data-part": name });
      button.addEventListener("click", act);
      this.buttons[name] = button;
      this.controls.append(button);
    }
    this.slider = element("input", { type: "range", min: 0, "data-part": "slider" });
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.place = element("span", { class: "place", "data-part": "position" });
    this.select = element("select", { "data-part": "speed" });
    for (const speed of SPEEDS) this.select.append(element("option", { value: speed }, `${speed}\u00d7`));
    this.select.addEventListener("change", () => (this.speed = Number(this.select.value)));
    this.controls.append(this.slider, this.place, this.select);
    root.addEventListener("keydown", (event) => this.key(event));
    (globalThis.cnnlabPlayers ??= new Set()).add(this); // whom the page keys step on a projector
  }

  update(labels, count) {
    this.labels = labels;
    this.count = count;
    this.root.dataset.projector = leastNumber(this.root) > 0;
    for (const [name, button] of Object.entries(this.buttons)) {
      button.replaceChildren(icon(name), element("span", { class: "word" }, labels[name]));
      button.setAttribute("aria-label", labels[name]);
      button.title = labels[name];
    }
    this.controls.setAttribute("aria-label", labels.view);
    this.slider.max = count - 1;
    this.slider.setAttribute("aria-label", labels.jump);
    this.select.setAttribute("aria-label", labels.speed);
    this.select.value = this.speed;
    this.drawPlay();
  }

  go(index, how = "manual") {
    if (how !== "play") this.pause();
    this.index = within(index, this.count);
    this.onStep(this.index, how);
  }

  // Called by the view once it has drawn: `text` for the eye, `says` for the ear, how far it has come so far.
  drawn(text, says, how, reached) {
    this.place.textContent = text;
    this.slider.value = this.index;
    this.slider.setAttribute("aria-valuetext", text);
    this.slider.style.setProperty("--done", `${(100 * this.index) / Math.max(1, this.count - 1)}%`);
    this.buttons.back.disabled = this.index === 0;
    this.buttons.first.disabled = reached === 0; // at the start it still covers up what was reached
    this.buttons.forward.disabled = this.buttons.last.disabled = this.index === this.count - 1;
    if (how === "manual" || how === "restart") this.live.textContent = says;
    this.says = says;
    this.rest();
  }

  rest() {
    clearTimeout(this.resting);
    if (!this.playing) this.resting = setTimeout(() => this.onRest(), REST_MS);
  }

  toggle() {
    if (this.playing) return this.pause();
    this.playing = true;
    this.drawPlay();
    this.onPlay(true);
    if (this.index === this.count - 1) {
      this.index = 0;
      this.onStep(0, "play-again");
    }
    this.tick();
  }

  tick() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.index >= this.count - 1) return this.pause();
      this.go(this.index + 1, "play");
      this.tick();
    }, STEP_MS / this.speed);
  }

  pause() {
    clearTimeout(this.timer);
    if (!this.playing) return;
    this.playing = false;
    this.drawPlay();
    this.onPlay(false);
    this.live.textContent = this.says;
    this.rest();
  }

  // The view leaves the page.
  stop() {
    this.pause();
    clearTimeout(this.resting);
  }

  drawPlay() {
    const name = this.playing ? "pause" : "play";
    const button = this.buttons.play;
    button.replaceChildren(icon(name), element("span", { class: "word" }, this.labels[name]));
    button.setAttribute("aria-label", this.labels[name]);
    button.title = this.labels[name];
    button.dataset.playing = this.playing;
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const from = event.composedPath()[0];
    const onSlider = from === this.slider;
    if (from === this.select) return;
    if (from.tagName === "BUTTON" && (event.key === " " || event.key === "Enter")) return;
    if (onSlider && event.key !== " ") return; // the slider moves by itself
    const step = stepFor(event.key, this.index, this.count);
    if (step !== null) this.go(step);
    else if (event.key === " ") this.toggle();
    else if (!this.onKey(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  }
}
