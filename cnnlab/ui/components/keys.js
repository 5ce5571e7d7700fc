// Where keys lead among `count` steps, numbered from 0; null: nowhere.

export function within(index, count) {
  return Math.max(0, Math.min(count - 1, index));
}

export function stepFor(key, index, count) {
  const steps = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: count - 1 };
  return key in steps ? within(steps[key], count) : null;
}

// A step up or down where the steps stand in rows of so many columns.
export function rowFor(key, index, columns, count) {
  const by = { ArrowUp: -columns, ArrowDown: columns }[key];
  const next = index + by;
  return by && next >= 0 && next < count ? next : null;
}
