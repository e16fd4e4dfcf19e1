// Where voxels lie: on the screen (column, row), in the slice, and in the arrays (number).
// Patient right is on the left, anterior (or superior) on top.

const LETTERS = [["L", "R"], ["P", "A"], ["I", "S"]];
const MARGIN = 3;

export class Space {
  // `through` is the direction across slices, that of the series where it is not given.
  constructor(told, through = told.through) {
    Object.assign(this, told, { through });
    [this.across, this.up] = [0, 1, 2].filter((axis) => axis !== this.through);
    this.slices = this.sizes[this.through];
    if (through !== told.through) this.aspect = this.spacing[this.up] / this.spacing[this.across];
    const [left, right] = this.#span(this.across);
    const [bottom, top] = this.#span(this.up);
    Object.assign(this, { right, top, columns: right - left + 1, rows: top - bottom + 1 });
    this.name = ["sagittal", "coronal", "axial"][this.through];
    this.letters = {
      left: LETTERS[this.across][1], right: LETTERS[this.across][0],
      top: LETTERS[this.up][1], bottom: LETTERS[this.up][0],
    };
    this.strides = {
      column: -this.steps[this.across], row: -this.steps[this.up], slice: this.steps[this.through],
    };
    this.corner = this.origin + this.right * this.steps[this.across] + this.top * this.steps[this.up];
  }

  #span(axis) {
    const [first, last] = this.box[axis];
    return [Math.max(0, first - MARGIN), Math.min(this.sizes[axis] - 1, last + MARGIN)];
  }

  // The number in the arrays of a voxel on the screen.
  number({ column, row, slice }) {
    const { strides } = this;
    return this.corner + column * strides.column + row * strides.row + slice * strides.slice;
  }

  // Numbers of a place along right, anterior and superior, which all planes have in common.
  spot({ column, row, slice }) {
    const found = [];
    [found[this.across], found[this.up], found[this.through]] = [this.right - column, this.top - row, slice];
    return found;
  }

  // The place of such numbers in this plane.
  placeOf(spot) {
    return { column: this.right - spot[this.across], row: this.top - spot[this.up], slice: spot[this.through] };
  }

  // The indices i, j, k of the file.
  index(place) {
    const n = this.number(place);
    const [, y, z] = this.shape;
    return [Math.floor(n / (y * z)), Math.floor(n / z) % y, n % z];
  }

  holds({ column, row, slice }) {
    return column >= 0 && column < this.columns && row >= 0 && row < this.rows
      && slice >= 0 && slice < this.slices;
  }

  // Calls `use` with number, column and row of each voxel of a slice, row by row.
  each(slice, use) {
    const { column: aside, row: down, slice: over } = this.strides;
    for (let row = 0; row < this.rows; row++) {
      let number = this.corner + row * down + slice * over;
      for (let column = 0; column < this.columns; column++, number += aside) use(number, column, row);
    }
  }

  get middle() {
    const slice = Math.round((this.box[this.through][0] + this.box[this.through][1]) / 2);
    return { column: Math.floor(this.columns / 2), row: Math.floor(this.rows / 2), slice };
  }
}
