// One radio button a map, all strips in one group: arrow keys walk through the whole network.
// Streamlit calls this again whenever data changes; what is there is kept, and so is the focus.
export default function ({ data, parentElement, setTriggerValue }) {
  let list = parentElement.querySelector("fieldset");
  if (!list) {
    list = document.createElement("fieldset");
    list.append(document.createElement("legend"));
    parentElement.append(list);
  }
  list.querySelector("legend").textContent = data.label;
  list.dataset.choose = data.choose;
  list.dataset.numbered = data.numbered;
  const take = (name, tile) => setTriggerValue("pick", { name, tile });
  const old = [...list.querySelectorAll(".strip")];
  data.rows.forEach((row, place) => {
    const strip = old[place] ?? newStrip();
    if (!strip.isConnected) list.append(strip);
    update(strip, row, data, take);
  });
  for (const strip of old.slice(data.rows.length)) strip.remove();
}

function newStrip() {
  const strip = document.createElement("div");
  strip.className = "strip";
  const [head, title, note, tiles] = ["div", "b", "span", "div"].map((tag) => document.createElement(tag));
  head.className = "head";
  tiles.className = "tiles";
  head.append(title, note);
  strip.append(head, tiles);
  return strip;
}

function update(strip, row, data, take) {
  const [head, tiles] = strip.children;
  const chosen = data.chosen?.[0] === row.name ? data.chosen[1] : null;
  strip.dataset.chosen = chosen !== null;
  strip.dataset.layer = row.name;
  strip.dataset.labelled = row.labels.length > 0;
  head.children[0].textContent = row.title;
  head.children[1].textContent = row.note;
  head.onclick = data.choose ? () => take(row.name, Math.min(data.chosen?.[1] ?? 0, row.count - 1)) : null;
  tiles.style.setProperty("--side", `${row.side}px`);
  let lead = tiles.querySelector("img");
  if (row.lead) {
    if (!lead) {
      lead = document.createElement("img");
      lead.alt = "";
      tiles.prepend(lead);
    }
    if (lead.getAttribute("src") !== row.lead) lead.src = row.lead;
  } else lead?.remove();
  // One rule paints all tiles of the strip: each shows its own part of the picture.
  if (strip.picture !== row.picture) {
    strip.picture = row.picture;
    tiles.style.setProperty("--picture", `url("${row.picture}")`);
  }
  tiles.style.setProperty("--count", row.count);
  const old = tiles.querySelectorAll(".tile");
  for (let place = 0; place < row.count; place++) {
    const tile = old[place] ?? newTile(data.choose);
    if (!tile.isConnected) tiles.append(tile);
    tile.style.setProperty("--place", place);
    tile.title = row.captions[place];
    tile.querySelector("small").textContent = row.labels[place] ?? (data.numbered && row.count > 1 ? place + 1 : "");
    const radio = tile.querySelector("input");
    if (!radio) continue;
    radio.checked = place === chosen;
    radio.dataset.tile = place + 1;
    radio.setAttribute("aria-label", `${row.title}, ${row.captions[place]}`);
    radio.onchange = () => take(row.name, place);
  }
  for (const tile of [...old].slice(row.count)) tile.remove();
  if (chosen !== null) reveal(tiles, tiles.querySelectorAll(".tile")[chosen]);
}

// Scroll a strip that is a film on a phone to its chosen tile; the page stays where it is.
function reveal(tiles, tile) {
  if (!tile) return;
  const start = tile.offsetLeft - tiles.offsetLeft;
  const out = start < tiles.scrollLeft || start + tile.offsetWidth > tiles.scrollLeft + tiles.clientWidth;
  if (out) tiles.scrollLeft = start - tiles.clientWidth / 2;
}

function newTile(choose) {
  const tile = document.createElement("label");
  tile.className = "tile";
  if (choose) {
    const radio = document.createElement("input");
    radio.type = "radio";
    radio.name = "map";
    tile.append(radio);
  }
  tile.append(document.createElement("i"), document.createElement("small"));
  return tile;
}
