// The chosen voxel: its curve, how the method explains it, its values and their posterior.

import { get, latest } from "./api.js";
import { element, round } from "./colours.js";
import { csv } from "./exports.js";
import { Plot } from "./plots.js";
import { hear, say, state, tell, volumeFacts } from "./state.js";

const byId = (id) => document.getElementById(id);
const fetchVoxel = latest((signal, [i, j, k]) => get(`/api/voxel?i=${i}&j=${j}&k=${k}`, signal));
const SHOWN_FROM = -10;
const SHOWN_TO = 40;

let curves = null;
let response = null;
let clicked = null;

// Sets the cross and shows what is there; `begun` is when the click was, for the record.
export async function moveTo(place, begun = null) {
  if (!state.space.holds(place)) return;
  state.slice.place = place;
  state.slice.redraw();
  tell("moved", begun);
}

async function ask(begun) {
  const told = await fetchVoxel(state.space.index(state.slice.place));
  if (!told) return;
  clicked = begun ?? null;
  show(told);
  tell("voxel", told);
}

function show(told) {
  state.voxel = told;
  where(told);
  const empty = !told.curve;
  curves?.set(empty ? [] : state.facts.time, {
    measured: told.curve, corrected: told.corrected, reconstruction: told.reconstruction,
    aif: empty ? undefined : state.facts.aif?.curve,
  });
  response?.set(told.response?.time ?? [], { response: told.response?.value });
  table(told.values ?? [], Boolean(told.reconstruction));
  document.body.dataset.voxel = told.voxel.join(",");
  say(spoken(told));
}

// After the curves are drawn: how long it took since the click.
function drawn() {
  if (clicked === null) return;
  performance.measure("click to curve", { start: clicked, end: performance.now() });
  clicked = null;
}

function where(told) {
  const [x, y, z] = told.place.map((mm) => round(mm, 3));
  const parts = [element("b", {}, `Voxel ${told.voxel.join(", ")}`),
    element("span", {}, `x ${x}, y ${y}, z ${z} mm`)];
  if (told.problem) parts.push(element("span", { className: "warning" }, told.problem));
  else if (told.quality.length) {
    parts.push(...told.quality.map((text) => element("span", { className: "warning" }, text)));
  } else parts.push(element("span", {}, "quality: good"));
  byId("place").replaceChildren(...parts);
}

function spoken(told) {
  const shown = told.values?.find((row) => row.name === state.shown);
  const value = shown ? `, ${shown.title} ${round(shown.value)} ${shown.unit}` : "";
  return `Voxel ${told.voxel.join(" ")}${value}${told.problem ? `. ${told.problem}` : ""}`;
}

function table(rows, explained) {
  const known = rows.some((row) => row.quantiles);
  byId("strip-head").textContent = known ? "Posterior on the colour bar" : "";
  byId("interval-head").textContent = known ? "90 % interval" : "";
  byId("values").tBodies[0].replaceChildren(...rows.map(line));
  byId("values").hidden = !rows.length;
  byId("posterior-words").textContent = !rows.length ? "" : known
    ? "Bars hold 95, 90, 80 and 50 % of the posterior, the line is its median; from end to end of the colour bar, an arrow where it goes on."
    : `${state.facts.method} ${explained ? "gives no posterior here; phae and bayes do" : "does not tell how it explains a curve"}.`;
}

function line(row) {
  const { quantiles, value } = row;
  const { levels } = state.facts;
  const low = quantiles?.[levels.indexOf(0.05)];
  const high = quantiles?.[levels.indexOf(0.95)];
  const made = element("tr", {}, element("th", { scope: "row" }, row.title),
    element("td", { className: "number" }, round(value)), element("td", {}, element("small", {}, row.unit)),
    element("td", { className: "number" }, quantiles ? `${round(low)} to ${round(high)}` : ""),
    element("td", { className: "wide" }, quantiles ? strip(row, low, high) : ""));
  made.dataset.map = row.name;
  return made;
}

// Nested intervals of the posterior, on the scale of the map's colour bar.
function strip(row, low, high) {
  const [start, end] = volumeFacts(row.name).window;
  const x = (value) => 200 * Math.min(1, Math.max(0, (value - start) / (end - start)));
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const add = (kind, values) => {
    const part = document.createElementNS("http://www.w3.org/2000/svg", kind);
    for (const [name, value] of Object.entries(values)) part.setAttribute(name, value);
    svg.append(part);
  };
  svg.setAttribute("viewBox", "0 0 200 18");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("class", "strip");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `90 % interval ${round(low)} to ${round(high)} ${row.unit}`);
  add("rect", { x: 0, y: 8, width: 200, height: 2, fill: "#343b43" });
  const pairs = row.quantiles.length >> 1;
  for (let n = 0; n < pairs; n++) {
    const [from, to] = [x(row.quantiles[n]), x(row.quantiles[row.quantiles.length - 1 - n])];
    add("rect", { x: from, y: 6 - n, width: Math.max(to - from, 1), height: 6 + 2 * n, fill: "#E69F00", "fill-opacity": 0.3 });
  }
  const beyond = { fill: "#ffffff", "fill-opacity": 0.9 };
  if (row.quantiles[0] < start) add("polygon", { points: "6,4 0,9 6,14", ...beyond });
  if (row.quantiles.at(-1) > end) add("polygon", { points: "194,4 200,9 194,14", ...beyond });
  const middle = x(row.quantiles[pairs]);
  add("rect", { x: Math.min(198, Math.max(0, middle - 1)), y: 1, width: 2, height: 16, fill: "#ffffff" });
  return svg;
}

// A share of the window's height in px, within what is readable.
const height = (share) => Math.round(share * Math.min(1100, Math.max(720, window.innerHeight)));

function plots() {
  const { facts } = state;
  const names = ["measured"];
  if (facts.leakage) names.push("corrected");
  if (facts.made) names.push("reconstruction", "aif");
  const unit = facts.relative ? "TE·ΔR2*" : "ΔR2*, 1/s";
  curves = new Plot(byId("curve-plot"), {
    names, height: height(0.28), labels: { x: "time, s", y: unit, right: `arterial, ${unit}` }, drawn,
    bands: facts.flagged.times, step: facts.frame_interval,
  });
  byId("flagged-words").textContent = facts.flagged.words;
  byId("response-plot").hidden = !facts.made;
  if (!facts.made) return;
  const flow = volumeFacts("cbf").unit;
  response = new Plot(byId("response-plot"), {
    names: ["response"], height: height(0.185), labels: { x: "time after the arterial input, s", y: flow },
    range: () => [SHOWN_FROM, Math.min(SHOWN_TO, facts.time.at(-1))],
  });
}

const fileOf = (what) => `voxel_${state.voxel.voxel.join("_")}_${what}.csv`;

function curvesAsCsv() {
  const { voxel, facts } = state;
  if (!voxel?.curve) return say("There is no curve here.");
  csv({
    time_s: facts.time, measured: voxel.curve, leakage_corrected: voxel.corrected,
    reconstruction: voxel.reconstruction, arterial_input: facts.aif?.curve,
  }, fileOf("curves"));
}

function valuesAsCsv() {
  const rows = state.voxel?.values;
  if (!rows?.length) return say("There are no values here.");
  const at = (level) => rows.map(({ quantiles }) => quantiles?.[state.facts.levels.indexOf(level)]);
  csv({
    map: rows.map(({ name }) => name), value: rows.map(({ value }) => value), unit: rows.map(({ unit }) => unit),
    low_90: at(0.05), high_90: at(0.95),
  }, fileOf("values"));
}

export function setUpVoxel() {
  byId("voxel-curve").addEventListener("click", curvesAsCsv);
  byId("voxel-values").addEventListener("click", valuesAsCsv);
  hear("result", plots);
  hear("move", moveTo);
  hear("moved", ask);
  hear("tab", () => state.voxel && state.tab === "voxel" && show(state.voxel));
}
