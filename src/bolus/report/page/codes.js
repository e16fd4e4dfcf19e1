'use strict';
// From the page's compact volumes to numbers.

const MISSING = -32768, MOST = 32767, TRANSPARENT = 255;

function bytesOf(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

async function inflated(text) {
  const stream = new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** One byte of 0 or 1 for each of `count` bits, the lowest bit of a byte first. */
async function flagsOf(text, count) {
  const packed = await inflated(text);
  return Uint8Array.from({ length: count }, (_, n) => (packed[n >> 3] >> (n & 7)) & 1);
}

/** Whole steps: low bytes first, then the high ones. */
async function stepsOf(text) {
  const bytes = await inflated(text), count = bytes.length / 2;
  return Int16Array.from({ length: count }, (_, n) => ((bytes[n] | (bytes[count + n] << 8)) << 16) >> 16);
}

/** Place of every voxel among those of the mask, -1 outside. */
function placesOf(mask) {
  let found = 0;
  return Int32Array.from(mask, (inside) => (inside ? found++ : -1));
}

async function decodedMap(map) {
  const codes = await stepsOf(map.codes);
  return { ...map, codes, sd: map.sd ? await stepsOf(map.sd) : null };
}

/** Everything as arrays; volumes have the first axis fastest. */
async function decoded(packed) {
  const count = packed.shape[0] * packed.shape[1] * packed.shape[2];
  const mask = await flagsOf(packed.mask, count);
  const rois = {}, colours = {};
  for (const name of Object.keys(packed.rois)) rois[name] = await flagsOf(packed.rois[name], count);
  for (const name of Object.keys(packed.colours)) colours[name] = bytesOf(packed.colours[name]);
  return {
    ...packed, count, rois, colours,
    places: placesOf(mask),
    baseline: await inflated(packed.baseline),
    anatomy: packed.anatomy ? await inflated(packed.anatomy) : null,
    quality: await inflated(packed.quality),
    maps: await Promise.all(packed.maps.map(decodedMap)),
  };
}

/** A map's value of a code; NaN where nothing was measured. */
function valueOf(map, code) {
  return code === MISSING ? NaN : map.offset + code * map.step;
}

/** The value with its digits; a code at the end of its range is that or more. */
function valueTold(map, code) {
  if (code === MISSING) return '–';
  const bound = code >= MOST ? '≥ ' : code <= -MOST ? '≤ ' : '';
  return bound + valueOf(map, code).toFixed(map.digits);
}

function sdTold(map, code) {
  return code === MISSING ? '' : ' ± ' + (code * map.step).toFixed(map.digits);
}
