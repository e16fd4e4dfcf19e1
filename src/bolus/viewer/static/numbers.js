// Numbers that were measured when the maps were made, in the words and digits of the report.

import { element } from "./colours.js";
import { hear, state } from "./state.js";

const HEAD = ["Numbers of the maps", "region", "value", "90 % interval"];

function rows({ title, region, value, interval, definition, note }) {
  const cells = [region, value, interval].map((text, n) => element("td", { className: n ? "number" : "" }, text));
  const made = [element("tr", {}, element("th", { scope: "row", title: definition }, title), ...cells)];
  if (note) made.push(element("tr", {}, element("td", { colSpan: HEAD.length, className: "hint" }, note)));
  return made;
}

function show() {
  const { numbers } = state.facts;
  const place = document.getElementById("numbers");
  place.hidden = !numbers.length;
  const titles = HEAD.map((text, n) => element("th", { scope: "col", className: n > 1 ? "number" : "" }, text));
  const words = "Measured when the maps were made, of the regions of then: what is drawn since is not in them.";
  place.replaceChildren(
    element("table", {}, element("thead", {}, element("tr", {}, ...titles)), element("tbody", {}, ...numbers.flatMap(rows))),
    element("p", { className: "hint" }, words),
  );
}

export const setUpNumbers = () => hear("result", show);
