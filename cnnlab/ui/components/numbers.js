// Numbers as data.py packs them, and how they are written.

// "row {row}" and {row: 4} -> "row 4"
export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

// A whole number that stands for value * 10^digits, written with a true minus and separated thousands.
export function written(whole, digits, plus = false) {
  const figures = String(Math.abs(whole)).padStart(digits + 1, "0");
  const cut = figures.length - digits;
  const thousands = figures.slice(0, cut).replace(/\B(?=(\d{3})+$)/g, ",");
  return (whole < 0 ? "\u2212" : plus && whole > 0 ? "+" : "") + thousands + (digits ? "." + figures.slice(cut) : "");
}

export function bytes(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

// What data.pack wrote. `at` gives the whole number, `write` its text; both take the row-major position.
export function unpack({ shape, digits, type, base64 }) {
  const { buffer } = bytes(base64);
  const numbers = type === "int16" ? new Int16Array(buffer) : new Int32Array(buffer);
  return {
    shape,
    length: numbers.length,
    at: (position) => numbers[position],
    write: (position, plus) => written(numbers[position], digits, plus),
    tone: (position) => (numbers[position] > 0 ? "positive" : numbers[position] < 0 ? "negative" : "zero"),
    longest: () => Math.max(written(Math.max(...numbers), digits).length, written(Math.min(...numbers), digits).length),
  };
}
