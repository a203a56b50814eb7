// Plotly on one node that is drawn anew in place: shared by live_plot and vae_map, put in front of their own scripts.

const RETRY_MS = 10000;
const REMOVED_BUTTONS = [
  "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "zoomIn3d", "zoomOut3d",
  "toggleSpikelines", "hoverClosestCartesian", "hoverCompareCartesian",
  "hoverClosest3d", "resetCameraLastSave3d", "tableRotation",
];

let plotly = null; // the one promise of the library, shared by all plots of the page

// Where this app begins, seen from the browser: right below a base path, behind a proxy that strips one, and
// on a sub-page alike, because Streamlit's own entry script was loaded from there.
function appRoot() {
  const entry = document.querySelector('script[type="module"][src*="static/js/"]');
  return entry === null ? new URL("./", document.baseURI).href : entry.src.replace(/static\/js\/.*$/, "");
}

function runScript(url) {
  return new Promise((resolve, reject) => {
    const script = make("script", "", { src: url, async: true });
    script.onload = resolve;
    script.onerror = () => {
      script.remove();
      reject(new Error(`${url} did not run`));
    };
    document.head.append(script);
  });
}

// A host that sends .js under another Content-Type (with nosniff the script is refused) still gives the text.
async function runText(url) {
  const reply = await fetch(url);
  const text = reply.ok ? await reply.text() : "";
  if (!text.includes("plotly.js")) throw new Error(`${url} does not hold Plotly`);
  const blobUrl = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  await runScript(blobUrl).finally(() => URL.revokeObjectURL(blobUrl));
}

function loadPlotly(path) {
  if (plotly === null) {
    const before = window.Plotly;
    const load = async () => {
      if (path === "") throw new Error("Plotly's file could not be prepared on the server");
      const url = new URL(path, appRoot()).href;
      await runScript(url).catch(() => runText(url));
      const library = window.Plotly;
      if (before !== undefined) window.Plotly = before;
      return library;
    };
    plotly = load();
    plotly.catch(() => setTimeout(() => { plotly = null; }, RETRY_MS));
  }
  return plotly;
}

function readTheme(element) {
  const style = getComputedStyle(element);
  const read = (name) => {
    const value = style.getPropertyValue(`--st-${name}`).trim();
    return value === "unset" ? "" : value;
  };
  const text = read("text-color") || "#31333f";
  const background = read("background-color") || "#ffffff";
  return {
    text,
    background,
    font: read("font") || "sans-serif",
    size: (13 / 16) * parseFloat(getComputedStyle(document.documentElement).fontSize), // larger in present mode
    surface: read("secondary-background-color") || background,
    grid: read("border-color-light") || read("border-color") || "#d0d4da",
    line: read("border-color") || "#a0a4aa",
    primary: read("primary-color") || text,
    colorway: read("chart-categorical-colors").split(/,(?![^(]*\))/).filter((color) => color !== ""),
    scale: read("chart-sequential-colors").split(/,(?![^(]*\))/).filter((color) => color !== ""),
  };
}

// A template gives way to whatever the figure itself sets.
function templateOf(theme) {
  const axis = {
    gridcolor: theme.grid, zerolinecolor: theme.line, linecolor: theme.line, tickcolor: theme.line,
    automargin: true,
  };
  const scale = theme.scale.map((color, index) => [index / (theme.scale.length - 1), color]);
  const layout = {
    paper_bgcolor: theme.background,
    plot_bgcolor: theme.background,
    font: { family: theme.font, color: theme.text, size: theme.size },
    title: { x: 0, xref: "paper", xanchor: "left" }, // clear of the mode bar
    margin: { l: 48, r: 16, t: 40, b: 40 },
    xaxis: axis,
    yaxis: axis,
    scene: { xaxis: axis, yaxis: axis, zaxis: axis, bgcolor: theme.background },
    hoverlabel: {
      bgcolor: theme.surface, bordercolor: theme.line, font: { family: theme.font, color: theme.text },
    },
    legend: { bgcolor: "rgba(0,0,0,0)" },
    modebar: { bgcolor: theme.background, color: theme.text, activecolor: theme.primary },
  };
  if (theme.colorway.length > 0) layout.colorway = theme.colorway;
  if (scale.length > 1) layout.colorscale = { sequential: scale };
  return { layout };
}

class LivePlot {
  constructor({ parentElement, data }) {
    this.parentElement = parentElement;
    this.plot = make("div", "ganvas-plot");
    this.message = make("p", "ganvas-caption", { hidden: true });
    this.root = make("div", "ganvas-live ganvas-live-plot", {
      role: "figure", "data-testid": "live-plot", "data-key": data.key,
    }, this.plot, this.message);
    this.drawn = "";
    this.width = 0;
    this.height = 0;
    this.held = false;
    this.drawing = false;
    this.config = {
      displaylogo: false,
      showSendToCloud: false, // on by default in Plotly 4: a class's charts are not uploaded
      plotlyServerURL: "",
      modeBarButtonsToRemove: REMOVED_BUTTONS,
      toImageButtonOptions: { format: "png", filename: data.key, scale: 2 },
      locale: "page",
      locales: { page: { dictionary: data.texts, format: {} } },
    };
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.root);
    this.plot.addEventListener("pointerdown", () => { this.held = true; }, { capture: true });
    this.release = () => {
      this.held = false;
      setTimeout(() => this.draw(), 0); // after Plotly's own mouseup has applied the zoom
    };
    for (const name of ["pointerup", "pointercancel", "blur"]) window.addEventListener(name, this.release);
  }

  update({ data }) {
    this.data = data;
    this.theme = readTheme(this.parentElement);
    this.plot.style.height = `${data.height_px}px`;
    this.wanted = JSON.stringify([data.height_px, this.theme]) + data.figure;
    this.draw();
  }

  resize() {
    const width = this.root.clientWidth;
    const height = this.plot.clientHeight; // a style of the page may tie it to the window's
    if ((width === this.width && height === this.height) || width === 0) return;
    [this.width, this.height] = [width, height];
    if (this.library !== undefined && this.drawn !== "") this.library.Plots.resize(this.plot);
    else this.draw();
  }

  // One drawing at a time, always of the newest figure; none while the mouse holds the plot (a redraw would
  // take the zoom box from under it) or while the plot is hidden in a closed tab and has no width.
  async draw() {
    if (this.drawing || this.held || this.destroyed || this.root.clientWidth === 0) return;
    this.drawing = true;
    try {
      while (this.wanted !== this.drawn && !this.held) {
        const wanted = this.wanted;
        const data = this.data;
        const template = templateOf(this.theme);
        this.library = await loadPlotly(data.plotly);
        if (this.destroyed) return;
        const figure = JSON.parse(data.figure);
        const { width, height, ...layout } = figure.layout ?? {};
        this.drawn = wanted;
        await this.library.react(this.plot, {
          data: figure.data ?? [],
          layout: { uirevision: data.key, ...layout, template, autosize: true },
          config: this.config,
        });
        const title = typeof layout.title === "string" ? layout.title : layout.title?.text;
        if (title) this.root.setAttribute("aria-label", title);
        this.message.hidden = true;
        this.plot.hidden = false;
      }
    } catch (error) {
      if (this.destroyed) return;
      console.warn("Chart not drawn:", error);
      this.message.textContent = this.data.texts.unavailable;
      this.message.hidden = false;
      this.plot.hidden = this.library === undefined;
    } finally {
      this.drawing = false;
      if (this.destroyed) this.library?.purge(this.plot);
    }
  }

  destroy() {
    this.destroyed = true;
    this.observer.disconnect();
    for (const name of ["pointerup", "pointercancel", "blur"]) window.removeEventListener(name, this.release);
    this.library?.purge(this.plot);
    this.root.remove();
  }
}
