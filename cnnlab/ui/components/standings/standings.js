// A plain table, drawn anew when its data has changed; nothing in it can be pressed.
export default function ({ data, parentElement }) {
  const box = parentElement.querySelector(".standings");
  const table = document.createElement("table");
  table.style.setProperty("--main", data.main);
  const caption = table.createCaption();
  caption.textContent = data.label;
  const head = table.createTHead().insertRow();
  head.append(cell("th", "", "place"));
  data.heads.forEach((text, place) => {
    const th = cell("th", text, place === 0 ? "name" : role(place - 1, data.main));
    th.scope = "col";
    head.append(th);
  });
  const body = table.createTBody();
  for (const row of data.rows) {
    const line = body.insertRow();
    line.dataset.kind = row.kind;
    const name = cell("th", row.name, "name");
    name.scope = "row";
    line.append(cell("td", row.place, "place"), name);
    row.values.forEach((text, place) => {
      const td = cell("td", text, role(place, data.main));
      td.dataset.head = data.heads[place + 1];
      line.append(td);
    });
  }
  if (box) box.replaceChildren(table);
  else {
    const fresh = document.createElement("div");
    fresh.className = "standings";
    fresh.append(table);
    parentElement.append(fresh);
  }
}

const role = (place, main) => (place < main ? "main" : "cost");

function cell(tag, text, name) {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = name;
  return made;
}
