// Answers beside each other, each a column of bars. See __init__.py for the data.

import { Bars } from "./column.js";

export default function ({ data, parentElement }) {
  if (!parentElement.cnnlabBars) {
    const root = parentElement.appendChild(document.createElement("div"));
    root.className = "answers";
    parentElement.cnnlabBars = { root, columns: [] };
  }
  const { root, columns } = parentElement.cnnlabBars;
  while (columns.length < data.columns.length) columns.push(new Bars(root));
  while (columns.length > data.columns.length) columns.pop().root.remove();
  columns.forEach((column, i) => column.update(data.columns[i], data.labels));
}
