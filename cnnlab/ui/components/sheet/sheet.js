// One radio button a tile: arrow keys move and choose, as the browser has it for radio buttons.
// Streamlit calls this again whenever data changes; buttons that are there are kept, and so is the focus.
export default function ({ data, parentElement, setTriggerValue }) {
  let group = parentElement.querySelector("fieldset");
  if (!group) {
    group = document.createElement("fieldset");
    group.append(document.createElement("legend"));
    parentElement.append(group);
  }
  group.querySelector("legend").textContent = data.label;
  group.style.setProperty("--side", `${data.side}px`);
  const old = group.querySelectorAll("label");
  data.tiles.forEach((address, place) => {
    const tile = old[place] ?? newTile(place);
    if (!tile.isConnected) group.append(tile);
    const [radio, picture, number] = tile.children;
    radio.checked = place === data.chosen;
    radio.setAttribute("aria-label", data.captions[place]);
    radio.onchange = () => setTriggerValue("chosen", place);
    tile.title = data.captions[place];
    if (picture.getAttribute("src") !== address) picture.src = address;
    number.textContent = place + 1;
  });
  for (const tile of [...old].slice(data.tiles.length)) tile.remove();
}

function newTile(place) {
  const tile = document.createElement("label");
  const radio = document.createElement("input");
  radio.type = "radio";
  radio.name = "tile";
  radio.dataset.tile = place + 1;
  const picture = document.createElement("img");
  picture.alt = "";
  const number = document.createElement("span");
  number.setAttribute("aria-hidden", "true");
  tile.append(radio, picture, number);
  return tile;
}
