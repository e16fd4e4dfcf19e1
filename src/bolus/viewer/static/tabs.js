// The three tasks: look at voxels, choose the arterial input, draw regions.

import { state, tell } from "./state.js";

const NAMES = ["voxel", "arteries", "regions"];

export function choose(name, focus = false) {
  state.tab = name;
  for (const other of NAMES) {
    const tab = document.getElementById(`tab-${other}`);
    tab.setAttribute("aria-selected", String(other === name));
    tab.tabIndex = other === name ? 0 : -1;
    document.getElementById(other).hidden = other !== name;
    if (focus && other === name) tab.focus();
  }
  tell("tab");
}

export function setUpTabs() {
  const list = document.getElementById("tabs");
  for (const name of NAMES) {
    document.getElementById(`tab-${name}`).addEventListener("click", () => choose(name));
  }
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const next = NAMES.indexOf(state.tab) + step;
    choose(NAMES[(next + NAMES.length) % NAMES.length], true);
  });
}
