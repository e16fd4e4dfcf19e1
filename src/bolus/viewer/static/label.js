// The user's own label of the result: on the page, its report and its pictures.

import { post } from "./api.js";
import { say, state } from "./state.js";

const byId = (id) => document.getElementById(id);

async function keep() {
  const label = byId("label").value.trim();
  try {
    await post("/api/label", { label });
    state.facts.label = label;
    say(label ? "Label kept" : "Label taken away");
  } catch (error) {
    byId("label").value = state.facts.label;
    say(error.message);
  }
}

export function setUpLabel() {
  const field = byId("label");
  field.value = state.facts.label;
  field.hidden = !state.facts.made || state.facts.locked;
  field.addEventListener("change", keep);
}
