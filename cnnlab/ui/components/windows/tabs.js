// A row of small pictures to choose a channel or a map by.

import { element } from "../element.js";

export class Tabs {
  constructor(part, grids, label, choose) {
    this.grids = grids;
    this.node = element("div", { class: `tabs ${part}s`, role: "group", "aria-label": label, "data-part": `${part}s` });
    this.node.dataset.many = grids.length > 8;
    grids.forEach((grid, place) => {
      const canvas = element("canvas", { width: grid.values.shape[1], height: grid.values.shape[0], "aria-hidden": "true" });
      const tab = element("button", { type: "button", "data-part": part, "data-index": place }, canvas, element("span", {}, grid.label));
      tab.addEventListener("click", () => choose(place));
      this.node.append(tab);
    });
  }

  // Show the cells up to the `last` one; hidden ones stay empty.
  draw(palettes, last, chosen) {
    this.grids.forEach((grid, place) => {
      const tab = this.node.children[place];
      tab.setAttribute("aria-pressed", place === chosen);
      const canvas = tab.firstChild;
      if (Number(canvas.dataset.last ?? -2) === last) return;
      canvas.dataset.last = last;
      const context = canvas.getContext("2d");
      context.clearRect(0, 0, canvas.width, canvas.height);
      const colours = palettes[grid.role].fill;
      for (let index = 0; index <= last; index++) {
        if (grid.hidden?.has(index)) continue;
        context.fillStyle = colours[grid.levels[index]];
        context.fillRect(index % canvas.width, Math.floor(index / canvas.width), 1, 1);
      }
    });
  }
}
