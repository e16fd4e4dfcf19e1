// A set of voxels that is drawn by hand, with a memory of its strokes.

const MEMORY = 30;

export class Marks {
  constructor(size) {
    this.data = new Uint8Array(size);
    this.saved = new Uint8Array(size);
    [this.past, this.future] = [[], []];
  }

  // What is on disk; drawing starts from it.
  load(data) {
    this.data = data.slice();
    this.saved = data.slice();
    [this.past, this.future] = [[], []];
  }

  begin() {
    this.past.push(this.data.slice());
    if (this.past.length > MEMORY) this.past.shift();
    this.future = [];
  }

  undo() {
    return this.#step(this.past, this.future);
  }

  redo() {
    return this.#step(this.future, this.past);
  }

  #step(from, to) {
    const other = from.pop();
    if (!other) return false;
    to.push(this.data);
    this.data = other;
    return true;
  }

  toggle(number) {
    this.begin();
    this.data[number] = 1 - this.data[number];
  }

  set(numbers, value) {
    for (const number of numbers) this.data[number] = value;
  }

  replace(data) {
    this.begin();
    this.data = data.slice();
  }

  kept() {
    this.saved = this.data.slice();
  }

  get changed() {
    return this.data.some((value, n) => value !== this.saved[n]);
  }

  get list() {
    const found = [];
    this.data.forEach((value, n) => value && found.push(n));
    return found;
  }
}

// Which slices hold marks, as they are counted on the page, and the one with most of them.
export function slicesOf(space, data) {
  const counts = new Array(space.slices).fill(0);
  for (let slice = 0; slice < space.slices; slice++) {
    space.each(slice, (number) => {
      counts[slice] += data[number];
    });
  }
  const held = counts.map((count, slice) => (count ? slice + 1 : 0)).filter(Boolean);
  const words = !held.length ? "" : held.at(-1) - held[0] + 1 === held.length && held.length > 2
    ? `, slices ${held[0]} to ${held.at(-1)}` : `, slice${held.length > 1 ? "s" : ""} ${held.join(", ")}`;
  return { words, fullest: counts.indexOf(Math.max(...counts)) };
}

// Voxels of a round brush, `size` voxels wide, moved in a straight line.
export function* stroke(space, from, to, size) {
  const steps = Math.max(Math.abs(to.column - from.column), Math.abs(to.row - from.row), 1);
  const reach = Math.floor(size / 2);
  for (let step = 0; step <= steps; step++) {
    const column = Math.round(from.column + ((to.column - from.column) * step) / steps);
    const row = Math.round(from.row + ((to.row - from.row) * step) / steps);
    for (let down = -reach; down <= reach; down++) {
      for (let aside = -reach; aside <= reach; aside++) {
        const place = { column: column + aside, row: row + down, slice: to.slice };
        if (down * down + aside * aside <= (size / 2) ** 2 && space.holds(place)) {
          yield space.number(place);
        }
      }
    }
  }
}

// Numbers of a slice's voxels whose middle lies in a polygon of corners in voxel units (even-odd).
export function within(space, corners, slice) {
  const found = [];
  space.each(slice, (number, column, row) => {
    let inside = false;
    corners.forEach((one, n) => {
      const other = corners[(n + 1) % corners.length];
      const crosses = one.row > row !== other.row > row;
      const share = (row - one.row) / (other.row - one.row);
      if (crosses && column < one.column + share * (other.column - one.column)) inside = !inside;
    });
    if (inside) found.push(number);
  });
  return found;
}
