// The page: load what is known, set up its parts, and let them speak to each other.

import { get } from "./api.js";
import { setUpArteries } from "./arteries.js";
import { setUpDrawing } from "./drawing.js";
import { setUpExports } from "./exports.js";
import { setUpGestures } from "./gestures.js";
import { setUpKeys } from "./keys.js";
import { setUpLabel } from "./label.js";
import { setUpMaps } from "./maps.js";
import { setUpNumbers } from "./numbers.js";
import { firstPane, setUpPanes } from "./panes.js";
import { setUpRegions } from "./regions.js";
import { hear, loadMarks, renew, state, tell } from "./state.js";
import { choose, setUpTabs } from "./tabs.js";
import { setUpVoxel } from "./voxel.js";

const byId = (id) => document.getElementById(id);

function introduce() {
  const { facts } = state;
  byId("title").textContent = `view · ${facts.title}`;
  document.title = `bolus view · ${facts.title}`;
  byId("notice").textContent = facts.notice;
  byId("desk-link").hidden = !facts.desk;
  const echo = facts.echo_time === null ? "echo time unknown: relative" : `TE ${1000 * facts.echo_time} ms`;
  const leakage = facts.leakage ? ` · leakage corrected (${facts.leakage})` : "";
  byId("about").textContent = `${facts.made ? facts.method : "no maps yet"} · ${facts.voxels.toLocaleString("en-GB")} voxels · ${facts.frames} frames of `
    + `${facts.frame_interval} s · ${echo}${leakage}`;
}

async function learn() {
  state.facts = await get("/api/result");
  introduce();
  await renew();
}

async function start() {
  await learn();
  const { facts } = state;
  await loadMarks(state.brain.length);
  state.shown = facts.made ? "cbf" : "peak";
  firstPane(byId("slice"));
  for (const setUp of [
    setUpPanes, setUpGestures, setUpMaps, setUpVoxel, setUpArteries, setUpRegions, setUpDrawing, setUpTabs, setUpKeys,
    setUpExports, setUpLabel, setUpNumbers,
  ]) {
    setUp();
  }
  hear("made anew", async () => {
    await learn();
    tell("result");
    tell("moved");
  });
  tell("result");
  choose(facts.made ? "voxel" : "arteries");
  tell("moved");
  document.body.dataset.ready = "yes";
}

window.addEventListener("unhandledrejection", ({ reason }) => {
  const gone = reason instanceof TypeError && reason.message.includes("fetch");
  const words = gone ? "The viewer no longer answers: has bolus view ended?" : reason.message;
  Object.assign(byId("about"), { textContent: words, className: "warning" });
});

start().catch((error) => {
  byId("notice").textContent = error.message;
  throw error;
});
