// A published run in its reader's browser: the recording, and the generator itself. Everything is in the page; nothing is fetched.
const data = JSON.parse(document.getElementById("ganvas-data").textContent);
const words = data.words;

function element(name, attributes = {}, ...children) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
}

function slider(label, low, high, step, value, changed) {
  const input = element("input", { type: "range", min: low, max: high, step, value, ariaLabel: label });
  input.addEventListener("input", () => changed(Number(input.value)));
  return element("label", {}, element("span", { textContent: label }), input);
}

// the recording

function replay(place) {
  const shown = element("img", { alt: words.recording, className: "pixels" });
  const told = element("span");
  const last = data.frames.length - 1;
  let now = last, timer = 0;
  const show = (number) => {
    now = number;
    shown.src = data.frames[number].url;
    told.textContent = words.step.replace("{n}", data.frames[number].step.toLocaleString());
    bar.querySelector("input").value = number;
  };
  const bar = slider(words.moment, 0, last, 1, last, show);
  const button = element("button", { type: "button", textContent: words.play });
  const stop = () => { clearInterval(timer); timer = 0; button.textContent = words.play; };
  button.addEventListener("click", () => {
    if (timer) return stop();
    if (now === last) show(0);
    button.textContent = words.pause;
    timer = setInterval(() => (now < last ? show(now + 1) : stop()), 250);
  });
  place.append(shown, element("div", { className: "row" }, button, bar, told));
  show(last);
}

// the generator

async function unpacked(id) {
  const bytes = Uint8Array.from(atob(document.getElementById(id).textContent.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Standard normal numbers of a seed: mulberry32 for uniform ones, then the method of Box and Muller (1958).
function normal(seed, count) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return Float32Array.from({ length: count }, () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()));
}

async function openGenerator() {
  const runtime = new Blob([await unpacked("ganvas-runtime")], { type: "text/javascript" });
  const ort = await import(URL.createObjectURL(runtime));
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = (await unpacked("ganvas-wasm")).buffer;
  const session = await ort.InferenceSession.create(await unpacked("ganvas-model"), { executionProviders: ["wasm"] });
  return async (latents, labels) => {
    const z = new Float32Array(latents.length * data.latentDim);
    latents.forEach((one, row) => z.set(one, row * data.latentDim));
    const feeds = { z: new ort.Tensor("float32", z, [latents.length, data.latentDim]) };
    if (labels.length) {
      const rows = Float32Array.from({ length: latents.length * labels.length }, (_, i) => labels[i % labels.length]);
      feeds.labels = new ort.Tensor("float32", rows, [latents.length, labels.length]);
    }
    return (await session.run(feeds)).samples;
  };
}

// Samples (N, C, H, W) in [-1, 1] as a grid on a canvas.
function paint(canvas, samples, columns) {
  const [count, channels, height, width] = samples.dims;
  canvas.width = columns * width;
  canvas.height = Math.ceil(count / columns) * height;
  const context = canvas.getContext("2d");
  for (let n = 0; n < count; n++) {
    const image = context.createImageData(width, height);
    for (let i = 0; i < height * width; i++) {
      for (let c = 0; c < 3; c++) {
        const value = samples.data[(n * channels + (channels === 3 ? c : 0)) * height * width + i];
        image.data[4 * i + c] = Math.round((value + 1) * 127.5);
      }
      image.data[4 * i + 3] = 255;
    }
    context.putImageData(image, (n % columns) * width, Math.floor(n / columns) * height);
  }
}

// Points (N, 2) as dots on a square canvas, the origin in the middle.
function dots(canvas, samples) {
  canvas.width = canvas.height = 360;
  const reach = 1.1 * samples.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
  const context = canvas.getContext("2d");
  for (let n = 0; n < samples.dims[0]; n++) {
    const [x, y] = [samples.data[2 * n], samples.data[2 * n + 1]];
    context.fillRect((x / reach + 1) * 180 - 1, (1 - y / reach) * 180 - 1, 3, 3);
  }
}

async function live(place) {
  const note = element("p", { className: "caption", textContent: words.loading });
  place.append(note);
  const draw = await openGenerator();
  const points = data.sampleShape.length === 1;
  const one = element("canvas", { className: "pixels one", ariaLabel: words.sample });
  const many = element("canvas", { className: "pixels many", ariaLabel: words.others });
  const labels = [...data.firstLabels];
  const shifts = data.directions.map(() => 0);
  let seed = 0, busy = false, again = false;

  const latent = (number) => {
    const z = normal(number, data.latentDim);
    if (number === seed) data.directions.forEach((way, k) => way.forEach((x, i) => { z[i] += shifts[k] * x; }));
    return z;
  };
  const refresh = async () => {
    if (busy) { again = true; return; }
    busy = true;
    const numbers = Array.from({ length: points ? 500 : 16 }, (_, i) => seed + i);
    if (points) dots(one, await draw(numbers.map(latent), labels));
    else {
      paint(one, await draw([latent(seed)], labels), 1);
      paint(many, await draw(numbers.map(latent), labels), 8);
    }
    globalThis.ganvas = { latent: Array.from(latent(seed)), labels: [...labels], drawn: (globalThis.ganvas?.drawn ?? 0) + 1 };
    busy = false;
    if (again) { again = false; await refresh(); }
  };
  const changed = (act) => (value) => { act(value); return refresh(); };

  const number = element("input", { type: "number", min: 0, value: 0, ariaLabel: words.seed });
  number.addEventListener("input", () => { seed = Math.abs(Math.trunc(Number(number.value))) || 0; refresh(); });
  const next = element("button", { type: "button", textContent: words.another });
  next.addEventListener("click", () => { number.value = seed = seed + 16; refresh(); });
  const controls = element("div", { className: "controls" });
  controls.append(element("div", { className: "row" }, element("label", {}, element("span", { textContent: words.seed }), number), next));
  if (data.labels.length && data.exclusive) {
    const select = element("select", { ariaLabel: words.label }, ...data.labels.map((name, i) => element("option", { value: i, textContent: name })));
    select.value = Math.max(0, labels.indexOf(1));
    select.addEventListener("change", () => { labels.fill(0); labels[Number(select.value)] = 1; refresh(); });
    controls.append(element("label", {}, element("span", { textContent: words.label }), select));
  } else if (data.labels.length) {
    const boxes = element("fieldset", {}, element("legend", { textContent: words.label }));
    data.labels.forEach((name, i) => {
      const box = element("input", { type: "checkbox", checked: labels[i] === 1 });
      box.addEventListener("change", () => { labels[i] = box.checked ? 1 : 0; refresh(); });
      boxes.append(element("label", {}, box, name));
    });
    controls.append(boxes);
  }
  if (!points) {
    data.directions.forEach((_, k) => controls.append(
      slider(words.direction.replace("{n}", k + 1), -4, 4, 0.1, 0, changed((value) => { shifts[k] = value; })),
    ));
  }
  await refresh();
  note.textContent = words.live;
  place.append(element("div", { className: "live" }, one, controls), ...(points ? [] : [many]));
}

if (data.frames.length) replay(document.getElementById("ganvas-replay"));
if (data.live) {
  const place = document.getElementById("ganvas-live");
  live(place).catch((error) => place.replaceChildren(element("p", { className: "remark", textContent: `${words.failed} ${error}` })));
}
