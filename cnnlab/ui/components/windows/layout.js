// Where things lie: the sizes of the view's parts, in px, for the room that there is. Nothing of the page is
// touched here. `cols`: of all outputs that stand beside each other, of the input, of the kernel.

import { cellFor } from "../cell_size.js";

export const NARROW = 640; // below this it is laid out for a phone

const GAP = 24; // between two outputs

// Beside the number of outputs: whether two of them stand on top of each other.
export function stacks(outputs, rows, inputRows, narrow) {
  return outputs === 2 && (narrow || rows * 2 <= inputRows + 2);
}

// The sides of a cell of the input and the outputs (`unit`), and of the window and the kernel (`small`).
export function narrowSizes(room, { inputCols, outputCols, kernelCols, hasKernel, most }) {
  const unit = (room - 14) / (inputCols + outputCols);
  const small = Math.min(most, (room - 40) / (kernelCols * (hasKernel ? 2 : 1)));
  return { unit: whole(unit), small: Math.floor(small), middle: null };
}

// The same beside each other, and the width of what stands in the middle.
export function wideSizes(room, { inputCols, inputRows, outputCols, kernelCols, hasKernel, several, beside, least }) {
  const small = Math.max(Math.min(44, (several ? 100 : 132) / kernelCols), 23);
  const middle = Math.max(hasKernel ? 124 : 0, small * kernelCols * (several ? 2 : 1) + (several ? 30 : 0));
  const grids = room - middle - 2 * 34 - (beside ? GAP : 0);
  let unit = Math.min(44, grids / (inputCols + outputCols), 430 / inputRows);
  if (unit * outputCols < least) unit = Math.min(unit, (grids - least) / inputCols);
  return { unit: whole(unit), small: Math.floor(small), middle };
}

// The same on a projector: cells as large as their numbers ask for; a grid of too many cells has no numbers.
// `letters`: how many the longest number has, of the input, the outputs, and the window and kernel.
export function largeSizes(room, number, { inputCols, width, outputs, kernelCols, hasKernel, several, letters }) {
  const gap = 20;
  const small = cellFor(letters.small, number);
  const beside = several && hasKernel ? 2 : 1; // kernels beside windows, or below
  const middle = Math.max(small * kernelCols * beside + (beside > 1 ? 34 : 0), hasKernel ? 190 : 110);
  const unit = (cols, longest, share) => {
    const wanted = cellFor(longest, number);
    return Math.floor(wanted * cols <= room ? wanted : Math.max(1, share / cols));
  };
  const input = unit(inputCols, letters.input, (room - middle) / 2);
  const output = unit(width, letters.output, (room - middle) / 2 - gap);
  const stacked = outputs === 2 && 2 * output * width + GAP + input * inputCols + middle + 2 * gap > room;
  return { input, output, small, middle, stacked };
}

// How many terms stand in a line, how wide each is, and whether pixel stands over weight (`tall`). All terms of a
// small window stand in one line where they fit, else as the window has them; on top of each other where even
// that is too wide. `pixels`, `weights`: how many letters the longest has (0: no weights).
export function termSizes(room, { cells, cols, blocks, pixels, weights, number }) {
  const letter = number ? 0.62 * number : 7.7;
  const wide = letter * (pixels + weights) + (weights ? 46 : 60);
  const fits = (count) => count * (wide + 8) <= room + 8;
  const perRow = cells <= 9 && fits(cells) ? cells : cols;
  // Several blocks stand beside each other rather than under each other, with pixel over weight.
  const upright = (letter - 0.7) * Math.max(pixels, weights) + 14;
  const beside = perRow < cells && blocks > 1 && blocks * (cols * (upright + 8) + 28) <= room;
  return { perRow, tall: beside || !fits(perRow), term: beside ? upright : Math.max(wide, 88) };
}

// The width of the outputs' panel.
export function outputsWidth(unit, width, columns, least) {
  return Math.max(least, unit * width * columns + (columns - 1) * GAP);
}

// Whole px, where cells are not tiny.
function whole(unit) {
  return unit > 8 ? Math.floor(unit) : Math.floor(unit * 4) / 4;
}
