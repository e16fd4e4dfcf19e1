'use strict';
// The page's controls.

function element(id) {
  return document.getElementById('v-' + id);
}

class Viewer {
  constructor(data) {
    this.data = data;
    this.scene = new Scene(data, (voxel, mm) => this.tell(voxel, mm));
    this.map = data.maps[0];
    this.windows = new Map(data.maps.map((map) => [map.name, [map.low, map.high]]));
  }

  async open() {
    await this.scene.open(element('canvas'));
    this.fill();
    this.listen();
    this.scene.planes('one');
    this.choose(this.map);
    this.scene.goTo(this.data.start);
  }

  fill() {
    this.data.maps.forEach((map, n) => element('maps').append(choiceOf(map, n)));
    element('values').replaceChildren(...this.data.maps.map(rowOf));
    'ijk'.split('').forEach((axis, n) => { element(axis).max = this.data.shape[n] - 1; });
    element('slice').max = this.scene.slices;
    element('slice').disabled = this.scene.slices < 2;
    if (this.data.left) element('left').textContent = `Left out to keep this page small: ${this.data.left}.`;
  }

  listen() {
    element('maps').addEventListener('change', (event) => this.choose(this.data.maps[event.target.value]));
    for (const id of ['low', 'high']) element(id).addEventListener('change', () => this.readWindow());
    element('reset').addEventListener('click', () => this.setWindow([this.map.low, this.map.high]));
    element('opacity').addEventListener('input', () => this.paint());
    element('beneath')?.addEventListener('change', (event) => { this.scene.beneath = event.target.value; this.paint(); });
    element('planes').addEventListener('change', (event) => this.scene.planes(event.target.value));
    element('slice').addEventListener('input', (event) => this.scene.toSlice(event.target.value - 1));
    element('rois')?.addEventListener('change', (event) => this.scene.showRims(event.target.checked));
    for (const axis of 'ijk') element(axis).addEventListener('change', () => this.readVoxel());
    element('stage').addEventListener('keydown', (event) => this.key(event), true);
    element('stage').addEventListener('keyup', (event) => event.stopPropagation(), true);
    window.addEventListener('resize', () => this.scene.thin());
    element('stage').addEventListener('wheel', pageScrolls, { capture: true, passive: true });
  }

  choose(map) {
    this.map = map;
    element('maps').querySelectorAll('input').forEach((input, n) => { input.checked = this.data.maps[n] === map; });
    element('values').querySelectorAll('tr').forEach((row, n) => row.classList.toggle('chosen', this.data.maps[n] === map));
    element('meaning').textContent = map.meaning;
    element('unit').textContent = map.unit;
    this.setWindow(this.windows.get(map.name));
  }

  setWindow([low, high]) {
    this.windows.set(this.map.name, [low, high]);
    element('low').value = plain(low);
    element('high').value = plain(high);
    element('low').step = element('high').step = plain(10 ** (Math.floor(Math.log10(this.map.high - this.map.low)) - 1));
    drawBar(element('bar'), this.data.colours[this.map.colours]);
    this.paint();
  }

  readWindow() {
    const [low, high] = ['low', 'high'].map((id) => element(id).valueAsNumber);
    this.setWindow(low < high ? [low, high] : this.windows.get(this.map.name));
  }

  paint() {
    const opacity = element('opacity').valueAsNumber;
    element('opacity-told').value = `${opacity} %`;
    this.scene.paint(this.map, ...this.windows.get(this.map.name), opacity / 100);
  }

  readVoxel() {
    const voxel = ['i', 'j', 'k'].map((axis, n) => Math.min(Math.max(Math.round(element(axis).valueAsNumber || 0), 0), this.data.shape[n] - 1));
    this.scene.goTo(voxel);
  }

  /** Everything about the voxel under the crosshair. */
  tell([i, j, k], mm) {
    const [x, y] = this.data.shape, n = i + x * (j + y * k), place = this.data.places[n];
    element('values').querySelectorAll('tr').forEach((row, m) => {
      const map = this.data.maps[m];
      row.cells[1].firstChild.textContent = place < 0 ? '–' : valueTold(map, map.codes[place]);
      row.cells[1].lastChild.textContent = place < 0 || !map.sd ? '' : sdTold(map, map.sd[place]);
    });
    [i, j, k].forEach((value, axis) => { element('ijk'[axis]).value = value; });
    element('place').textContent = placeTold(mm);
    element('told').textContent = this.wordOf(n, place);
    element('slice').value = this.scene.slice + 1;
    element('slice-told').value = `${this.scene.slice + 1} of ${this.scene.slices}`;
  }

  wordOf(n, place) {
    if (place < 0) return 'Outside the brain mask.';
    const inside = Object.keys(this.data.rois).filter((name) => this.data.rois[name][n]);
    const region = inside.length ? `, in the ${inside.map((name) => WORDS[name] ?? name).join(' and ')}` : '';
    return `Quality: ${this.data.flags[this.data.quality[place]]}${region}.`;
  }

  /** Keys of the picture; none reaches niivue, whose own would change other things. */
  key(event) {
    event.stopPropagation();
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const done = this.act(event.key);
    if (done) event.preventDefault();
  }

  act(key) {
    const steps = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const chosen = this.data.maps[key - 1];
    if (steps[key]) this.scene.step(...this.inPlane(...steps[key]));
    else if (key === 'PageUp') this.scene.toSlice(Math.min(this.scene.slice + 1, this.scene.slices - 1));
    else if (key === 'PageDown') this.scene.toSlice(Math.max(this.scene.slice - 1, 0));
    else if (key === 'r' || key === 'R') this.setWindow([this.map.low, this.map.high]);
    else if (chosen) this.choose(chosen);
    else return false;
    return true;
  }

  /** Steps across and up the acquired plane; the patient's right is on the left of the picture. */
  inPlane(across, up) {
    return [[0, -across, up], [across, 0, up], [across, up, 0]][this.scene.through].map((n) => n || 0);
  }
}

function plain(number) {
  return String(Number(number.toPrecision(6)));
}

function choiceOf(map, n) {
  const label = document.createElement('label'), input = document.createElement('input'), word = document.createElement('span');
  Object.assign(input, { type: 'radio', name: 'map', value: n });
  word.textContent = map.title;
  label.append(input, word);
  return label;
}

function rowOf(map) {
  const row = document.createElement('tr'), head = document.createElement('th');
  head.scope = 'row';
  head.textContent = map.title;
  row.dataset.map = map.name;
  row.append(head, document.createElement('td'), document.createElement('td'));
  row.cells[1].append(document.createElement('b'), document.createElement('span'));
  row.cells[2].textContent = map.unit;
  return row;
}

function drawBar(canvas, lut) {
  const context = canvas.getContext('2d'), image = context.createImageData(255, 1);
  for (let n = 0; n < 255; n++) image.data.set([lut[3 * n], lut[3 * n + 1], lut[3 * n + 2], 255], 4 * n);
  context.putImageData(image, 0, 0);
}

/** Where a point in mm lies, in the patient's words. */
function placeTold(mm) {
  const sides = [['right', 'left'], ['front', 'back'], ['up', 'down']];
  const told = mm.map((value, n) => `${Math.abs(value).toFixed(1)} mm ${sides[n][value < 0 ? 1 : 0]}`);
  return `Scanner: ${told.join(', ')}`;
}

/** The wheel turns pages of the picture only after a click on it. */
function pageScrolls(event) {
  if (document.activeElement !== element('canvas')) event.stopImmediatePropagation();
}

function offerCopy() {
  const button = document.getElementById('copy'), told = document.getElementById('copied');
  button.hidden = false;
  button.addEventListener('click', async () => {
    const range = document.createRange();
    range.selectNodeContents(document.getElementById('methods'));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    const text = document.getElementById('methods').innerText;
    const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
    told.textContent = done ? 'Copied.' : 'Selected: press Ctrl+C, or Cmd+C, to copy.';
  });
}

function webgl2() {
  const context = document.createElement('canvas').getContext('webgl2');
  context?.getExtension('WEBGL_lose_context')?.loseContext();
  return Boolean(context);
}

async function start() {
  offerCopy();
  const note = document.getElementById('viewer-note'), shell = document.getElementById('viewer');
  const packed = JSON.parse(document.getElementById('volumes').textContent);
  if (!packed) {
    note.textContent = 'These maps are too large for a viewer within a page of 5 MB. All maps are below as pictures.';
    return;
  }
  if (!webgl2() || typeof DecompressionStream === 'undefined') return;
  note.textContent = 'The viewer is loading.';
  shell.hidden = false;
  try {
    await new Viewer(await decoded(packed)).open();
    note.hidden = true;
    document.documentElement.dataset.viewer = 'ready';
  } catch (error) {
    shell.hidden = true;
    note.textContent = `The viewer did not start (${error.message}). All maps are below as pictures.`;
    throw error;
  }
}

start();
