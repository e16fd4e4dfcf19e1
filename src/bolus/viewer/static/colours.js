// Colours of lines and outlines: Okabe and Ito, who chose them to be told apart by everyone, and
// violet for veins.
// No meaning hangs on a colour alone: each line also has its own dashes or marks.

export const INK = "#e8eaec";
export const MUTED = "#a3abb3";
export const GRID = "#2a3036";
export const ORANGE = "#E69F00";
export const SKY = "#56B4E9";
export const GREEN = "#009E73";
export const PINK = "#CC79A7";
export const VIOLET = "#A99BFF";

// Outlines lie on maps that run from black over purple or blue to bright yellow.
export const LAYERS = {
  aif: { colour: PINK, dash: [2, 2] },
  drained: { colour: VIOLET, dash: [2, 2] },
  vein: { colour: VIOLET, dash: [], dot: true },
  marked: { colour: SKY, dash: [], dot: true },
  tumor: { colour: "#ffffff", dash: [] },
  reference: { colour: SKY, dash: [7, 5] },
};
// Dashes of regions found in maps, whose colours come with them, as on the report.
export const DASHES = { hypoperfused: [], low_flow: [5, 3], core: [9, 3, 2, 3] };

// 256 colours as [r, g, b, r, g, b, …] from hexadecimals.
export function ramp(hexadecimals) {
  const bytes = hexadecimals.match(/../g).map((pair) => parseInt(pair, 16));
  return Uint8Array.from(bytes);
}

export function round(value, digits = 3) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const text = Math.abs(value) >= 10 ** digits ? value.toFixed(0) : value.toPrecision(digits);
  return text.replace("-", "−");
}

export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made && name !== "list") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}
