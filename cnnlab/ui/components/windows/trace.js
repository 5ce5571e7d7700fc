// What Python has sent, ready to be looked up.

import { bytes, unpack } from "../numbers.js";

export function unpackTrace(data) {
  return {
    labels: data.labels,
    palettes: Object.fromEntries(Object.entries(data.palettes).map(([role, palette]) => [role, colours(palette)])),
    height: data.rows.length,
    width: data.cols.length,
    inputs: data.inputs.map((plane) => ({ ...plane, values: unpack(plane.values), levels: bytes(plane.levels) })),
    maps: data.outputs.map(unpackMap),
  };
}

function colours({ fill, text }) {
  return {
    fill: Array.from(text, (_letter, row) => `#${fill.slice(6 * row, 6 * row + 6)}`),
    text: Array.from(text, (letter) => (letter === "k" ? "#000" : "#fff")),
  };
}

function unpackMap(map) {
  const unpacked = { ...map, levels: bytes(map.levels), hidden: new Set(map.hidden) };
  for (const name of ["values", "kernel", "bias", "products", "channel_sums", "sums", "counts"]) {
    if (map[name]) unpacked[name] = unpack(map[name]);
  }
  if (map.kernel_levels) unpacked.kernel_levels = bytes(map.kernel_levels);
  return unpacked;
}

// Which step is current, and how far the cells are computed, where `data` comes after `before`: the same place on
// the grid, where it still exists.
export function stepAfter(before, data, { index, reached }) {
  const [height, width] = [data.rows.length, data.cols.length];
  const started = !before || String(before.start) !== String(data.start);
  if (before && (before.rows.length !== height || before.cols.length !== width)) {
    const [row, col] = [Math.floor(index / before.cols.length), index % before.cols.length];
    const all = reached >= before.rows.length * before.cols.length - 1;
    index = row < height && col < width ? row * width + col : 0;
    reached = all ? height * width - 1 : index;
  }
  if (started) index = data.start[0] * width + data.start[1];
  // Another picture or another kernel, begun anew: nothing of it is computed yet.
  if (started && before && source(before) !== source(data)) reached = index;
  return { index, reached, started };
}

// What a trace was computed from.
function source(data) {
  return JSON.stringify([data.inputs.map((plane) => plane.values), data.outputs.map((map) => map.kernel ?? null)]);
}
