// A table that fills in step by step. See __init__.py for the data: texts and bars come ready-made.

import { element } from "../element.js";
import { Player } from "../player.js";

class TermsView {
  constructor(parent) {
    this.root = element("section", { class: "view terms-view", role: "group", "data-part": "view" });
    this.player = new Player(this.root, {
      onStep: (index, how) => this.step(index, how),
      onKey: (name) => this.key(name),
      onRest: () => this.tell(),
    });
    this.table = element("table", { "data-part": "table", tabindex: "0" });
    this.box = element("div", { class: "scroll" }, this.table);
    this.result = element("div", { class: "result", "data-part": "result" });
    this.root.append(this.box, element("div", { class: "results" }, this.result), this.player.controls, this.player.live);
    parent.append(this.root);
    this.reached = -1;
    this.observer = new ResizeObserver(() => {
      this.root.dataset.size = this.root.clientWidth < 620 ? "narrow" : "wide";
      this.reserve();
    });
    this.table.addEventListener("click", (event) => {
      const line = event.target.closest("tbody tr");
      if (!line) return;
      const row = Number(line.dataset.row);
      const steps = this.data.steps.map((step, index) => [step, index]).filter(([step]) => step.row === row);
      if (!steps.length) return;
      // The next step of this row, so that clicking again goes on to its second half.
      const next = steps.find(([, index]) => index > this.player.index) ?? steps[0];
      this.player.go((this.data.steps[this.player.index].row === row ? next : steps[0])[1]);
      this.table.focus({ preventScroll: true });
    });
  }

  update(data, keep) {
    this.keep = keep;
    this.observer.observe(this.root);
    if (data === this.data) return;
    const before = this.data;
    this.data = data;
    this.root.setAttribute("aria-label", data.labels.view);
    this.table.setAttribute("aria-label", data.title);
    if (!before) this.player.speed = data.speed;
    if (!before || before.start !== data.start) this.player.index = data.start;
    const all = before && this.reached >= before.steps.length - 1;
    this.player.index = Math.min(this.player.index, data.steps.length - 1);
    this.reached = all ? data.steps.length - 1 : Math.min(this.reached, data.steps.length - 1);
    this.player.update(data.labels, data.steps.length);
    this.build();
    this.step(this.player.index, "update");
    this.reserve();
  }

  build() {
    const { columns, rows, steps } = this.data;
    const head = element("tr", {});
    for (const column of columns) {
      const cell = element("th", { scope: "col", class: column.kind, "data-optional": column.optional }, column.title);
      if (column.note) cell.append(element("span", { class: "note" }, column.note));
      head.append(cell);
    }
    this.late = new Map(); // "row,column" -> the step that uncovers it
    steps.forEach((step, index) => step.reveal.forEach(([row, column]) => this.late.set(`${row},${column}`, index)));
    this.cells = [];
    // Room for the longest number of a column from the start, so that nothing jumps.
    const longest = columns.map((_column, place) => Math.max(...rows.map((row) => row.cells[place].text.length)));
    const body = element("tbody", {});
    rows.forEach((row, place) => {
      const line = element("tr", { "data-part": "row", "data-row": place, "data-kind": row.kind });
      row.cells.forEach((entry, column) => {
        const { kind, optional } = columns[column];
        const cell = element(column ? "td" : "th", { scope: column ? null : "row", class: kind, "data-part": "cell", "data-row": place, "data-column": column, "data-optional": optional });
        if (kind === "number") cell.style.setProperty("--chars", longest[column]);
        line.append(cell);
        this.cells.push({ cell, entry, kind, step: this.late.get(`${place},${column}`) ?? -1, shown: null });
      });
      body.append(line);
    });
    this.table.replaceChildren(element("thead", {}, head), body);
    this.table.style.setProperty("--zero", `${this.data.zero}%`);
  }

  step(index, how) {
    if (how === "restart" || how === "play-again") this.reached = -1;
    this.reached = Math.max(this.reached, index);
    const step = this.data.steps[index];
    for (const item of this.cells) {
      const shown = item.step <= this.reached;
      if (shown === item.shown) continue;
      item.shown = shown;
      this.paint(item, shown);
    }
    for (const line of this.table.tBodies[0].rows) {
      const current = Number(line.dataset.row) === step.row;
      line.dataset.current = current;
      if (current) {
        line.setAttribute("aria-current", "step");
        this.reveal(line);
      } else line.removeAttribute("aria-current");
    }
    this.result.replaceChildren(...this.pieces(step.pieces));
    this.player.drawn(step.place, step.says, how, this.reached);
  }

  // Room for the longest arithmetic of all steps, so that the buttons under it stay where they are.
  reserve() {
    const shown = [...this.result.childNodes];
    this.result.style.minHeight = "";
    const heights = this.data.steps.map((step) => {
      this.result.replaceChildren(...this.pieces(step.pieces));
      return this.result.offsetHeight;
    });
    this.result.replaceChildren(...shown);
    this.result.style.minHeight = `${Math.max(...heights)}px`;
  }

  paint({ cell, entry, kind }, shown) {
    cell.dataset.state = shown ? "done" : "pending";
    cell.dataset.tone = shown ? entry.tone : "";
    if (!shown) {
      cell.replaceChildren(element("span", { class: "wait" }));
      cell.setAttribute("aria-label", this.data.labels.pending);
      return;
    }
    cell.removeAttribute("aria-label");
    if (kind !== "bar") return cell.replaceChildren(entry.text);
    if (entry.width === null) return cell.replaceChildren();
    const bar = element("i", { class: "bar", "data-tone": entry.tone });
    bar.style.left = `${entry.left}%`;
    bar.style.width = `${entry.width}%`;
    cell.replaceChildren(element("span", { class: "track", "aria-hidden": "true" }, bar));
  }

  // The arithmetic of the step. A sign stays with what follows it.
  pieces(pieces) {
    const groups = [];
    let open = null;
    for (const { text, kind, tone } of pieces) {
      const before = kind === "sign" || kind === "word";
      open ??= element("span", { class: "named" });
      if (kind === "sign") open.append(element("span", { class: "sign" }, text));
      else if (kind === "word") open.append(element("span", { class: "word" }, text));
      else if (kind === "power") open.append(element("span", { class: "power number" }, "e", element("sup", {}, text)));
      else open.append(element("span", { class: kind === "result" ? "chip total" : "chip", "data-part": kind === "result" ? "sum" : "number", "data-tone": tone }, text));
      if (!before) {
        groups.push(open);
        open = null;
      }
    }
    if (open) groups.push(open);
    return groups;
  }

  // Scroll the table alone, never the page.
  reveal(line) {
    const head = this.table.tHead.offsetHeight;
    const [top, bottom] = [line.offsetTop - head, line.offsetTop + line.offsetHeight];
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    else if (bottom > this.box.scrollTop + this.box.clientHeight) this.box.scrollTop = bottom - this.box.clientHeight;
  }

  // With `follow`, the page hears where the student rests.
  tell() {
    if (!this.data.follow) return;
    const { start } = this.data;
    const at = { step: this.player.index, start };
    this.told ??= JSON.stringify({ step: start, start }); // what the page takes for granted
    if (JSON.stringify(at) === this.told) return;
    this.told = JSON.stringify(at);
    this.keep("at", at);
  }

  key(name) {
    if (name !== "ArrowUp" && name !== "ArrowDown") return false;
    this.player.go(this.player.index + (name === "ArrowUp" ? -1 : 1));
    return true;
  }

  stop() {
    this.player.stop();
    this.observer.disconnect();
  }
}

export default function ({ data, parentElement, setStateValue }) {
  const view = (parentElement.cnnlabTerms ??= new TermsView(parentElement));
  const run = (view.run = {});
  view.update(data, setStateValue);
  return () => view.run === run && view.stop();
}
