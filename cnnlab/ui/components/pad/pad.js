// The pad: cells with ink or without. Which cells a pen covers is all that is decided here; what a network
// sees of them is computed in Python. Streamlit calls this again after each stroke: the pad is kept.
const PEN = 2.3; // radius in cells, about as thick as the dataset's strokes

export default function ({ data, parentElement, setTriggerValue }) {
  const pad = parentElement.pad ?? (parentElement.pad = new Pad(parentElement, data));
  pad.send = (drawing) => setTriggerValue("drawing", drawing);
  pad.translate(data.labels);
}

class Pad {
  constructor(parent, { side, drawing }) {
    this.side = side;
    this.ink = new Uint8Array(side * side);
    this.cursor = { col: side / 2, row: side / 2 };
    this.canvas = document.createElement("canvas");
    this.canvas.width = this.canvas.height = side * 8;
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.clear = document.createElement("button");
    this.clear.type = "button";
    this.help = document.createElement("p");
    parent.append(this.canvas, this.clear, this.help);
    this.read(drawing);
    this.listen();
    this.draw();
  }

  translate(labels) {
    this.canvas.setAttribute("aria-label", labels.pad);
    this.clear.textContent = labels.clear;
    this.help.textContent = labels.help;
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      canvas.focus();
      this.last = null;
      this.stroke(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) this.stroke(event);
    });
    canvas.addEventListener("pointerup", () => this.report());
    canvas.addEventListener("pointercancel", () => this.report());
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("focus", () => this.draw());
    canvas.addEventListener("blur", () => this.draw());
    this.clear.addEventListener("click", () => {
      this.ink.fill(0);
      this.down = false;
      this.draw();
      this.report();
    });
  }

  stroke(event) {
    const box = this.canvas.getBoundingClientRect();
    const to = {
      col: ((event.clientX - box.left) / box.width) * this.side,
      row: ((event.clientY - box.top) / box.height) * this.side,
    };
    const from = this.last ?? to;
    const steps = Math.max(1, Math.ceil(Math.hypot(to.col - from.col, to.row - from.row)));
    for (let i = 1; i <= steps; i++) {
      this.dot(from.col + ((to.col - from.col) * i) / steps, from.row + ((to.row - from.row) * i) / steps);
    }
    this.last = to;
    this.draw();
  }

  key(event) {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!move && event.key !== " ") return;
    event.preventDefault();
    if (move) {
      this.cursor.col = Math.min(this.side - 1, Math.max(0, this.cursor.col + move[0]));
      this.cursor.row = Math.min(this.side - 1, Math.max(0, this.cursor.row + move[1]));
    } else {
      this.down = !this.down;
    }
    if (this.down) this.dot(this.cursor.col + 0.5, this.cursor.row + 0.5);
    this.draw();
    if (!this.down && !move) this.report();
  }

  dot(x, y) {
    for (let row = 0; row < this.side; row++) {
      for (let col = 0; col < this.side; col++) {
        if (Math.hypot(col + 0.5 - x, row + 0.5 - y) <= PEN) this.ink[row * this.side + col] = 1;
      }
    }
  }

  draw() {
    const pen = this.canvas.getContext("2d");
    const unit = this.canvas.width / this.side;
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, this.canvas.width, this.canvas.height);
    pen.fillStyle = "#fff";
    this.ink.forEach((ink, i) => {
      if (ink) pen.fillRect((i % this.side) * unit, Math.floor(i / this.side) * unit, unit, unit);
    });
    if (this.canvas.matches(":focus-visible")) {
      pen.fillStyle = "#888";
      pen.fillRect(this.cursor.col * unit, this.cursor.row * unit, unit, unit);
    }
  }

  // Four pixels become one hexadecimal digit, row by row.
  report() {
    let drawing = "";
    for (let i = 0; i < this.ink.length; i += 4) {
      drawing += parseInt(this.ink.slice(i, i + 4).join(""), 2).toString(16);
    }
    this.send(drawing);
  }

  read(drawing) {
    [...drawing].forEach((digit, place) => {
      [...parseInt(digit, 16).toString(2).padStart(4, "0")].forEach((bit, i) => {
        this.ink[place * 4 + i] = Number(bit);
      });
    });
  }
}
