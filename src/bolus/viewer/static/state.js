// What the page knows, shared by its parts; a part says with `tell` what it has changed.

import { mask, numbers } from "./api.js";
import { DASHES } from "./colours.js";
import { Marks } from "./marks.js";

export const REGIONS = ["tumor", "reference"];

export const state = {
  facts: null,
  space: null,
  native: null,
  slice: null,
  tab: "voxel",
  shown: "cbf",
  spread: false,
  before: false,
  colours: "",
  windows: new Map(),
  marks: null,
  region: "tumor",
  vessel: "marked",
  brain: null,
  arteries: null,
  vein: null,
  baseline: null,
  found: [],
  rims: true,
  image: 1,
};

const heard = new Map();
export const hear = (what, use) => heard.set(what, [...(heard.get(what) ?? []), use]);
export const tell = (what, ...given) => (heard.get(what) ?? []).forEach((use) => use(...given));

let volumes = new Map();

// Numbers of a volume, asked for once.
export function volume(name, before = false) {
  const key = `${name}${before ? " before" : ""}`;
  if (!volumes.has(key)) volumes.set(key, numbers(name, before));
  return volumes.get(key);
}

// All that does not depend on the chosen voxel, anew; `found` are regions with the style of rims.
export async function renew() {
  volumes = new Map();
  const [baseline, brain, arteries, vein, ...masks] = await Promise.all([
    volume("baseline"), mask("brain"), mask("aif"), mask("vein"),
    ...state.facts.found.map(({ name }) => mask(name)),
  ]);
  const found = state.facts.found.map(({ name, colour }, n) => ({ name, data: masks[n], colour, dash: DASHES[name] ?? [] }));
  Object.assign(state, { baseline, brain, arteries, vein, found });
}

export async function loadMarks(size) {
  state.marks = { marked: new Marks(size), vein: new Marks(size), tumor: new Marks(size), reference: new Marks(size) };
  for (const name of REGIONS) {
    if (state.facts.regions[name]) state.marks[name].load(await mask(name));
  }
}

// What is drawn into now; null where a click only moves the cross.
export function target() {
  if (state.tab === "arteries") return state.marks[state.vessel];
  return state.tab === "regions" ? state.marks[state.region] : null;
}

export function volumeFacts(name = state.shown) {
  return state.facts.volumes.find((told) => told.name === name);
}

export const say = (text) => {
  document.getElementById("spoken").textContent = text;
};
