// Which map is shown, its colour bar and window, the slice and the zoom.

import { anatomy } from "./api.js";
import { Beneath } from "./beneath.js";
import { element, ramp, round } from "./colours.js";
import { hear, state, target, tell, volume, volumeFacts } from "./state.js";

const byId = (id) => document.getElementById(id);
const DIGITS = "1234567890";

function buttons() {
  const made = state.facts.volumes.map((told, n) => {
    const key = DIGITS[n] ? [element("kbd", {}, DIGITS[n])] : [];
    const button = element("button", { type: "button", title: told.words }, told.title, ...key);
    button.setAttribute("role", "radio");
    button.dataset.map = told.name;
    button.addEventListener("click", () => show(told.name));
    return button;
  });
  byId("maps").replaceChildren(...made);
}

// The name under which the shown window is kept: that of the SD is another.
const key = () => `${state.shown}${state.spread ? "_sd" : ""}`;

function firstWindow() {
  const told = volumeFacts();
  return state.spread ? told.spread : told.window;
}

export async function show(name) {
  if (!name || !volumeFacts(name)) return;
  state.shown = name;
  if (!volumeFacts().spread) state.spread = false;
  await paint();
}

export function toggleSpread() {
  if (!volumeFacts().spread) return;
  state.spread = !state.spread;
  paint();
}

export function toggleBefore() {
  if (!state.facts.before) return;
  state.before = !state.before;
  paint();
}

// Loads what is shown, then draws it and its colour bar.
async function paint() {
  const told = volumeFacts();
  const name = key();
  const plain = ["baseline", "peak"].includes(name);
  const values = await volume(name, state.before && !plain);
  if (name !== key()) return;
  const [low, high] = state.windows.get(name) ?? firstWindow();
  const colours = ramp(state.facts.ramps[told.colours]);
  const greyHigh = volumeFacts("baseline").window[1];
  state.slice.show({ values, colours, low, high, grey: state.baseline, greyHigh });
  bar(told, colours, low, high);
  for (const button of byId("maps").children) {
    const chosen = button.dataset.map === state.shown;
    button.setAttribute("aria-checked", String(chosen));
    button.tabIndex = chosen ? 0 : -1;
  }
  Object.assign(byId("spread"), { checked: state.spread, disabled: !told.spread });
  byId("before").checked = state.before;
  byId("map-words").textContent = `${told.words}${state.spread ? ", uncertainty (SD)" : ""}${state.before ? ", before" : ""}`;
  document.body.dataset.map = name;
  byId("slice").setAttribute("aria-label", `Slice of ${told.title}: arrow keys move the cross`);
}

function bar(told, colours, low, high) {
  const context = byId("ramp").getContext("2d");
  const pixels = context.createImageData(1, 256);
  for (let n = 0; n < 256; n++) {
    pixels.data.set([...colours.subarray(3 * (255 - n), 3 * (255 - n) + 3), 255], 4 * n);
  }
  context.putImageData(pixels, 0, 0);
  byId("low").value = Number(low.toPrecision(3));
  byId("high").value = Number(high.toPrecision(3));
  byId("unit").textContent = told.unit;
}

function takeWindow() {
  const [low, high] = [Number(byId("low").value), Number(byId("high").value)];
  if (high > low) state.windows.set(key(), [low, high]);
  paint();
}

export function toSlice(slice) {
  const { space } = state;
  const place = { ...state.slice.place, slice: Math.min(space.slices - 1, Math.max(0, slice)) };
  tell("move", place);
}

function followPlace() {
  const { slice, space } = state;
  byId("slider").value = slice.place.slice;
  byId("slice-number").textContent = `${slice.place.slice + 1} / ${space.slices}`;
}

export function zoomBy(factor) {
  state.slice.zoomTo(state.slice.zoom * factor);
  byId("zoom").textContent = `${round(state.slice.zoom, 1)}×`;
}

// Outlines of what is drawn, and of what the maps were made with.
const OUTLINED = { voxel: ["tumor", "reference", "aif"], arteries: ["aif", "drained", "marked", "vein"], regions: ["tumor", "reference"] };

export function layers() {
  const { marks, arteries, vein, tab, slice } = state;
  const ofMaps = { aif: arteries, drained: vein };
  slice.layers = OUTLINED[tab].map((name) => ({ name, data: ofMaps[name] ?? marks[name].data }));
  slice.redraw();
}

// The map's share over the anatomy, in per cent.
function setOpacity(share) {
  byId("opacity").value = share;
  byId("opacity-said").textContent = `${share} %`;
  state.slice.opacity = share / 100;
  state.slice.redraw();
}

export function thinner() {
  if (!state.slice.anatomy) return;
  const share = Number(byId("opacity").value);
  setOpacity(share <= 0 ? 100 : Math.max(0, share - 25));
}

async function layAnatomy() {
  byId("beneath-label").hidden = !state.facts.anatomy;
  if (!state.facts.anatomy || state.slice.anatomy) return;
  state.slice.anatomy = new Beneath(state.space, await anatomy());
  setOpacity(100);
}

export function setUpMaps() {
  const slider = byId("slider");
  slider.max = state.space.slices - 1;
  slider.addEventListener("input", () => toSlice(Number(slider.value)));
  byId("slice").addEventListener("wheel", (event) => {
    event.preventDefault();
    toSlice(state.slice.place.slice + Math.sign(event.deltaY));
  }, { passive: false });
  byId("zoom-in").addEventListener("click", () => zoomBy(2));
  byId("zoom-out").addEventListener("click", () => zoomBy(0.5));
  byId("spread").addEventListener("change", toggleSpread);
  byId("before").addEventListener("change", toggleBefore);
  byId("opacity").addEventListener("input", (event) => setOpacity(Number(event.target.value)));
  byId("low").addEventListener("change", takeWindow);
  byId("high").addEventListener("change", takeWindow);
  byId("window-reset").addEventListener("click", () => {
    state.windows.delete(key());
    paint();
  });
  byId("maps").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const all = [...byId("maps").children];
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    next.focus();
    show(next.dataset.map);
  });
  hear("result", () => {
    buttons();
    byId("before-label").hidden = !state.facts.before;
    state.before = false;
    if (!volumeFacts()) state.shown = state.facts.made ? "cbf" : "peak";
    layers();
    paint();
    layAnatomy();
  });
  hear("moved", followPlace);
  hear("drawn", layers);
  hear("tab", layers);
  hear("target", () => target() && layers());
}
