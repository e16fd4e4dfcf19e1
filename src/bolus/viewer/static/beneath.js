// The anatomy beneath the map: a grey picture a slice, finer than the voxels.

export class Beneath {
  // `told` has the greys of all slices, rows and columns of the whole field of view.
  constructor(space, { values, shape: [slices, rows, columns] }) {
    Object.assign(this, { values, rows, columns });
    const across = space.sizes[space.across], up = space.sizes[space.up];
    const wide = columns / across, high = rows / up;
    this.pictures = new Array(slices);
    this.window = [
      (across - 1 - space.right) * wide, (up - 1 - space.top) * high,
      space.columns * wide, space.rows * high,
    ];
  }

  picture(slice) {
    this.pictures[slice] ??= this.#drawn(slice);
    return this.pictures[slice];
  }

  #drawn(slice) {
    const { values, rows, columns } = this, size = rows * columns;
    const canvas = new OffscreenCanvas(columns, rows), context = canvas.getContext("2d");
    const pixels = context.createImageData(columns, rows);
    for (let n = 0; n < size; n++) {
      pixels.data.fill(values[slice * size + n], 4 * n, 4 * n + 3);
      pixels.data[4 * n + 3] = 255;
    }
    context.putImageData(pixels, 0, 0);
    return canvas;
  }
}
