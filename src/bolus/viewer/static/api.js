// Talking to the server: every answer is JSON or raw numbers, every problem a sentence.

export class Problem extends Error {}

async function asked(path, options = {}) {
  const answer = await fetch(path, options);
  if (answer.ok) return answer;
  const text = await answer.text();
  let told = text;
  try {
    told = JSON.parse(text).problem;
  } catch {
    // the guard answers in plain text
  }
  throw new Problem(told);
}

export async function get(path, signal) {
  return (await asked(path, { signal })).json();
}

export async function post(path, body, signal) {
  const headers = { "Content-Type": "application/json" };
  return (await asked(path, { method: "POST", headers, body: JSON.stringify(body), signal })).json();
}

export async function numbers(name, before = false) {
  const answer = await asked(`/api/volume/${name}${before ? "?before" : ""}`);
  return new Float32Array(await answer.arrayBuffer());
}

export async function mask(name) {
  return new Uint8Array(await (await asked(`/api/mask/${name}`)).arrayBuffer());
}

// Greys of the anatomy, slice by slice across an axis, and how many slices, rows and columns.
export async function anatomy(through, image) {
  const answer = await asked(`/api/anatomy?through=${through}&image=${image}`);
  const shape = answer.headers.get("X-Shape").split(",").map(Number);
  return { values: new Uint8Array(await answer.arrayBuffer()), shape };
}

// A file's content up, and a file down as answer to what was drawn.
export async function upload(path, content) {
  return (await asked(path, { method: "POST", body: content })).json();
}

export async function fetched(path, body) {
  const headers = { "Content-Type": "application/json" };
  return (await asked(path, { method: "POST", headers, body: JSON.stringify(body) })).blob();
}

// Runs one request at a time: a newer one breaks the older off, whose answer is undefined.
export function latest(send) {
  let running = null;
  return async (...given) => {
    running?.abort();
    const own = new AbortController();
    running = own;
    try {
      const answer = await send(own.signal, ...given);
      return own.signal.aborted ? undefined : answer;
    } catch (error) {
      if (own.signal.aborted) return undefined;
      throw error;
    }
  };
}
