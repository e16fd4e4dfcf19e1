// Curves with axes and units, drawn by uPlot.

import { GREEN, GRID, INK, MUTED, ORANGE, PINK, SKY, VIOLET, round } from "./colours.js";

const FONT = "12px system-ui, sans-serif";
const LABEL = "600 12px system-ui, sans-serif";

const LINES = {
  measured: {
    label: "measured", stroke: INK, width: 1,
    points: { show: true, size: 5, fill: INK, stroke: INK },
  },
  corrected: { label: "leakage corrected", stroke: SKY, width: 2, dash: [3, 3] },
  reconstruction: { label: "reconstruction", stroke: ORANGE, width: 2.5 },
  aif: { label: "arterial input (right)", stroke: PINK, width: 1.5, dash: [8, 4], scale: "right" },
  response: { label: "impulse response", stroke: GREEN, width: 2.5, fill: "rgba(0, 158, 115, 0.18)" },
  present: { label: "of these maps", stroke: PINK, width: 2, dash: [8, 4] },
  mixed: { label: "as measured", stroke: PINK, width: 1, dash: [2, 3] },
  drained: { label: "vein of these maps", stroke: VIOLET, width: 1.5, dash: [8, 4] },
  vein: {
    label: "marked vein", stroke: VIOLET, width: 2.5,
    points: { show: true, size: 5, fill: VIOLET, stroke: VIOLET },
  },
  marked: {
    label: "marked voxels", stroke: SKY, width: 2.5,
    points: { show: true, size: 5, fill: SKY, stroke: SKY },
  },
  tumor: { label: "tumour", stroke: INK, width: 2 },
  reference: { label: "reference", stroke: SKY, width: 2, dash: [7, 5] },
  own: { label: "voxel at the cross", stroke: INK, width: 1, dash: [2, 3] },
  tissue: { label: "mean tissue", stroke: MUTED, width: 1.5, dash: [1, 3] },
};

function axis(label, more = {}) {
  return {
    stroke: MUTED, label, labelFont: LABEL, font: FONT, labelSize: 20, size: 44,
    grid: { stroke: GRID, width: 1 }, ticks: { stroke: GRID, width: 1, size: 5 },
    ...more,
  };
}

function line(name) {
  return {
    scale: "y", points: { show: false }, ...LINES[name],
    value: (plot, value) => round(value),
  };
}

// A plot of named LINES in `parent`; frames at the times of `bands` are grey, half a `step` to
// either side; `drawn` is called after every drawing.
export class Plot {
  constructor(parent, { names, height, labels, range, drawn, bands = [], step = 0 }) {
    parent.replaceChildren();
    this.names = names;
    this.extents = { y: [0, 1], right: [0, 1] };
    const right = names.some((name) => LINES[name].scale === "right");
    const options = {
      width: parent.clientWidth || 500, height,
      series: [{ label: "time", value: (plot, value) => `${round(value)} s` }, ...names.map(line)],
      scales: {
        x: { time: false, range }, y: { range: () => this.extents.y }, right: { range: () => this.extents.right },
      },
      axes: [
        axis(labels.x, { size: 30 }),
        axis(labels.y, { scale: "y", size: 52 }),
        ...(right ? [axis(labels.right, { scale: "right", side: 1, grid: { show: false }, size: 48 })] : []),
      ],
      legend: { markers: { dash: (plot, n) => (plot.series[n].dash ? "dashed" : "solid") } },
      cursor: { drag: { x: false, y: false }, points: { size: 7 } },
      hooks: { drawClear: [(plot) => shade(plot, bands, step)], draw: [() => drawn?.()] },
    };
    this.plot = new uPlot(options, [[], ...names.map(() => [])], parent);
    new ResizeObserver(() => {
      const width = parent.clientWidth;
      if (width && width !== this.plot.width) this.plot.setSize({ width, height });
    }).observe(parent);
  }

  // Curves by name over one time axis; a missing one leaves its place empty.
  set(time, curves) {
    const blank = time.map(() => null);
    this.#scale(curves);
    this.plot.setData([time, ...this.names.map((name) => curves[name] ?? blank)]);
  }

  // Both axes have their zero at one height.
  #scale(curves) {
    const of = (scale) => extent(this.names.filter((name) => (LINES[name].scale ?? "y") === scale).map((name) => curves[name]));
    const [left, right] = [of("y"), of("right")];
    const share = Math.min(left[0] / left[1], right[0] / right[1], 0);
    this.extents = { y: [left[1] * share, left[1]], right: [right[1] * share, right[1]] };
  }
}

function shade(plot, bands, step) {
  const { left, top, width, height } = plot.bbox;
  const at = (time) => Math.min(left + width, Math.max(left, plot.valToPos(time, "x", true)));
  plot.ctx.save();
  plot.ctx.fillStyle = GRID;
  for (const time of bands) {
    const from = at(time - step / 2);
    plot.ctx.fillRect(from, top, at(time + step / 2) - from, height);
  }
  plot.ctx.restore();
}

// Lowest and highest of some curves, 0 among them, with a little room.
function extent(curves) {
  let [low, high] = [0, 0];
  for (const curve of curves) {
    for (const value of curve ?? []) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return [1.08 * low, 1.08 * high || 1];
}
