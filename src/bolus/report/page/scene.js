'use strict';
// One volume of colours in niivue: the map over the baseline image.

const RIMS = {
  tumor: [255, 255, 255], reference: [0, 229, 255], hypoperfused: [70, 220, 90], low_flow: [240, 110, 255], core: [255, 176, 0],
};
const WORDS = { tumor: 'tumour', hypoperfused: 'late tissue', low_flow: 'low flow', core: 'infarct core' };
const PLANES = ['sagittal', 'coronal', 'axial'];

/** Product of an affine (rows) and a point. */
function moved(affine, point) {
  return [0, 1, 2].map((r) => affine[r][0] * point[0] + affine[r][1] * point[1] + affine[r][2] * point[2] + affine[r][3]);
}

/** An uncompressed NIfTI file of RGBA voxels, all 0. */
function emptyNifti(shape, affine) {
  const bytes = new ArrayBuffer(352 + 4 * shape[0] * shape[1] * shape[2]), view = new DataView(bytes);
  const edges = [0, 1, 2].map((c) => Math.hypot(affine[0][c], affine[1][c], affine[2][c]));
  view.setInt32(0, 348, true);
  [3, ...shape, 1, 1, 1, 1].forEach((n, i) => view.setInt16(40 + 2 * i, n, true));
  view.setInt16(70, 2304, true);
  view.setInt16(72, 32, true);
  [1, ...edges, 1, 1, 1, 1].forEach((n, i) => view.setFloat32(76 + 4 * i, n, true));
  view.setFloat32(108, 352, true);
  view.setFloat32(112, 1, true);
  view.setUint8(123, 10);
  view.setInt16(254, 1, true);
  affine.slice(0, 3).flat().forEach((n, i) => view.setFloat32(280 + 4 * i, n, true));
  [0x6e, 0x2b, 0x31, 0].forEach((n, i) => view.setUint8(344 + i, n));
  return bytes;
}

class Scene {
  /** `told(voxel, mm)` is called wherever the crosshair goes. */
  constructor(data, told) {
    this.data = data;
    this.told = told;
    this.beneath = 'baseline';
    // niivue shows a single slice of colours by another way, without rims: give it two alike
    this.shape = [...data.shape.slice(0, 2), Math.max(2, data.shape[2])];
  }

  async open(canvas) {
    this.nv = new niivue.Niivue({
      backColor: [0, 0, 0, 1], crosshairColor: [0.45, 1, 0.45, 1], crosshairWidth: 0.5, crosshairWidthUnit: 'mm',
      fontColor: [0.8, 0.8, 0.8, 1], isNearestInterpolation: true, isRadiologicalConvention: true,
      isForceMouseClickToVoxelCenters: true, dragAndDropEnabled: false, logLevel: 'error', show3Dcrosshair: false,
      dragMode: niivue.DRAG_MODE.none, loadingText: '', viewModeHotKey: 'none', clipPlaneHotKey: 'none', cycleClipPlaneHotKey: 'none',
      multiplanarShowRender: niivue.SHOW_RENDER.NEVER, multiplanarPadPixels: 6, isOrientationTextVisible: true,
    });
    await this.nv.attachToCanvas(canvas, false);
    this.image = await niivue.NVImage.new(emptyNifti(this.shape, this.data.affine), 'maps.nii');
    this.nv.addVolume(this.image);
    this.drawRims();
    this.nv.onLocationChange = () => this.moved();
  }

  /** The axis of the acquired slices, as niivue turns them: that with the fewest voxels. */
  get through() {
    const [, x, y, z] = this.image.dimsRAS, least = Math.min(x, y, z);
    return z === least ? 2 : x === least ? 0 : 1;
  }

  get slices() {
    return this.data.shape[2] < 2 && this.through === 2 ? 1 : this.image.dimsRAS[this.through + 1];
  }

  /** Number of the shown slice, from 0, feet or left or back first. */
  get slice() {
    return this.nv.frac2vox(this.nv.scene.crosshairPos)[this.through];
  }

  planes(which) {
    const types = niivue.SLICE_TYPE, one = [types.SAGITTAL, types.CORONAL, types.AXIAL][this.through];
    this.nv.setSliceType(which === 'three' ? types.MULTIPLANAR : one);
    this.thin();
  }

  /** A crosshair as wide as a hair on this screen; niivue takes its width in mm, at the next move. */
  thin() {
    const tile = this.nv.screenSlices[0];
    if (!tile) return;
    const pixel = Math.abs(tile.fovMM[0]) / tile.leftTopWidthHeight[2];
    this.nv.opts.crosshairWidth = 1.2 * pixel * (window.devicePixelRatio || 1);
    this.nv.crosshairs3D = null;
    this.nv.drawScene();
  }

  /** The voxel under the crosshair, as the maps' files count. */
  get voxel() {
    const mm = this.nv.frac2mm(this.nv.scene.crosshairPos, 0, true);
    const found = moved(this.data.inverse, mm).map(Math.round);
    return found.map((n, i) => Math.min(Math.max(n, 0), this.data.shape[i] - 1));
  }

  goTo(voxel) {
    const mm = moved(this.data.affine, voxel);
    this.nv.scene.crosshairPos = this.nv.mm2frac([...mm, 1], 0, true);
    this.nv.drawScene();
    this.moved();
  }

  /** By whole voxels to the patient's right or left, back or front, down or up. */
  step(x, y, z) {
    this.nv.moveCrosshairInVox(x, y, z);
    this.moved();
  }

  toSlice(number) {
    const by = [0, 0, 0];
    by[this.through] = number - this.slice;
    this.step(...by);
  }

  moved() {
    const voxel = this.voxel;
    this.told(voxel, moved(this.data.affine, voxel));
  }

  /** The map in its colours from `low` to `high`, `share` of it over the image beneath. */
  paint(map, low, high, share) {
    const { places, colours, count } = this.data, beneath = this.data[this.beneath], lut = colours[map.colours];
    const top = lut.length / 3 - 1, scale = (top + 1) / (high - low || 1), image = this.image.img;
    for (let n = 0; n < count; n++) {
      const grey = beneath[n] === TRANSPARENT ? 0 : beneath[n], at = 4 * n;
      image[at] = image[at + 1] = image[at + 2] = grey;
      image[at + 3] = 255;
      const code = places[n] < 0 ? MISSING : map.codes[places[n]];
      if (code === MISSING) continue;
      const level = 3 * Math.min(top, Math.max(0, Math.floor((map.offset + code * map.step - low) * scale)));
      for (let c = 0; c < 3; c++) image[at + c] = Math.round(grey + share * (lut[level + c] - grey));
    }
    if (this.shape[2] > this.data.shape[2]) image.copyWithin(4 * count, 0, 4 * count);
    this.nv.updateGLVolume();
  }

  /** Regions as a drawing that has only a rim. */
  drawRims() {
    const names = Object.keys(this.data.rois);
    if (!names.length) return;
    this.nv.createEmptyDrawing();
    names.forEach((name, label) => this.markRegion(this.nv.drawBitmap, this.data.rois[name], label + 1));
    const channel = (c) => [0, ...names.map((name) => (RIMS[name] ?? [255, 255, 255])[c])];
    this.nv.setDrawColormap({ R: channel(0), G: channel(1), B: channel(2), labels: ['', ...names] });
    this.nv.drawRimOpacity = 1;
    this.showRims(true);
    this.nv.refreshDrawing(true);
  }

  markRegion(drawing, region, label) {
    const [, x, y] = this.image.dimsRAS, [a, b] = this.data.shape;
    for (let n = 0; n < region.length; n++) {
      if (!region[n]) continue;
      const voxel = [n % a, Math.floor(n / a) % b, Math.floor(n / (a * b))];
      const frac = this.nv.mm2frac([...moved(this.data.affine, voxel), 1], 0, true);
      const [i, j, k] = this.nv.frac2vox(frac);
      drawing[i + x * (j + y * k)] = label;
      if (this.shape[2] > this.data.shape[2]) drawing[i + x * (j + y)] = drawing[i + x * j] = label;
    }
  }

  showRims(visible) {
    this.nv.drawOpacity = visible ? 0.001 : 0;
    this.nv.drawScene();
  }
}
