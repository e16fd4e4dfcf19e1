// Tumour and reference: draw them, read the ratio, keep them.

import { fetched, latest, post, upload } from "./api.js";
import { element, round } from "./colours.js";
import { toolbar } from "./drawing.js";
import { csv, download } from "./exports.js";
import { toSlice } from "./maps.js";
import { slicesOf } from "./marks.js";
import { activateNative } from "./panes.js";
import { Plot } from "./plots.js";
import { REGIONS, hear, state, tell } from "./state.js";

const byId = (id) => document.getElementById(id);
const WORDS = { tumor: "Tumour", reference: "Reference" };
const PAUSE = 120;
const drawnRegions = () => Object.fromEntries(REGIONS.map((name) => [name, state.marks[name].list]));
const ratio = latest((signal) => post("/api/regions/ratio", drawnRegions(), signal));

let waiting = null;
let plot = null;
let latestTold = null;

function soon() {
  if (state.tab !== "regions") return;
  clearTimeout(waiting);
  waiting = setTimeout(ask, PAUSE);
}

async function ask() {
  const told = await ratio();
  if (!told) return;
  for (const name of REGIONS) {
    const { words } = slicesOf(state.native, state.marks[name].data);
    byId(`count-${name}`).textContent = `${told.voxels[name]} voxels${words}`;
  }
  latestTold = told;
  const { tumor, reference } = told.curves;
  plot.set(state.facts.time, { tumor: tumor.curve, reference: reference.curve, tissue: state.facts.tissue });
  byId("region-ratios").replaceChildren(told.problem ? hint(told) : table(told.rows));
}

function hint({ problem, voxels }) {
  const nothing = !voxels.tumor || !voxels.reference;
  const words = nothing
    ? "Draw the tumour and a reference, such as white matter opposite: their ratio appears here."
    : problem;
  return element("p", { className: nothing ? "hint" : "warning" }, words);
}

function table(rows) {
  const head = ["Mean", "tumour", "reference", "ratio", "90 % interval", "of medians", "hot spot"];
  const titles = head.map((text, n) => element("th", { scope: "col", className: n ? "number" : "" }, text));
  const cells = rows.map((row) => {
    const interval = row.interval ? `${round(row.interval[0])} to ${round(row.interval[1])}` : "–";
    const values = [round(row.tumor.mean), round(row.reference.mean)].map((text) => element("td", { className: "number" }, text));
    const made = element("tr", {},
      element("th", { scope: "row" }, row.title, " ", element("small", {}, row.unit)), ...values,
      element("td", { className: "number" }, element("b", {}, round(row.mean))),
      element("td", { className: "number" }, interval),
      element("td", { className: "number" }, round(row.median)),
      element("td", { className: "number" }, round(row.hotspot)));
    made.dataset.map = row.name;
    return made;
  });
  const words = "Ratios are of tumour to reference. The interval comes from the voxels' uncertainty, "
    + "where the method has one; it does not know what was left out or drawn too large.";
  return element("div", {}, element("table", {}, element("thead", {}, element("tr", {}, ...titles)),
    element("tbody", {}, ...cells)), element("p", { className: "hint" }, words));
}

export function choose(name) {
  state.region = name;
  byId(`region-${name}`).checked = true;
  tell("target");
}

function picker() {
  const group = element("span", { className: "group whole" });
  group.setAttribute("role", "radiogroup");
  group.setAttribute("aria-label", "Region");
  for (const name of REGIONS) {
    const radio = element("input", { type: "radio", name: "region", id: `region-${name}` });
    radio.checked = name === state.region;
    radio.addEventListener("change", () => choose(name));
    const swatch = element("span", { className: `swatch ${name}${name === "reference" ? " dashed" : ""}` });
    group.append(element("label", {}, radio, " ", swatch, WORDS[name], " ",
      element("span", { className: "count", id: `count-${name}` })));
  }
  return group;
}

function clear(numbers) {
  const marks = state.marks[state.region];
  marks.begin();
  marks.set(numbers(), 0);
  tell("drawn");
}

function sliceNumbers() {
  const found = [];
  state.space.each(state.slice.place.slice, (number) => found.push(number));
  return found;
}

async function save() {
  const said = byId("region-said");
  try {
    const { files } = await post("/api/regions/save", drawnRegions());
    for (const name of REGIONS) state.marks[name].kept();
    said.textContent = files.length ? `Saved ${files.join(" and ")}.` : "Nothing drawn: no region is kept.";
  } catch (error) {
    said.textContent = error.message;
  }
}

// A region from a file takes the place of the chosen one; undo brings that back.
async function load() {
  const [file] = byId("region-file").files;
  if (!file) return;
  byId("region-file").value = "";
  try {
    const { voxels, outside } = await upload("/api/regions/load", file);
    const data = new Uint8Array(state.brain.length);
    for (const number of voxels) data[number] = state.brain[number];
    state.marks[state.region].replace(data);
    activateNative();
    toSlice(slicesOf(state.native, data).fullest);
    tell("drawn");
    const left = outside ? `; ${outside} outside the brain are left out` : "";
    byId("region-said").textContent = `${WORDS[state.region]}: ${voxels.length - outside} voxels of ${file.name}${left}.`;
  } catch (error) {
    byId("region-said").textContent = error.message;
  }
}

async function saveFile() {
  try {
    const voxels = state.marks[state.region].list;
    download(await fetched("/api/regions/file", { voxels }), `roi_${state.region}.nii.gz`);
  } catch (error) {
    byId("region-said").textContent = error.message;
  }
}

function curvesAsCsv() {
  const { tumor, reference } = latestTold?.curves ?? {};
  if (!tumor?.curve && !reference?.curve) {
    byId("region-said").textContent = "Nothing is drawn that has a curve.";
    return;
  }
  csv({
    time_s: state.facts.time, tumor: tumor.curve, tumor_leakage_corrected: tumor.explained,
    reference: reference.curve, reference_leakage_corrected: reference.explained, brain: state.facts.tissue,
  }, "regions_curves.csv");
}

function numbersAsCsv() {
  const rows = latestTold?.rows ?? [];
  if (!rows.length) {
    byId("region-said").textContent = "There is no ratio yet.";
    return;
  }
  const all = (of) => rows.map(of);
  csv({
    map: all(({ name }) => name), title: all(({ title }) => title), unit: all(({ unit }) => unit), tumor_mean: all(({ tumor }) => tumor.mean),
    reference_mean: all(({ reference }) => reference.mean), ratio: all(({ mean }) => mean),
    low_90: all(({ interval }) => interval?.[0]), high_90: all(({ interval }) => interval?.[1]),
    ratio_of_medians: all(({ median }) => median), hot_spot: all(({ hotspot }) => hotspot),
  }, "regions_ratios.csv");
}

function button(words, use) {
  const made = element("button", { type: "button" }, words);
  made.addEventListener("click", use);
  return made;
}

export function setUpRegions() {
  byId("region-tools").append(picker());
  toolbar("regions", byId("region-tools"),
    button("Clear slice", () => clear(sliceNumbers)),
    button("Clear all", () => clear(() => state.marks[state.region].list)));
  const unit = state.facts.relative ? "TE·ΔR2*" : "ΔR2*, 1/s";
  plot = new Plot(byId("region-plot"), {
    names: ["tumor", "reference", "tissue"], height: Math.round(0.24 * Math.min(1100, Math.max(720, window.innerHeight))), labels: { x: "time, s", y: unit },
  });
  for (const [id, use] of Object.entries({
    save, nifti: saveFile, curves: curvesAsCsv, numbers: numbersAsCsv, load: () => byId("region-file").click(),
  })) byId(`region-${id}`).addEventListener("click", use);
  byId("region-file").addEventListener("change", load);
  hear("drawn", () => {
    byId("region-said").textContent = "";
    soon();
  });
  hear("tab", soon);
  hear("result", soon);
}
