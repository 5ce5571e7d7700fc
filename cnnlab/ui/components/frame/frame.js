
// A photo with a square that can be moved. Places are whole rows and columns, counted from 0.

class Frame {
  constructor(parent) {
    this.root = parent.appendChild(document.createElement("div"));
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
    if (!this.held) this.go(data.row, data.col);
  }

  // Move the square, as far as the photo goes.
  go(row, col) {
    const { rows, cols, size } = this.data;
    this.row = Math.max(0, Math.min(rows - size, Math.round(row)));
    this.col = Math.max(0, Math.min(cols - size, Math.round(col)));
    const share = (part, whole) => `${(100 * part) / whole}%`;
    Object.assign(this.square.style, {
      top: share(this.row, rows),
      left: share(this.col, cols),
      height: share(size, rows),
      width: share(size, cols),
    });
    const where = this.data.place.replace("{row}", this.row + 1).replace("{column}", this.col + 1);
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

  // Within the square it is taken where it is touched; elsewhere its middle comes there.
  grab(event) {
    const [row, col] = this.at(event);
    const { size } = this.data;
    const inside = row >= this.row && row < this.row + size && col >= this.col && col < this.col + size;
    this.held = inside ? [row - this.row, col - this.col] : [size / 2, size / 2];
    this.root.setPointerCapture(event.pointerId);
    this.square.focus({ preventScroll: true });
    this.drag(event);
  }

  drag(event) {
    const [row, col] = this.at(event);
    this.go(row - this.held[0], col - this.held[1]);
  }

  drop() {
    this.held = null;
    if (this.row !== this.data.row || this.col !== this.data.col) this.send("place", [this.row, this.col]);
  }

  release() {
    this.held = null;
    this.go(this.data.row, this.data.col);
  }

  // Keys move the square at once; the page follows when they rest.
  key(event) {
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const move = moves[event.key];
    if (!move) return;
    this.go(this.row + move[0], this.col + move[1]);
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.drop(), 250);
    event.preventDefault();
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  (parentElement.cnnlabFrame ??= new Frame(parentElement)).update(data, setTriggerValue);
}
