
// A table of input fields. What is typed goes to Python as it stands, cell by cell; Python sends the colours.

export default function ({ data, parentElement, setTriggerValue }) {
  const table = (parentElement.cnnlabCells ??= parentElement.appendChild(document.createElement("div")));
  table.className = "cells";
  table.setAttribute("role", "group");
  table.setAttribute("aria-label", data.label);
  const [rows, cols] = [data.texts.length, data.texts[0].length];
  const shape = `${rows},${cols}`;
  table.send = setTriggerValue;
  if (table.dataset.shape !== shape) {
    table.dataset.shape = shape;
    table.style.setProperty("--cols", cols);
    table.replaceChildren();
    for (let row = 0; row < rows; row++) {
      for (let col = 0; col < cols; col++) {
        const input = document.createElement("input");
        Object.assign(input, { type: "text", autocomplete: "off", spellcheck: false });
        Object.assign(input.dataset, { part: "cell", row, col });
        input.addEventListener("change", () => table.send("typed", { row, col, text: input.value }));
        input.addEventListener("focus", () => input.select());
        input.addEventListener("keydown", (event) => move(table, event, row, col));
        table.append(input);
      }
    }
  }
  const wrong = new Map(data.wrong.map(([row, col, text]) => [`${row},${col}`, text]));
  for (const input of table.children) {
    const [row, col] = [Number(input.dataset.row), Number(input.dataset.col)];
    const text = wrong.get(`${row},${col}`);
    const shown = text ?? data.texts[row][col];
    if (input.dataset.shown !== shown || document.activeElement !== parentElement) input.value = shown;
    input.dataset.shown = shown;
    input.disabled = data.disabled;
    input.style.background = data.fills[row][col];
    input.style.color = data.inks[row][col];
    input.setAttribute("aria-invalid", text !== undefined);
    input.setAttribute("aria-label", data.cell.replace("{row}", row + 1).replace("{column}", col + 1));
  }
}

// Up, down and Enter go to the cell above or below; left and right move within the text.
function move(table, event, row, col) {
  const step = { ArrowUp: -1, ArrowDown: 1, Enter: 1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const next = table.querySelector(`[data-row="${row + step}"][data-col="${col}"]`);
  if (next) next.focus();
  else event.target.blur();
}
