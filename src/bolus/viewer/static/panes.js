// The pictures side by side: one map, four maps of one slice, or three planes, with one cross.
//
// A pane's map is `null` where it shows the one that is chosen; the active pane's is chosen, and
// tools, slider and zoom act on it.

import { anatomy } from "./api.js";
import { Beneath } from "./beneath.js";
import { element } from "./colours.js";
import { SliceView } from "./slice.js";
import { Space } from "./space.js";
import { hear, state, tell, volumeFacts } from "./state.js";

export const LAYOUTS = { one: "One map", maps: "Four maps", planes: "Three planes" };
const FOUR = ["cbf", "cbv_corrected", "cbv", "mtt", "tmax"];

export const panes = [];
let layout = "one";
let beneath = new Map();
let opacity = 1;

export const paneOf = (canvas) => panes.find((pane) => pane.canvas === canvas);
export const active = () => panes.find((pane) => pane.slice === state.slice);
export const mapOf = (pane) => pane.map ?? state.shown;
export const chosenLayout = () => layout;

// The first pane, in the series' own slices.
export function firstPane(canvas) {
  state.native = new Space(state.facts.space);
  panes.push({ canvas, map: null, slice: new SliceView(canvas, state.native) });
  take(panes[0]);
}

function take(pane) {
  state.slice = pane.slice;
  state.space = pane.slice.space;
  state.shown = mapOf(pane);
}

// The pane that tools act on from now.
export function activate(pane) {
  if (pane.slice === state.slice) return;
  take(pane);
  mark();
  tell("pane");
}

// The pane whose slices are the series' own, as what is said of slices is meant.
export function activateNative() {
  activate(panes[0]);
}

function mark() {
  for (const pane of panes) {
    pane.canvas.dataset.active = pane.slice === state.slice && panes.length > 1 ? "yes" : "no";
  }
}

function four() {
  const there = FOUR.filter((name) => volumeFacts(name));
  const best = there.filter((name) => name !== "cbv" || !there.includes("cbv_corrected"));
  const others = state.facts.volumes.map(({ name }) => name).filter((name) => !FOUR.includes(name));
  return [...best, ...others].slice(0, 4);
}

// Lays the panes out anew; the cross stays where it is.
export function lay(name) {
  const spot = state.space.spot(state.slice.place);
  const [first] = panes;
  for (const pane of panes.splice(1)) pane.canvas.remove();
  const shown = name === "maps" ? four() : [null];
  first.map = null;
  take(first);
  if (name === "maps") {
    first.map = shown[0];
    for (const map of shown.slice(1)) add(state.native, map);
  } else if (name === "planes") {
    for (const through of [0, 1, 2]) {
      if (through !== state.native.through) add(new Space(state.facts.space, through), null);
    }
  }
  layout = name;
  document.getElementById("panes").dataset.layout = name;
  for (const pane of panes) {
    pane.slice.place = pane.slice.space.placeOf(spot);
    pane.slice.fit();
  }
  take(first);
  mark();
  layAnatomy();
  tell("pane");
}

function add(space, map) {
  const canvas = element("canvas", { tabIndex: -1 });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", map ? volumeFacts(map).title : `${space.name} plane`);
  document.getElementById("panes").append(canvas);
  panes.push({ canvas, map, slice: new SliceView(canvas, space) });
}

// The map of the active pane.
export function chooseMap(name) {
  const pane = active();
  if (layout === "maps") pane.map = name;
  state.shown = name;
}

// What other panes show follows the active one: the cross, and in one plane zoom and middle.
export function follow() {
  const spot = state.space.spot(state.slice.place);
  for (const { slice } of panes) {
    if (slice === state.slice) continue;
    slice.place = slice.space.placeOf(spot);
    if (slice.space === state.space) Object.assign(slice, { zoom: state.slice.zoom, shift: state.slice.shift });
    slice.redraw();
  }
}

export function setOpacity(share) {
  opacity = share;
  for (const { slice } of panes) {
    slice.opacity = share;
    slice.redraw();
  }
}

// The anatomy beneath each pane, in its own plane.
export async function layAnatomy() {
  if (!state.facts.anatomies) return;
  await Promise.all([...panes].map(async ({ slice }) => {
    const { space } = slice, { image } = state, key = `${space.through} ${image}`;
    if (!beneath.has(key)) beneath.set(key, anatomy(space.through, image));
    const greys = await beneath.get(key);
    if (image !== state.image) return;
    slice.anatomy = new Beneath(space, greys);
    slice.opacity = opacity;
    slice.redraw();
  }));
}

export function setUpPanes() {
  const parent = document.getElementById("panes");
  parent.addEventListener("pointerdown", (event) => {
    const pane = paneOf(event.target);
    if (pane) activate(pane);
  });
  hear("moved", follow);
  hear("zoomed", follow);
  hear("result", () => {
    if (layout === "maps") lay("maps");
  });
}
