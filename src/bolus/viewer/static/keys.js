// What keys do; none acts while a field is being typed into.

import { act, choose as chooseTool, close, giveUp, redo, resize, tool, undo } from "./drawing.js";
import { chooseMode, toggleMode } from "./gestures.js";
import { fit, nextColours, nextImage, nextLayout, show, thinner, toSlice, toggleBefore, toggleRims, toggleSpread, zoomBy } from "./maps.js";
import { choose as chooseVessel } from "./arteries.js";
import { choose as chooseRegion } from "./regions.js";
import { state, tell } from "./state.js";
import { choose as chooseTab } from "./tabs.js";

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function step([aside, down]) {
  const { column, row, slice } = state.slice.place;
  tell("move", { column: column + aside, row: row + down, slice });
}

const ACTIONS = {
  PageUp: () => toSlice(state.slice.place.slice + 1),
  PageDown: () => toSlice(state.slice.place.slice - 1),
  "+": () => zoomBy(2),
  "=": () => zoomBy(2),
  "-": () => zoomBy(0.5),
  "[": () => resize(-1),
  "]": () => resize(1),
  f: fit,
  l: nextLayout,
  d: nextColours,
  w: () => toggleMode("window"),
  g: () => toggleMode("pan"),
  s: toggleSpread,
  c: toggleBefore,
  o: thinner,
  h: toggleRims,
  n: nextImage,
  v: () => chooseTab("voxel"),
  a: () => chooseTab("arteries"),
  r: () => chooseTab("regions"),
  t: () => {
    if (state.tab === "regions") chooseRegion(state.region === "tumor" ? "reference" : "tumor");
    if (state.tab === "arteries") chooseVessel(state.vessel === "vein" ? "marked" : "vein");
  },
  k: () => chooseTool("click"),
  b: () => chooseTool("brush"),
  e: () => chooseTool("erase"),
  p: () => chooseTool("polygon"),
  " ": act,
  Enter: () => tool() === "polygon" && state.slice.polygon.length ? close() : act(),
  Escape: () => {
    chooseMode("tools");
    giveUp();
  },
  "?": () => document.getElementById("help").showModal(),
};

// What a button or field does with keys itself.
function own(target) {
  if (target.matches("input[type=range]")) return ["PageUp", "PageDown", ...Object.keys(STEPS)];
  if (target.matches("input[type=radio]")) return [" ", ...Object.keys(STEPS)];
  return target.matches("input, button") ? [" ", "Enter"] : [];
}

function pressed(event) {
  const { key, target } = event;
  if (document.getElementById("help").open) return;
  if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "z") {
    event.preventDefault();
    if (event.shiftKey) redo();
    else undo();
    return;
  }
  if (event.ctrlKey && key.toLowerCase() === "y") {
    event.preventDefault();
    redo();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (target.matches("input[type=number], input[type=text], select")) return;
  if (own(target).includes(key)) return;
  const digit = "1234567890".indexOf(key);
  const action = STEPS[key] ? () => step(STEPS[key])
    : key.length === 1 && digit >= 0 ? () => show(state.facts.volumes[digit]?.name)
      : ACTIONS[key] ?? ACTIONS[key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  action();
}

export function setUpKeys() {
  document.addEventListener("keydown", pressed);
  document.getElementById("help-open").addEventListener("click", () => document.getElementById("help").showModal());
}
