// From a folder to maps: find the series, order the maps, follow the work, go to the viewer.

import { get, post, upload } from "./api.js";
import { element } from "./colours.js";

const byId = (id) => document.getElementById(id);
const PAUSE = 250;

function problem(text) {
  byId("problem").textContent = text ?? "";
  byId("problem").hidden = !text;
}

// Runs something that may fail, and says why it did.
async function attempt(work) {
  problem(null);
  try {
    await work();
  } catch (error) {
    const gone = error instanceof TypeError;
    problem(gone ? "The program no longer answers: has bolus app ended?" : error.message);
  }
}

async function find(path) {
  byId("path").value = path;
  for (const id of ["found", "order"]) byId(id).hidden = true;
  const told = await post("/api/start/find", { path });
  byId("found").hidden = false;
  byId("earlier").hidden = !told.result;
  byId("open").onclick = () => attempt(() => begin("/api/start/open", { path: told.path }));
  byId("series").replaceChildren(...told.series.map(choice));
  byId("out").value = told.out;
  byId("order").hidden = !told.series.some((one) => !one.problem);
  document.body.dataset.found = told.series.length;
}

function choice(one, n, all) {
  const radio = element("input", { type: "radio", name: "series", value: String(n), disabled: Boolean(one.problem) });
  radio.checked = n === 0 && !one.problem && all.filter((other) => !other.problem).length === 1;
  radio.dataset.source = one.source;
  radio.dataset.number = one.number ?? "";
  const why = one.problem ? [" ", element("small", {}, `not of DSC-MRI: ${one.problem}`)] : [];
  return element("label", {}, radio, " ", one.title, ...why);
}

function order() {
  const chosen = document.querySelector("#series input:checked");
  if (!chosen) throw new Error("Choose one of the series.");
  const { source, number } = chosen.dataset, te = byId("te").value;
  return {
    source, out: byId("out").value, method: byId("method").value, number: number === "" ? null : Number(number),
    te: te === "" ? null : Number(te) / 1000, tumor: byId("tumor").value || null, anatomy: byId("anatomy").value || null,
  };
}

// Starts work and follows it; at its end the viewer opens.
async function begin(path, body) {
  await follow(await post(path, body));
}

async function follow(first) {
  let job = first;
  const busy = (on) => document.querySelectorAll("main button").forEach((one) => {
    one.disabled = on;
  });
  byId("work").hidden = false;
  busy(true);
  try {
    while (job.state === "running") {
      show(job);
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      job = await get("/api/start/job");
    }
  } finally {
    busy(false);
  }
  show(job);
  if (job.state !== "done") throw new Error(job.problem);
  location.assign("/");
}

function show({ steps, progress, state }) {
  const bar = byId("progress");
  bar.hidden = state !== "running";
  if (progress) Object.assign(bar, { max: progress[1], value: progress[0] });
  else bar.removeAttribute("value");
  byId("steps").replaceChildren(...steps.map((step) => {
    const part = !step.done && progress ? `, ${progress[2]} ${progress[0]} of ${progress[1]}` : "";
    const text = `${step.done ? (state === "failed" && step === steps.at(-1) ? "✗" : "✓") : "…"} ${step.name}, ${step.seconds.toFixed(1)} s${part}`;
    return element("li", { className: step.done ? "" : "running" }, text);
  }));
  byId("work").scrollIntoView({ block: "nearest" });
}

async function browse(path) {
  const told = await post("/api/start/browse", { path });
  byId("here").textContent = told.path;
  byId("up").onclick = () => attempt(() => browse(told.parent));
  byId("take").onclick = () => attempt(() => find(told.path));
  const end = told.path.endsWith("/") ? "" : "/";
  const line = (name, use, mark) => {
    const button = element("button", { type: "button" }, `${mark} ${name}`);
    button.addEventListener("click", () => attempt(() => use(`${told.path}${end}${name}`)));
    return element("li", {}, button);
  };
  byId("entries").replaceChildren(...told.folders.map((name) => line(name, browse, "▸")),
    ...told.files.map((name) => line(name, find, "·")));
}

// All files below what was dropped, with their names from there.
async function* below(entry) {
  if (entry.isFile) {
    const file = await new Promise((use, refuse) => entry.file(use, refuse));
    yield { file, name: entry.fullPath.replace(/^\//, "") };
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((use, refuse) => reader.readEntries(use, refuse));
    if (!some.length) return;
    for (const one of some) yield* below(one);
  }
}

async function dropped(items, text) {
  const entries = items.map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) {
    if (!text) throw new Error("Neither a folder nor a path was dropped.");
    await find(text.split("\n")[0]);
    return;
  }
  await post("/api/start/clear", {});
  let count = 0, path = null;
  for (const entry of entries) {
    for await (const { file, name } of below(entry)) {
      ({ path } = await upload(`/api/start/upload?name=${encodeURIComponent(name)}`, file));
      count += 1;
      byId("drop").textContent = `${count} files taken over …`;
    }
  }
  byId("drop").textContent = `${count} files taken over. They are kept until bolus app ends.`;
  if (!path) throw new Error("What was dropped holds no files.");
  await find(path);
}

function setUpDrop() {
  const zone = byId("drop");
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  document.addEventListener("dragleave", () => zone.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    const { items } = event.dataTransfer;
    const text = event.dataTransfer.getData("text/uri-list") || event.dataTransfer.getData("text/plain");
    attempt(() => dropped([...items].filter(({ kind }) => kind === "file"), text));
  });
}

async function start() {
  const told = await get("/api/start/about");
  byId("notice").textContent = told.notice;
  byId("method").append(...told.methods.map((name) => element("option", { value: name }, name)));
  byId("method").value = told.usual;
  byId("path-form").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => find(byId("path").value));
  });
  byId("order-form").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => begin("/api/start/make", order()));
  });
  byId("browse").addEventListener("toggle", () => byId("browse").open && !byId("here").textContent && attempt(() => browse("")));
  setUpDrop();
  const job = await get("/api/start/job");
  document.body.dataset.ready = "yes";
  if (job.state === "running") await attempt(() => follow(job));
}

attempt(start);
