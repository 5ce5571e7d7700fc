// How large are the cells of a grid, and the numbers on them?

// On a projector (see projector.js): the smallest size of a number on a grid, in px; elsewhere 0.
export function leastNumber(node) {
  return parseFloat(getComputedStyle(node).getPropertyValue("--cnnlab-number")) || 0;
}

// The side of a cell that holds a number of so many letters in that size.
export function cellFor(letters, number) {
  return Math.ceil(Math.max(1.5 * number, letters * 0.6 * number + 5));
}

// The size of numbers of up to so many letters on cells of `unit` px. `number`: the size that they have at
// least, on a projector; where it does not fit there are none.
export function letterFor(unit, letters, number = 0) {
  if (number) return cellFor(letters, number) <= unit ? number : 0;
  return Math.min(15, unit * 0.42, (unit * 0.88) / (letters * 0.605));
}
