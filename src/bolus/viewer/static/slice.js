// The slice on the canvas: the map's colours, outlines of voxel sets, and the cross.

import { GRID, INK, LAYERS, MUTED } from "./colours.js";
import { outlines } from "./outline.js";

const GREYEST = 96;
const LARGEST = 16;

export class SliceView {
  constructor(canvas, space) {
    this.canvas = canvas;
    this.space = space;
    this.place = space.middle;
    this.layers = [];
    this.polygon = [];
    this.anatomy = null;
    this.opacity = 1;
    this.zoom = 1;
    this.shift = { column: 0, row: 0 };
    this.image = new OffscreenCanvas(space.columns, space.rows);
    this.waiting = false;
    new ResizeObserver(() => this.redraw()).observe(canvas);
  }

  // What is shown: caption, numbers, colours (256 × rgb), ends of the colour bar, grey image beneath.
  show(shown) {
    this.shown = shown;
    this.redraw();
  }

  redraw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw();
    });
  }

  #fit() {
    const { canvas, space } = this;
    const dense = window.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * dense);
    const height = Math.round(canvas.clientHeight * dense);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const wide = this.zoom * Math.min(width / space.columns, height / (space.rows * space.aspect));
    this.pixel = { width: wide, height: wide * space.aspect, dense };
    this.start = {
      x: this.#start(width, wide * space.columns, (this.shift.column + 0.5) * wide),
      y: this.#start(height, wide * space.aspect * space.rows, (this.shift.row + 0.5) * wide * space.aspect),
    };
  }

  // Small images lie in the middle; larger ones show the voxel that was zoomed on, without a gap.
  #start(room, size, middle) {
    if (size <= room) return (room - size) / 2;
    return Math.min(0, Math.max(room - size, room / 2 - middle));
  }

  // Zooms around the cross, or so that what lies under a pointer stays there.
  zoomTo(zoom, pointer = null) {
    const under = pointer && this.at(pointer, true);
    this.zoom = Math.min(LARGEST, Math.max(1, zoom));
    this.shift = { column: this.place.column, row: this.place.row };
    if (pointer) {
      const now = this.at(pointer, true);
      this.#hold(now.column - under.column, now.row - under.row);
    }
    this.redraw();
  }

  // Moves the picture by so many pixels of the page, as far as it fills the canvas.
  panBy(x, y) {
    this.#fit();
    this.#hold((x * this.pixel.dense) / this.pixel.width, (y * this.pixel.dense) / this.pixel.height);
    this.redraw();
  }

  // What is in the middle now, less so many voxels.
  #hold(columns, rows) {
    const { canvas, pixel, start } = this;
    this.shift = {
      column: (canvas.width / 2 - start.x) / pixel.width - 0.5 - columns,
      row: (canvas.height / 2 - start.y) / pixel.height - 0.5 - rows,
    };
  }

  fit() {
    this.zoom = 1;
    this.redraw();
  }

  // The voxel under a pointer; its parts are fractions with `exact`, 0 at the first voxel's middle.
  at(event, exact = false) {
    this.#fit();
    const box = this.canvas.getBoundingClientRect();
    const { width, height, dense } = this.pixel;
    const column = ((event.clientX - box.left) * dense - this.start.x) / width - 0.5;
    const row = ((event.clientY - box.top) * dense - this.start.y) / height - 0.5;
    const { slice } = this.place;
    return exact ? { column, row, slice } : { column: Math.round(column), row: Math.round(row), slice };
  }

  draw() {
    if (!this.shown) return;
    this.#fit();
    const { canvas, image, space, start, pixel } = this;
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    this.#colour(image.getContext("2d"));
    context.imageSmoothingEnabled = false;
    const box = [start.x, start.y, pixel.width * space.columns, pixel.height * space.rows];
    if (this.anatomy) context.drawImage(this.anatomy.picture(this.place.slice), ...this.anatomy.window, ...box);
    context.globalAlpha = this.anatomy ? this.opacity : 1;
    context.drawImage(image, ...box);
    context.globalAlpha = 1;
    for (const layer of this.layers) this.#outline(context, layer);
    this.#corners(context);
    this.#cross(context);
    this.#letters(context);
    if (this.shown.caption) this.#caption(context, this.shown.caption);
  }

  #colour(context) {
    const { space, place, shown } = this;
    const pixels = context.createImageData(space.columns, space.rows);
    const { values, colours, low, high, grey, greyHigh } = shown;
    const scale = 255 / (high - low || 1);
    let at = 0;
    space.each(place.slice, (number) => {
      const value = values[number];
      if (Number.isNaN(value) && this.anatomy) {
        pixels.data[at + 3] = 0;
        at += 4;
        return;
      }
      if (Number.isNaN(value)) {
        const shade = 14 + (GREYEST - 14) * Math.min(1, Math.max(0, grey[number] / greyHigh));
        pixels.data.fill(shade, at, at + 3);
      } else {
        const shade = Math.min(255, Math.max(0, Math.round((value - low) * scale)));
        pixels.data.set(colours.subarray(3 * shade, 3 * shade + 3), at);
      }
      pixels.data[at + 3] = 255;
      at += 4;
    });
    context.putImageData(pixels, 0, 0);
  }

  #outline(context, layer) {
    const { space, place, pixel, start } = this;
    const { data } = layer, { colour, dash, dot } = LAYERS[layer.name] ?? layer;
    const edges = new Path2D();
    for (const line of outlines(space, data, place.slice)) {
      const loop = new Path2D();
      line.forEach(([column, row]) => loop.lineTo(start.x + column * pixel.width, start.y + row * pixel.height));
      loop.closePath();
      edges.addPath(loop);
    }
    this.#cased(context, edges, colour, dash);
    if (dot) this.#dots(context, data, colour);
  }

  #dots(context, data, colour) {
    const size = Math.max(2, this.pixel.width / 5);
    context.fillStyle = colour;
    this.space.each(this.place.slice, (number, column, row) => {
      if (!data[number]) return;
      const [x, y] = this.#middle({ column, row });
      context.fillRect(x - size / 2, y - size / 2, size, size);
    });
  }

  // A dark line beneath keeps a line visible on any colour.
  #cased(context, path, colour, dash) {
    const { dense } = this.pixel;
    context.setLineDash([]);
    context.strokeStyle = "rgba(0, 0, 0, 0.75)";
    context.lineWidth = 4 * dense;
    context.stroke(path);
    context.setLineDash(dash.map((length) => length * dense));
    context.strokeStyle = colour;
    context.lineWidth = 2 * dense;
    context.stroke(path);
    context.setLineDash([]);
  }

  #middle({ column, row }) {
    const { start, pixel } = this;
    return [start.x + (column + 0.5) * pixel.width, start.y + (row + 0.5) * pixel.height];
  }

  #corners(context) {
    if (!this.polygon.length) return;
    const path = new Path2D();
    this.polygon.forEach((corner) => path.lineTo(...this.#middle(corner)));
    this.#cased(context, path, INK, [4, 3]);
    context.fillStyle = INK;
    const size = 6 * this.pixel.dense;
    for (const corner of this.polygon) {
      const [x, y] = this.#middle(corner);
      context.fillRect(x - size / 2, y - size / 2, size, size);
    }
  }

  #cross(context) {
    const { canvas, pixel, place } = this;
    const [x, y] = this.#middle(place);
    const [gapX, gapY] = [0.5 * pixel.width + 3 * pixel.dense, 0.5 * pixel.height + 3 * pixel.dense];
    const path = new Path2D();
    path.rect(x - pixel.width / 2, y - pixel.height / 2, pixel.width, pixel.height);
    for (const [x1, y1, x2, y2] of [
      [0, y, x - gapX, y], [x + gapX, y, canvas.width, y],
      [x, 0, x, y - gapY], [x, y + gapY, x, canvas.height],
    ]) {
      path.moveTo(x1, y1);
      path.lineTo(x2, y2);
    }
    context.strokeStyle = "rgba(0, 0, 0, 0.45)";
    context.lineWidth = 3 * pixel.dense;
    context.stroke(path);
    context.strokeStyle = "rgba(255, 255, 255, 0.75)";
    context.lineWidth = pixel.dense;
    context.stroke(path);
  }

  #letters(context) {
    const { canvas, space, pixel } = this;
    const edge = 12 * pixel.dense;
    context.font = `600 ${13 * pixel.dense}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    const { left, right, top, bottom } = space.letters;
    for (const [text, x, y] of [
      [left, edge, canvas.height / 2], [right, canvas.width - edge, canvas.height / 2],
      [top, canvas.width / 2, this.shown.caption ? 2.6 * edge : edge], [bottom, canvas.width / 2, canvas.height - edge],
    ]) {
      context.fillStyle = GRID;
      context.fillRect(x - edge * 0.7, y - edge * 0.75, edge * 1.4, edge * 1.5);
      context.fillStyle = MUTED;
      context.fillText(text, x, y);
    }
  }

  // What the map is, where several are seen at once.
  #caption(context, text) {
    const { dense } = this.pixel, size = 12 * dense;
    context.font = `600 ${size}px system-ui, sans-serif`;
    context.textAlign = "left";
    const wide = context.measureText(text).width;
    context.fillStyle = "rgba(0, 0, 0, 0.65)";
    context.fillRect(0, 0, wide + size, 1.6 * size);
    context.fillStyle = INK;
    context.fillText(text, size / 2, 0.85 * size);
  }
}
