
// A photo with a square that can be moved and, where that is wanted, sized. Places are whole rows and columns,
// counted from 0.
const OFTEN = 250; // milliseconds between two reports while a live square is dragged
const PATIENCE = 5000; // milliseconds until the page's word counts again, where the last report got no answer

class Frame {
  constructor(parent) {
    this.outer = parent.appendChild(document.createElement("div"));
    this.root = this.outer.appendChild(document.createElement("div"));
    this.root.className = "photo";
    this.image = this.root.appendChild(document.createElement("img"));
    this.image.alt = "";
    this.image.draggable = false;
    this.square = this.root.appendChild(document.createElement("div"));
    this.square.className = "square";
    this.square.tabIndex = 0;
    this.square.dataset.part = "crop";
    this.square.setAttribute("role", "application");
    this.root.addEventListener("pointerdown", (event) => this.grab(event));
    this.root.addEventListener("pointermove", (event) => this.held && this.drag(event));
    this.root.addEventListener("pointerup", () => this.drop());
    this.root.addEventListener("pointercancel", () => this.release()); // the page scrolls instead
    this.square.addEventListener("keydown", (event) => this.key(event));
    this.square.addEventListener("blur", () => this.drop());
  }

  update(data, send) {
    Object.assign(this, { data, send });
    if (this.image.src !== data.photo) this.image.src = data.photo;
    this.root.classList.toggle("coarse", data.cols < 64);
    this.square.style.background = data.cover;
    const sizeable = data.smallest < data.largest;
    this.outer.classList.toggle("inset", sizeable);
    this.root.style.setProperty("--widest", sizeable ? "max(460px, calc(322px * var(--cnnlab-zoom, 1)))" : "260px");
    if (sizeable && !this.grip) {
      this.grip = this.square.appendChild(document.createElement("div"));
      this.grip.className = "grip";
      this.grip.dataset.part = "grip";
    }
    if (this.grip) this.grip.hidden = !sizeable;
    if (this.held || this.resting || this.stale(data)) return;
    this.told = null;
    this.go(data.row, data.col, data.size);
  }

  // Is this the answer to a place that was told earlier than the last one? Then the last one is still on its way.
  stale({ photo, row, col, size }) {
    if (!this.told || photo !== this.told.photo || Date.now() - this.told.at > PATIENCE) return false;
    return [row, col, size].some((value, i) => value !== this.told.place[i]);
  }

  // Move the square, as far as the photo goes; its size is brought between the smallest and the largest.
  go(row, col, size) {
    const { rows, cols, smallest, largest } = this.data;
    this.size = Math.max(smallest, Math.min(largest, Math.round(size)));
    this.row = Math.max(0, Math.min(rows - this.size, Math.round(row)));
    this.col = Math.max(0, Math.min(cols - this.size, Math.round(col)));
    const share = (part, whole) => `${(100 * part) / whole}%`;
    Object.assign(this.square.style, {
      top: share(this.row, rows),
      left: share(this.col, cols),
      height: share(this.size, rows),
      width: share(this.size, cols),
    });
    let where = this.data.place.replace("{row}", this.row + 1).replace("{column}", this.col + 1);
    if (smallest < largest) where += " " + this.data.sized.replace("{size}", this.size);
    this.square.setAttribute("aria-label", `${this.data.label} ${where}.`);
    this.square.title = this.data.label;
  }

  at(event) {
    const box = this.image.getBoundingClientRect();
    return [
      ((event.clientY - box.top) / box.height) * this.data.rows,
      ((event.clientX - box.left) / box.width) * this.data.cols,
    ];
  }

  // Within the square it is taken where it is touched; elsewhere its middle comes there; the grip sizes it.
  grab(event) {
    const [row, col] = this.at(event);
    const { size } = this;
    const inside = row >= this.row && row < this.row + size && col >= this.col && col < this.col + size;
    this.sizing = event.target === this.grip;
    this.held = inside || this.sizing ? [row - this.row, col - this.col] : [size / 2, size / 2];
    if (this.sizing) this.held = [row - this.row - size, col - this.col - size];
    this.root.setPointerCapture(event.pointerId);
    this.square.focus({ preventScroll: true });
    this.drag(event);
  }

  drag(event) {
    const [row, col] = this.at(event);
    if (this.sizing) {
      const { rows, cols } = this.data;
      const wanted = Math.max(row - this.held[0] - this.row, col - this.held[1] - this.col);
      this.go(this.row, this.col, Math.min(wanted, rows - this.row, cols - this.col));
    } else {
      this.go(row - this.held[0], col - this.held[1], this.size);
    }
    if (this.data.live && !this.soon) {
      this.soon = setTimeout(() => {
        this.soon = null;
        this.tell();
      }, OFTEN);
    }
  }

  drop() {
    this.held = null;
    clearTimeout(this.rest);
    clearTimeout(this.soon);
    this.resting = this.soon = null;
    this.tell();
  }

  tell() {
    const now = [this.row, this.col, this.size];
    const known = this.told?.place ?? [this.data.row, this.data.col, this.data.size];
    if (now.every((value, i) => value === known[i])) return;
    this.told = { place: now, photo: this.data.photo, at: Date.now() };
    this.send("place", now);
  }

  release() {
    this.held = null;
    this.go(this.data.row, this.data.col, this.data.size);
  }

  // Keys move the square at once; the page follows when they rest.
  key(event) {
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const move = moves[event.key];
    const grow = { "+": 1, "=": 1, "-": -1, "−": -1 }[event.key];
    if (!move && !grow) return;
    const { rows, cols, smallest, largest } = this.data;
    const step = largest > smallest ? Math.max(1, Math.round(Math.min(rows, cols) / 40)) : 1;
    if (move) this.go(this.row + step * move[0], this.col + step * move[1], this.size);
    else this.go(this.row - grow * Math.floor(step / 2), this.col - grow * Math.floor(step / 2), this.size + grow * step);
    clearTimeout(this.rest);
    this.resting = true;
    this.rest = setTimeout(() => this.drop(), 250);
    event.preventDefault();
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  (parentElement.cnnlabFrame ??= new Frame(parentElement)).update(data, setTriggerValue);
}
