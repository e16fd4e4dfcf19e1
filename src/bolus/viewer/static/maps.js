// Which map is shown in which colours, its colour bar and window, the slice and the zoom.

import { element, ramp, round } from "./colours.js";
import { LAYOUTS, chooseMap, chosenLayout, lay, layAnatomy, mapOf, panes, setOpacity } from "./panes.js";
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

// The name under which a map's window is kept: that of the SD is another.
const key = (map = state.shown) => `${map}${state.spread && volumeFacts(map)?.spread ? "_sd" : ""}`;

function firstWindow(map) {
  const told = volumeFacts(map);
  return key(map) === map ? told.window : told.spread;
}

export const shownWindow = (map = state.shown) => state.windows.get(key(map)) ?? firstWindow(map);

export function setWindow([low, high]) {
  if (!(high > low)) return;
  state.windows.set(key(), [low, high]);
  paint();
}

export async function show(name) {
  if (!name || !volumeFacts(name)) return;
  chooseMap(name);
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
  layers();
  paint();
}

// The colours of a map: its own, which grow evenly brighter, or those chosen for all maps.
export function coloursOf(map) {
  const own = volumeFacts(map).colours;
  return ramp(state.facts.ramps[own === "gray" || !state.colours ? own : state.colours]);
}

export function nextColours() {
  const all = [...byId("colours").options].map(({ value }) => value);
  byId("colours").value = all[(all.indexOf(state.colours) + 1) % all.length];
  chooseColours();
}

function chooseColours() {
  state.colours = byId("colours").value;
  paint();
}

// Loads what is shown, then draws it and the colour bar of the chosen map.
async function paint() {
  await Promise.all([...panes].map(paintPane));
  const told = volumeFacts(), name = key();
  bar(told, coloursOf(state.shown), ...shownWindow());
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

async function paintPane(pane) {
  const map = mapOf(pane), name = key(map);
  const plain = ["baseline", "peak"].includes(name);
  const values = await volume(name, state.before && !plain);
  if (mapOf(pane) !== map || name !== key(map)) return;
  const [low, high] = shownWindow(map);
  const greyHigh = volumeFacts("baseline").window[1];
  const caption = pane.map === null ? "" : captionOf(map);
  pane.slice.show({ values, colours: coloursOf(map), low, high, grey: state.baseline, greyHigh, caption });
}

// A map, its unit and its window in words.
export function captionOf(map) {
  const told = volumeFacts(map), [low, high] = shownWindow(map);
  const what = `${told.title}${key(map) === map ? "" : " SD"}${state.before ? " before" : ""}`;
  return `${what}  ${round(low)} to ${round(high)} ${told.unit}`;
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
  if (high > low) setWindow([low, high]);
  else paint();
}

export function toSlice(slice) {
  const { space } = state;
  const place = { ...state.slice.place, slice: Math.min(space.slices - 1, Math.max(0, slice)) };
  tell("move", place);
}

function followPlace() {
  const { slice, space } = state;
  byId("slider").max = space.slices - 1;
  byId("slider").value = slice.place.slice;
  byId("slice-number").textContent = `${slice.place.slice + 1} / ${space.slices}`;
}

export function zoomBy(factor, pointer = null) {
  state.slice.zoomTo(state.slice.zoom * factor, pointer);
  sayZoom();
}

export function fit() {
  state.slice.fit();
  sayZoom();
}

function sayZoom() {
  byId("zoom").textContent = `${Number(state.slice.zoom.toFixed(1))}×`;
  tell("zoomed");
}

// Outlines of what is drawn, and of what the maps were made with.
const OUTLINED = { voxel: ["tumor", "reference", "aif"], arteries: ["aif", "drained", "marked", "vein"], regions: ["tumor", "reference"] };

export function layers() {
  const { marks, arteries, vein, tab } = state;
  const ofMaps = { aif: arteries, drained: vein };
  const found = tab !== "arteries" && state.rims && !state.before ? state.found : [];
  const shown = [...found, ...OUTLINED[tab].map((name) => ({ name, data: ofMaps[name] ?? marks[name].data }))];
  for (const { slice } of panes) {
    slice.layers = shown;
    slice.redraw();
  }
}

// Names of the rims in their colours, with what they enclose.
function nameRims() {
  const { found } = state.facts;
  byId("rims-row").hidden = !found.length;
  byId("rims-words").replaceChildren(...found.map(({ name, word, meaning, colour, volume: size }) => {
    const made = element("span", { title: `${meaning}; the rim as drawn` }, `${word} ${round(size)} mL`);
    made.dataset.rim = name;
    made.style.color = colour;
    return made;
  }));
}

export function toggleRims() {
  if (!state.found.length) return;
  state.rims = !state.rims;
  byId("rims").checked = state.rims;
  layers();
}

// The map's share over the anatomy, in per cent.
function takeOpacity(share) {
  byId("opacity").value = share;
  byId("opacity-said").textContent = `${share} %`;
  setOpacity(share / 100);
}

export function thinner() {
  if (!state.facts.anatomies) return;
  const share = Number(byId("opacity").value);
  takeOpacity(share <= 0 ? 100 : Math.max(0, share - 25));
}

// Which anatomical image lies beneath, where there are several; and the next one.
function offerImages() {
  const { anatomies } = state.facts;
  byId("image-row").hidden = anatomies < 2;
  byId("image").replaceChildren(...Array.from({ length: anatomies }, (_, n) => element("option", { value: n + 1 }, `Image ${n + 1}`)));
  byId("image").value = state.image;
}

function chooseImage(number) {
  state.image = number;
  byId("image").value = number;
  layAnatomy();
}

export function nextImage() {
  if (state.facts.anatomies > 1) chooseImage((state.image % state.facts.anatomies) + 1);
}

export function nextLayout() {
  const all = Object.keys(LAYOUTS);
  lay(all[(all.indexOf(chosenLayout()) + 1) % all.length]);
}

function setUpChoices() {
  byId("layout").append(...Object.entries(LAYOUTS).map(([value, words]) => element("option", { value }, words)));
  byId("layout").addEventListener("change", ({ target }) => lay(target.value));
  byId("colours").append(...state.facts.palettes.map(({ name, title }) => element("option", { value: name }, title)));
  byId("colours").addEventListener("change", chooseColours);
}

export function setUpMaps() {
  const slider = byId("slider");
  setUpChoices();
  slider.addEventListener("input", () => toSlice(Number(slider.value)));
  byId("zoom-in").addEventListener("click", () => zoomBy(2));
  byId("zoom-out").addEventListener("click", () => zoomBy(0.5));
  byId("fit").addEventListener("click", fit);
  byId("spread").addEventListener("change", toggleSpread);
  byId("before").addEventListener("change", toggleBefore);
  byId("rims").addEventListener("change", toggleRims);
  byId("opacity").addEventListener("input", (event) => takeOpacity(Number(event.target.value)));
  byId("image").addEventListener("change", (event) => chooseImage(Number(event.target.value)));
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
    byId("beneath-label").hidden = !state.facts.anatomies;
    offerImages();
    nameRims();
    layers();
    paint();
    layAnatomy();
  });
  hear("pane", () => {
    byId("layout").value = chosenLayout();
    layers();
    followPlace();
    sayZoom();
    paint();
  });
  hear("moved", followPlace);
  hear("drawn", layers);
  hear("tab", layers);
  hear("target", () => target() && layers());
}
