// One radio button a value: arrow keys move and pick, as the browser has it for radio buttons.
// Streamlit calls this again whenever data changes; the focus goes along with the picked value.

import { element } from "../element.js";

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.getRootNode();
  const old = parentElement.querySelector("fieldset");
  const focused = Boolean(old && root.activeElement && old.contains(root.activeElement));
  const table = element("table", {});
  if (data.heads.length) {
    const line = element("tr", {}, element("td", {}));
    for (const head of data.heads) line.append(element("th", { scope: "col" }, head));
    table.append(line);
  }
  data.lines.forEach((given, row) => {
    const line = element("tr", {}, element("th", { scope: "row" }, given.head));
    given.texts.forEach((text, col) => {
      const isChosen = row === data.chosen[0] && col === data.chosen[1];
      const name = [given.head, data.heads[col], given.note, text].filter(Boolean).join(", ");
      const radio = element("input", { type: "radio", name: "value", "aria-label": name });
      radio.checked = isChosen;
      radio.addEventListener("change", () => setTriggerValue("picked", [row, col]));
      const cell = element("label", { "data-part": "value", "data-chosen": isChosen }, radio, text);
      cell.style.background = `#${given.fills[col]}`;
      cell.style.color = given.inks[col] === "k" ? "#000" : "#fff";
      line.append(element("td", {}, cell));
    });
    if (given.note) line.append(element("td", { class: "note" }, given.note));
    table.append(line);
  });
  const group = element("fieldset", {}, element("legend", {}, data.label), table);
  if (old) old.replaceWith(group);
  else parentElement.append(group);
  if (focused) group.querySelector("input:checked")?.focus({ preventScroll: true });
}
