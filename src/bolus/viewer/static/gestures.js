// What the mouse does besides pointing and drawing: the window, zoom, panning, slices.
//
// The right button drags the window, the middle one (or Shift) the picture; the wheel goes through
// the slices, and with Ctrl zooms at the pointer. A mode gives the left button one of the first two.

import { shownWindow, setWindow, toSlice, zoomBy } from "./maps.js";
import { mapOf, paneOf } from "./panes.js";
import { state, tell } from "./state.js";

const MODES = ["tools", "window", "pan"];
const HALF_AGAIN = 160;
const NOTCH = 40;

let mode = "tools";
let dragged = null;
let turned = 0;

export function chooseMode(name) {
  mode = name;
  document.getElementById("mode").value = name;
  document.getElementById("panes").dataset.mode = name;
}

export const toggleMode = (name) => chooseMode(mode === name ? MODES[0] : name);

function kindOf({ button, shiftKey }) {
  if (button === 2) return "window";
  if (button === 1 || (button === 0 && shiftKey)) return "pan";
  return button === 0 && mode !== MODES[0] ? mode : null;
}

function down(event) {
  const pane = paneOf(event.target), kind = pane && kindOf(event);
  if (!kind) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  event.target.setPointerCapture(event.pointerId);
  dragged = { kind, x: event.clientX, y: event.clientY, window: shownWindow(mapOf(pane)) };
}

function moved(event) {
  if (!dragged) return;
  event.stopImmediatePropagation();
  const aside = event.clientX - dragged.x, below = event.clientY - dragged.y;
  if (dragged.kind === "window") return turn(aside, below);
  Object.assign(dragged, { x: event.clientX, y: event.clientY });
  state.slice.panBy(aside, below);
  tell("zoomed");
}

// To the right wider, upwards brighter, as radiologists' viewers have it.
function turn(aside, below) {
  const [low, high] = dragged.window, width = high - low;
  const half = (width / 2) * 1.5 ** (aside / HALF_AGAIN);
  const level = (low + high) / 2 + (width * below) / (2 * HALF_AGAIN);
  setWindow([level - half, level + half]);
}

function wheel(event) {
  if (!paneOf(event.target)) return;
  event.preventDefault();
  if (event.ctrlKey || event.metaKey) return zoomBy(2 ** (-event.deltaY / 250), event);
  turned += event.deltaMode === 0 ? event.deltaY : Math.sign(event.deltaY) * NOTCH;
  const steps = Math.trunc(turned / NOTCH);  // a touchpad sends many small turns
  if (!steps) return;
  turned = 0;
  toSlice(state.slice.place.slice + Math.sign(steps));
}

export function setUpGestures() {
  const parent = document.getElementById("panes");
  parent.addEventListener("pointerdown", down);
  parent.addEventListener("pointermove", moved);
  for (const end of ["pointerup", "pointercancel"]) {
    parent.addEventListener(end, () => {
      dragged = null;
    });
  }
  parent.addEventListener("wheel", wheel, { passive: false });
  parent.addEventListener("contextmenu", (event) => event.preventDefault());
  parent.addEventListener("auxclick", (event) => event.preventDefault());
  document.getElementById("mode").addEventListener("change", ({ target }) => chooseMode(target.value));
}
