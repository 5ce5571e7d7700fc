// Streamlit calls this again whenever data changes; the focus goes along with the picked cell.

import { element } from "../element.js";

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.getRootNode();
  const old = parentElement.querySelector("fieldset");
  const focused = Boolean(old && root.activeElement && old.contains(root.activeElement));
  const heads = data.classes.map((name) => element("th", { scope: "col" }, element("span", {}, name)));
  const upright = data.classes.every((name) => name.length <= 2);
  const table = element("table", { "data-upright": upright }, element("tr", {}, element("td", { class: "corner" }, data.corner), ...heads));
  data.rows.forEach((cells, row) => {
    const line = element("tr", {}, element("th", { scope: "row" }, data.classes[row]));
    cells.forEach((cell, col) => line.append(element("td", {}, button(cell, row, col))));
    table.append(line);
  });
  const group = element("fieldset", {}, element("legend", {}, data.label), table);
  if (old) old.replaceWith(group);
  else parentElement.append(group);
  if (focused) group.querySelector("input:checked")?.focus({ preventScroll: true });

  function button(cell, row, col) {
    const radio = element("input", { type: "radio", name: "cell", "aria-label": cell.says });
    radio.checked = row === data.chosen[0] && col === data.chosen[1];
    radio.addEventListener("change", () => setTriggerValue("picked", [row, col]));
    const label = element("label", { title: cell.says, "data-part": "cell", "data-place": `${row + 1}-${col + 1}` }, radio, cell.text);
    label.dataset.chosen = radio.checked;
    label.dataset.right = row === col;
    label.style.background = cell.fill;
    label.style.color = cell.ink;
    return label;
  }
}
