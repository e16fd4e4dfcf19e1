// What leaves the page as a file: pictures as PNG, curves and numbers as CSV, regions as NIfTI.

import { GRID, INK, MUTED, element } from "./colours.js";
import { captionOf, coloursOf } from "./maps.js";
import { chosenLayout, mapOf, panes } from "./panes.js";
import { state } from "./state.js";

const BAR = 16;
const LINE = 22;

export function download(content, name, type) {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  const link = element("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

const quoted = (value) => {
  if (value === null || value === undefined || Number.isNaN(value)) return "";
  const text = String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

// A table of named columns, one row a line; what is not known is empty.
export function csv(columns, name) {
  const names = Object.keys(columns).filter((one) => columns[one]);
  const rows = columns[names[0]].map((_, n) => names.map((one) => quoted(columns[one][n])).join(","));
  download(`${[names.map(quoted).join(","), ...rows].join("\n")}\n`, name, "text/csv");
}

// The pictures as they are seen, each with its colour bar, and below them what they are.
export function picture() {
  const dense = window.devicePixelRatio || 1;
  const frame = document.getElementById("panes").getBoundingClientRect();
  const lines = [state.facts.label, described(), state.facts.notice].filter(Boolean);
  const made = element("canvas", {
    width: Math.round(frame.width * dense), height: Math.round((frame.height + LINE * lines.length + 10) * dense),
  });
  const context = made.getContext("2d");
  context.scale(dense, dense);
  context.fillStyle = "#000";
  context.fillRect(0, 0, frame.width, frame.height + LINE * lines.length + 10);
  for (const pane of panes) {
    const box = pane.canvas.getBoundingClientRect();
    context.drawImage(pane.canvas, box.x - frame.x, box.y - frame.y, box.width, box.height);
    bar(context, pane, box.right - frame.x - BAR - 8, box.y - frame.y + 0.2 * box.height, 0.6 * box.height);
  }
  context.font = "13px system-ui, sans-serif";
  lines.forEach((text, n) => {
    context.fillStyle = n === lines.length - 1 ? MUTED : INK;
    context.fillText(text, 8, frame.height + LINE * (n + 1) - 4, frame.width - 16);
  });
  const layout = chosenLayout() === "one" ? document.body.dataset.map : chosenLayout();
  made.toBlob((blob) => download(blob, `${layout}_slice${state.slice.place.slice + 1}.png`));
}

function described() {
  const where = `${state.space.name} slice ${state.slice.place.slice + 1} of ${state.space.slices}`;
  const what = chosenLayout() === "maps" ? "" : `${captionOf(state.shown)} · `;
  return `${what}${where} · ${state.facts.method}`;
}

function bar(context, pane, x, y, height) {
  const colours = coloursOf(mapOf(pane));
  for (let n = 0; n < 256; n++) {
    const [red, green, blue] = colours.subarray(3 * n, 3 * n + 3);
    context.fillStyle = `rgb(${red}, ${green}, ${blue})`;
    context.fillRect(x, y + height * (1 - (n + 1) / 256), BAR, height / 256 + 0.6);
  }
  context.strokeStyle = GRID;
  context.strokeRect(x, y, BAR, height);
}

export function setUpExports() {
  document.getElementById("save-picture").addEventListener("click", picture);
}
