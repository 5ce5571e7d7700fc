// A map and its photo. Nothing is computed here but where things lie on the screen.

import { fill } from "../numbers.js";

const HEADER = 60; // px at the top of the page that the app's header covers
const SETTLED = 300; // ms until what stands above has its new height
const WAIT = 300; // ms without another arrow key until the server hears of the cell

class Field {
  constructor(parent) {
    this.root = make("section", "field");
    this.photo = figure("photo");
    this.map = figure("map");
    this.photo.frame = this.photo.stage.appendChild(make("div", "frame"));
    this.map.frame = this.map.stage.appendChild(make("div", "frame cell"));
    this.numbers = this.map.stage.insertBefore(make("div", "numbers"), this.map.frame);
    this.says = make("p", "says");
    this.says.setAttribute("aria-live", "polite");
    this.help = make("p", "help");
    const text = make("div", "text");
    text.append(this.says, this.help);
    this.root.append(this.map.node, this.photo.node, text);
    parent.append(this.root);
    this.map.stage.tabIndex = 0;
    this.map.stage.setAttribute("role", "application");
    this.map.stage.dataset.part = "map";
    this.says.dataset.part = "says";
    this.photo.frame.dataset.part = "piece";
    this.listen();
    this.observer = new ResizeObserver(() => this.lay());
  }

  update(data, send) {
    this.send = send;
    this.observer.observe(this.root);
    const moved = !this.data || String(data.chosen) !== String(this.data.chosen) || data.title !== this.data.title;
    if (this.data && data.shown > this.data.shown) setTimeout(() => this.come(), SETTLED);
    this.data = data;
    clearTimeout(this.timer);
    if (moved) this.chosen = data.chosen;
    this.chosen = [Math.min(this.chosen[0], data.size[0] - 1), Math.min(this.chosen[1], data.size[1] - 1)];
    this.photo.picture.src = data.photo;
    this.map.picture.src = data.map;
    this.photo.title.textContent = data.labels.photo;
    this.map.title.textContent = data.title;
    this.map.note.textContent = data.note;
    this.map.stage.setAttribute("aria-label", `${data.title}. ${data.note}`);
    this.help.textContent = data.labels.help;
    const [rows, cols] = data.size;
    this.map.stage.style.aspectRatio = `${cols} / ${rows}`;
    this.photo.stage.style.aspectRatio = `${data.side[1]} / ${data.side[0]}`;
    this.numbers.style.gridTemplateColumns = `repeat(${cols}, 1fr)`;
    this.numbers.replaceChildren(
      ...data.inks.map((ink, place) => {
        const cell = make("span", "");
        cell.textContent = data.texts[place];
        cell.style.color = ink;
        return cell;
      }),
    );
    this.lay();
    this.draw(this.chosen);
  }

  draw([row, col]) {
    const { size, side, rows, cols, labels, texts } = this.data;
    put(this.map.frame, row / size[0], col / size[1], 1 / size[0], 1 / size[1]);
    const value = texts[row * size[1] + col];
    let text = fill(labels.cell, { row: row + 1, column: col + 1, value });
    this.photo.frame.hidden = !rows;
    if (rows) {
      const [high, wide] = [rows[row], cols[col]];
      put(this.photo.frame, high.first / side[0], wide.first / side[1], high.size / side[0], wide.size / side[1]);
      text += " · " + fill(labels.field, { width: wide.size, height: high.size, rows: high.text, columns: wide.text });
    } else if (rows === null && labels.hidden) text += " · " + labels.hidden;
    if (this.says.textContent !== text) this.says.textContent = text;
  }

  take(cell, soon = false) {
    this.chosen = cell;
    this.draw(cell);
    clearTimeout(this.timer);
    const send = () => this.send("cell", { row: cell[0], col: cell[1] });
    if (soon) this.timer = setTimeout(send, WAIT);
    else send();
  }

  listen() {
    const { stage } = this.map;
    const under = (event) => {
      const box = stage.getBoundingClientRect();
      const [rows, cols] = this.data.size;
      const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
      const col = Math.floor(((event.clientX - box.left) / box.width) * cols);
      return [Math.min(Math.max(row, 0), rows - 1), Math.min(Math.max(col, 0), cols - 1)];
    };
    stage.addEventListener("pointermove", (event) => event.pointerType === "mouse" && this.draw(under(event)));
    stage.addEventListener("pointerleave", () => this.draw(this.chosen));
    stage.addEventListener("click", (event) => this.take(under(event)));
    stage.addEventListener("keydown", (event) => {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (!step) return;
      event.preventDefault();
      const cell = this.chosen.map((place, axis) =>
        Math.min(Math.max(place + step[axis], 0), this.data.size[axis] - 1),
      );
      this.take(cell, true);
    });
  }

  // Numbers stand on the cells only where they can be read.
  lay() {
    if (!this.data) return;
    const unit = this.map.stage.clientWidth / this.data.size[1];
    const longest = Math.max(...this.data.texts.map((text) => text.length));
    const number = parseFloat(getComputedStyle(this.root).getPropertyValue("--cnnlab-number")) || 0; // projector.js
    const letter = Math.min(number || 16, unit * (number ? 0.6 : 0.34), (unit * 0.9) / (longest * 0.61));
    this.numbers.hidden = letter < (number || 8);
    this.numbers.style.fontSize = `${letter}px`;
  }

  // Scroll into sight, unless it is there.
  come() {
    const { top, bottom } = this.root.getBoundingClientRect();
    if (top >= HEADER && bottom <= innerHeight) return;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.root.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
  }

  stop() {
    clearTimeout(this.timer);
    this.observer.disconnect();
  }
}

function make(tag, name) {
  const node = document.createElement(tag);
  if (name) node.className = name;
  return node;
}

function figure(name) {
  const node = make("figure", name);
  const caption = node.appendChild(make("figcaption"));
  const title = caption.appendChild(make("b"));
  const note = caption.appendChild(make("span"));
  const stage = node.appendChild(make("div", "stage"));
  const picture = stage.appendChild(make("img"));
  picture.alt = "";
  return { node, title, note, stage, picture };
}

// Place a frame; all four are shares of the stage.
function put(frame, top, left, height, width) {
  Object.entries({ top, left, height, width }).forEach(([name, share]) => {
    frame.style[name] = `${100 * share}%`;
  });
}

export default function ({ data, parentElement, setTriggerValue }) {
  const view = (parentElement.cnnlabField ??= new Field(parentElement));
  const run = (view.run = {});
  view.update(data, setTriggerValue);
  return () => view.run === run && view.stop();
}
