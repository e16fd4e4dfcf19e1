// The arterial input by hand: mark voxels, see their curve beside the present one, recompute.

import { get, latest, post } from "./api.js";
import { element, round } from "./colours.js";
import { toolbar } from "./drawing.js";
import { toSlice } from "./maps.js";
import { slicesOf } from "./marks.js";
import { activateNative } from "./panes.js";
import { Plot } from "./plots.js";
import { hear, state, tell } from "./state.js";

const byId = (id) => document.getElementById(id);
const preview = latest((signal, body) => post("/api/aif/preview", body, signal));
const drawnVessels = () => ({ voxels: state.marks.marked.list, vein: state.marks.vein.list });
const VESSELS = { marked: "Artery", vein: "Vein" };
const ORIGINS = { automatic: "found automatically", mask: "marked by hand", file: "read from a file", given: "given" };
const PAUSE = 250;
const AMOUNTS = ["cbf", "cbv", "cbv_corrected", "mtt"];

let plot = null;
let found = null;
let sure = false;

function draw() {
  if (state.tab !== "arteries") return;
  const { facts, voxel } = state;
  plot.set(facts.time, {
    present: facts.aif?.curve, mixed: facts.aif?.mixed, drained: facts.aif?.vein?.curve,
    marked: found?.curve, vein: found?.vein?.curve, own: voxel?.curve, tissue: facts.tissue,
  });
}

async function ask() {
  if (state.tab !== "arteries") return;
  sure = false;
  const drawn = drawnVessels();
  const { voxels, vein } = drawn;
  byId("count-marked").textContent = `${voxels.length} marked${slicesOf(state.native, state.marks.marked.data).words}`;
  byId("count-vein").textContent = `${vein.length} marked${slicesOf(state.native, state.marks.vein.data).words}`;
  const told = voxels.length || vein.length ? await preview(drawn) : { marked: 0 };
  if (!told) return;
  found = told;
  draw();
  judge();
}

function judge() {
  const { facts } = state;
  const usable = !found?.problem && Boolean(found?.curve || (found?.vein && facts.aif?.voxels));
  byId("artery-save").disabled = !usable || busy();
  byId("artery-recompute").disabled = !usable || busy();
  byId("artery-recompute").textContent = !facts.made ? "Make maps" : sure ? "Yes, replace the maps" : "Recompute maps";
  byId("artery-save").hidden = !facts.made;
  byId("artery-take").hidden = !(state.vessel === "vein" ? facts.aif?.vein : facts.aif?.voxels);
  byId("artery-back").hidden = !facts.before;
  byId("artery-back").disabled = busy();
  byId("artery-judged").replaceChildren(element("div", { className: "judged" },
    column("present dashed", "Of these maps", facts.aif, ORIGINS[facts.aif?.origin]),
    column("marked", "Marked voxels", found?.curve ? found : null)));
}

function column(swatch, title, aif, origin) {
  const made = element("section", {}, element("h3", {}, element("span", { className: `swatch ${swatch}` }), title));
  if (!aif) {
    const words = found?.problem && swatch === "marked" ? found.problem
      : swatch === "marked" ? "Click voxels that look arterial: high, early and narrow. The map Peak shows them best."
        : "There are no maps yet: they are made when you have marked arterial voxels.";
    made.append(element("p", { className: found?.problem && swatch === "marked" ? "warning" : "" }, words));
  } else {
    made.append(score(aif), facts(aif, origin), ...(swatch === "marked" ? scaled(aif) : []));
    for (const text of aif.concerns) made.append(element("p", { className: "warning" }, text));
    made.append(notes(aif.notes));
  }
  const vein = swatch === "marked" ? found?.vein : aif?.vein;
  if (vein) made.append(venous(swatch === "marked" ? "vein" : "drained dashed", vein, aif));
  if (swatch === "marked" && found?.outside) {
    made.append(element("p", { className: "warning" }, `${found.outside} marked voxels lie outside the brain and are left out`));
  }
  return made;
}

function score({ quality }) {
  if (quality === null) return element("p", {}, "No score: a curve without voxels.");
  const meter = element("meter", { min: 0, max: 1, low: 0.3, high: 0.5, optimum: 1, value: quality });
  meter.setAttribute("aria-label", "Score");
  const words = quality < 0.3 ? "poor" : quality < 0.5 ? "doubtful" : "good";
  return element("p", {}, "Score ", element("b", {}, quality.toFixed(2)), meter, words);
}

function facts(aif, origin) {
  const unit = state.facts.concentration;
  const count = aif.voxels ? `${aif.voxels} voxel${aif.voxels > 1 ? "s" : ""}, ` : "";
  const how = origin ? `, ${origin}` : "";
  return element("p", {}, `${count}peak ${round(aif.peak)} ${unit} at ${round(aif.time_to_peak)} s${how}`);
}

// A vein's curve has the area of the arterial one, as far as its voxels are full of blood.
function venous(swatch, vein, aif) {
  const share = aif?.area > 0 ? `; as measured it has ${round(vein.area / aif.area)} times the arterial area` : "";
  return element("p", {}, element("span", { className: `swatch ${swatch}` }), `Vein: ${vein.words}${share}`);
}

// Volumes go with one over the area of the arterial input: partial volume shows first in it.
function scaled(aif) {
  const present = state.facts.aif?.area;
  if (!(present > 0) || !(aif.area > 0) || Math.abs(aif.area / present - 1) < 0.005) return [];
  const words = `Its area is ${round(aif.area / present)} times that of these maps: CBV would be ${round(present / aif.area)} times what it is.`;
  return [element("p", {}, words)];
}

function notes(told) {
  const fit = told.filter((note) => !note.startsWith("mean of"));
  return element("ul", {}, ...fit.map((note) => element("li", {}, note)));
}

// The folder's maps are replaced only when that was asked and said.
function recompute() {
  if (state.facts.made && !sure) {
    sure = true;
    byId("artery-said").textContent = "This replaces the maps in the folder, if they can be made again from its series.";
    judge();
    return;
  }
  sure = false;
  run(drawnVessels());
}

let job = null;
const busy = () => job?.state === "running";

async function run(body) {
  byId("artery-said").textContent = "";
  try {
    job = await post("/api/recompute", body);
    judge();
    while (busy()) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      job = await get("/api/job");
      progress();
    }
    if (job.state === "done") tell("made anew");
    else byId("artery-said").textContent = job.problem;
  } catch (error) {
    byId("artery-said").textContent = error.message;
  }
  judge();
}

function progress() {
  const steps = job.steps.map((step) => {
    const text = `${step.done ? "✓" : "…"} ${step.name}, ${step.seconds.toFixed(1)} s`;
    return element("li", { className: step.done ? "" : "running" }, text);
  });
  byId("artery-job").replaceChildren(element("ol", {}, ...steps));
}

// After a computation: the medians before and after.
function compare() {
  const { before, volumes } = state.facts;
  if (!before || job?.state !== "done") return;
  const rows = volumes.filter(({ name }) => before.medians[name] !== undefined && name in before.now);
  const cells = rows.map(({ name, title, unit }) => {
    const [was, is] = [before.medians[name], before.now[name]];
    const size = Math.abs(is - was);
    const words = AMOUNTS.includes(name) && was > 0 ? `${((100 * size) / was).toFixed(0)} %` : round(size);
    const change = `${is >= was ? "+" : "−"}${words}`;
    return element("tr", {}, element("th", { scope: "row" }, title),
      ...[round(was), round(is), change].map((text) => element("td", { className: "number" }, text)),
      element("td", {}, element("small", {}, unit)));
  });
  const head = ["Median in the brain", "before", "now", "change", ""].map((text, n) =>
    element("th", { scope: "col", className: n && n < 4 ? "number" : "" }, text));
  byId("artery-job").append(element("p", { className: "hint" },
    "Maps and folder are new. C, or “Maps before” under the slice, shows the earlier ones."),
  element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...cells)));
  byId("artery-job").scrollIntoView({ block: "end" });
}

async function save() {
  try {
    const { files } = await post("/api/aif/save", drawnVessels());
    for (const name of Object.keys(VESSELS)) state.marks[name].kept();
    byId("artery-said").textContent = `Saved ${files.join(" and ")}.`;
  } catch (error) {
    byId("artery-said").textContent = error.message;
  }
}

function button(words, use) {
  const made = element("button", { type: "button" }, words);
  made.addEventListener("click", use);
  return made;
}

export function choose(name) {
  state.vessel = name;
  byId(`vessel-${name}`).checked = true;
  judge();
  tell("target");
}

// What is marked now: arteries, or the vein that they are held against.
function picker() {
  const group = element("span", { className: "group whole" });
  group.setAttribute("role", "radiogroup");
  group.setAttribute("aria-label", "Vessel");
  for (const [name, words] of Object.entries(VESSELS)) {
    const radio = element("input", { type: "radio", name: "vessel", id: `vessel-${name}` });
    radio.checked = name === state.vessel;
    radio.addEventListener("change", () => choose(name));
    group.append(element("label", {}, radio, " ", element("span", { className: `swatch ${name}` }), words, " ",
      element("span", { className: "count", id: `count-${name}` })));
  }
  return group;
}

export function setUpArteries() {
  const change = (data) => {
    state.marks[state.vessel].replace(data);
    tell("drawn");
  };
  const begin = () => {
    const ofMaps = state.vessel === "vein" ? state.vein : state.arteries;
    change(ofMaps);
    activateNative();
    toSlice(slicesOf(state.native, ofMaps).fullest);
  };
  byId("artery-tools").append(picker());
  toolbar("arteries", byId("artery-tools"),
    button("Clear", () => change(new Uint8Array(state.brain.length))),
    Object.assign(button("Take those of these maps", begin), { id: "artery-take" }));
  byId("artery-said").textContent = state.facts.made ? "" : state.facts.reason;
  byId("artery-save").addEventListener("click", save);
  byId("artery-recompute").addEventListener("click", recompute);
  byId("artery-back").addEventListener("click", () => run({ back: true }));
  const unit = state.facts.relative ? "TE·ΔR2*" : "ΔR2*, 1/s";
  plot = new Plot(byId("artery-plot"), {
    names: ["marked", "vein", "present", "mixed", "drained", "own", "tissue"], height: Math.round(0.25 * Math.min(1100, Math.max(720, window.innerHeight))), labels: { x: "time, s", y: unit },
  });
  hear("drawn", ask);
  hear("tab", ask);
  hear("voxel", draw);
  hear("result", () => {
    judge();
    draw();
    compare();
  });
}
