// Pointer and tools on the slice: move the cross, mark single voxels, brush, erase, draw polygons.

import { element } from "./colours.js";
import { stroke, within } from "./marks.js";
import { paneOf } from "./panes.js";
import { hear, state, target, tell } from "./state.js";

export const SIZES = [1, 3, 5, 9, 15];
const TOOLS = {
  arteries: { click: "Click", brush: "Brush", erase: "Erase" },
  regions: { brush: "Brush", erase: "Erase", polygon: "Polygon" },
};
const KEYS = { click: "K", brush: "B", erase: "E", polygon: "P" };
const HINTS = {
  click: "Click a voxel to mark it, and again to unmark it.",
  brush: "Drag over voxels to mark them.",
  erase: "Drag over voxels to unmark them.",
  polygon: "Click the corners; a double click or Enter closes it, Esc gives it up.",
};

const chosen = { arteries: "click", regions: "brush" };
let size = 1;
let last = null;

export const tool = () => chosen[state.tab];

export function choose(name) {
  if (!TOOLS[state.tab]?.[name]) return;
  chosen[state.tab] = name;
  giveUp();
  tell("tool");
}

export function resize(step) {
  size = Math.min(SIZES.length - 1, Math.max(0, size + step));
  tell("tool");
}

// Buttons of a tab's tools, and of what else acts on the drawn voxels.
export function toolbar(tab, parent, ...more) {
  const tools = element("span", { className: "group" });
  tools.setAttribute("role", "radiogroup");
  tools.setAttribute("aria-label", "Tool");
  for (const [name, words] of Object.entries(TOOLS[tab])) {
    const button = element("button", { type: "button" }, words, " ", element("kbd", {}, KEYS[name]));
    button.setAttribute("role", "radio");
    button.dataset.tool = name;
    button.addEventListener("click", () => choose(name));
    tools.append(button);
  }
  const sizes = element("select", {}, ...SIZES.map((n) => element("option", { value: n }, `${n}`)));
  sizes.setAttribute("aria-label", "Width of the brush in voxels");
  sizes.addEventListener("change", () => resize(SIZES.indexOf(Number(sizes.value)) - size));
  const undoing = element("button", { type: "button", title: "Ctrl+Z" }, "Undo");
  undoing.addEventListener("click", undo);
  const redoing = element("button", { type: "button", title: "Ctrl+Y" }, "Redo");
  redoing.addEventListener("click", redo);
  const hint = element("span", { className: "hint whole" });
  parent.append(tools, element("label", { className: "group" }, "Width", sizes), undoing, redoing, ...more, hint);
  hear("tool", () => {
    hint.textContent = HINTS[chosen[tab]];
    for (const button of tools.children) {
      const now = button.dataset.tool === chosen[tab];
      button.setAttribute("aria-checked", String(now));
    }
    sizes.value = SIZES[size];
  });
}

export function undo() {
  if (target()?.undo()) tell("drawn");
}

export function redo() {
  if (target()?.redo()) tell("drawn");
}

// The key's way to a click: at the cross.
export function act() {
  if (tool() === "polygon") corner(state.slice.place);
  else if (target()) apply(state.slice.place, state.slice.place, true);
}

// A vein may lie outside the brain; all else that is drawn lies in it.
const drawable = (number) => state.brain[number] || target() === state.marks.vein;

function paintable(numbers) {
  return [...numbers].filter(drawable);
}

function apply(from, to, first) {
  const marks = target();
  if (tool() === "click") {
    const number = state.space.number(to);
    if (first && drawable(number)) marks.toggle(number);
  } else {
    if (first) marks.begin();
    const value = tool() === "erase" ? 0 : 1;
    marks.set(paintable(stroke(state.space, from, to, SIZES[size])), value);
  }
  tell("drawn");
}

function corner(place) {
  state.slice.polygon.push(place);
  state.slice.redraw();
}

export function close() {
  const corners = state.slice.polygon;
  if (corners.length >= 3) {
    const marks = target();
    marks.begin();
    marks.set(paintable(within(state.space, corners, state.slice.place.slice)), 1);
    tell("drawn");
  }
  giveUp();
}

export function giveUp() {
  state.slice.polygon = [];
  state.slice.redraw();
}

function down(event) {
  if (event.button !== 0 || !paneOf(event.target)) return;
  const place = state.slice.at(event);
  if (!state.space.holds(place)) return;
  tell("move", place, event.timeStamp);
  if (target() && tool() === "polygon") {
    if (event.detail < 2) corner(state.slice.at(event, true));
    return;
  }
  event.target.setPointerCapture(event.pointerId);
  last = place;
  if (target()) apply(place, place, true);
}

function moved(event) {
  if (!last || tool() === "click") return;
  const place = state.slice.at(event);
  if (place.column === last.column && place.row === last.row) return;
  if (target()) apply(last, place, false);
  else tell("move", place);
  last = place;
}

export function setUpDrawing() {
  const parent = document.getElementById("panes");
  parent.addEventListener("pointerdown", down);
  parent.addEventListener("pointermove", moved);
  for (const end of ["pointerup", "pointercancel"]) {
    parent.addEventListener(end, () => {
      last = null;
    });
  }
  parent.addEventListener("dblclick", () => tool() === "polygon" && close());
  hear("tab", giveUp);
  hear("pane", () => {
    last = null;
    giveUp();
  });
  tell("tool");
  window.addEventListener("beforeunload", (event) => {
    const { tumor, reference } = state.marks;
    if (tumor.changed || reference.changed) event.preventDefault();
  });
}
