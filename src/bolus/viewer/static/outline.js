// The edge of a voxel set in a slice, as closed lines through the corners of voxels.

// Lines as lists of [column, row] corners; the set lies to the right of the way along them.
export function outlines(space, data, slice) {
  const edges = new Map();
  const width = space.columns + 1;
  const add = (from, to) => edges.set(from, [...(edges.get(from) ?? []), to]);
  const set = (column, row) => {
    const place = { column, row, slice };
    return space.holds(place) && data[space.number(place)];
  };
  space.each(slice, (number, column, row) => {
    if (!data[number]) return;
    const corner = row * width + column;
    if (!set(column, row - 1)) add(corner, corner + 1);
    if (!set(column + 1, row)) add(corner + 1, corner + 1 + width);
    if (!set(column, row + 1)) add(corner + 1 + width, corner + width);
    if (!set(column - 1, row)) add(corner + width, corner);
  });
  return [...chained(edges)].map((line) => line.map((n) => [n % width, Math.floor(n / width)]));
}

function* chained(edges) {
  for (const [start] of edges) {
    while (edges.get(start)?.length) {
      const line = [start];
      do line.push(edges.get(line.at(-1)).pop()); while (line.at(-1) !== start);
      yield line;
    }
  }
}
