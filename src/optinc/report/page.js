"use strict";
// Draws the page's charts with Vega: at the width there is, in the colours of the light or the dark scheme; and the phases of
// meshes, in the same colours in both. What goes wrong is kept in <html data-errors>; <html data-drawn> counts the charts,
// <html data-painted> the meshes' pictures: tests/browser reads all three.
(() => {
  const root = document.documentElement;
  const report = (message) => {
    root.dataset.errors = (root.dataset.errors ? root.dataset.errors + " | " : "") + message;
  };
  window.addEventListener("error", (event) => report(event.message));
  window.addEventListener("unhandledrejection", (event) => report(String(event.reason)));
  document.addEventListener("securitypolicyviolation", (event) => report("refused to load " + event.blockedURI));

  // Data come from records and are left as they are; everywhere else a string "var(--name)" is a colour of the page.
  const withColours = (value, key, style) => {
    if (key === "data" || key === "domain") return value;
    if (typeof value === "string") {
      const variable = /^var\((--[a-z0-9-]+)\)$/.exec(value);
      return variable ? style.getPropertyValue(variable[1]).trim() : value;
    }
    if (Array.isArray(value)) return value.map((item) => withColours(item, "", style));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withColours(item, name, style)]));
    }
    return value;
  };

  const configuration = (style, width) => {
    const ink = style.getPropertyValue("--ink").trim();
    const muted = style.getPropertyValue("--muted").trim();
    const grid = style.getPropertyValue("--grid").trim();
    const font = style.fontFamily;
    const narrow = width < 480;
    return {
      background: "transparent",
      font,
      mark: { tooltip: true },
      view: { stroke: null },
      text: { font, fontSize: 12, color: ink },
      rule: { color: muted },
      axis: {
        labelColor: muted, titleColor: muted, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 400, titlePadding: 8,
        gridColor: grid, domainColor: muted, tickColor: muted, tickSize: 4, labelLimit: narrow ? 130 : 260,
      },
      axisX: { grid: false, labelFlush: true, tickCount: Math.max(3, Math.round(width / 110)) },
      axisY: { domain: false, ticks: false, labelPadding: 6 },
      axisBand: { grid: false },
      legend: {
        orient: "top", direction: "horizontal", columns: Math.max(1, Math.floor(width / 190)), labelColor: ink, labelFontSize: 12,
        labelLimit: Math.min(width - 60, 360), symbolStrokeWidth: 2.5, offset: 16,
      },
    };
  };

  const logger = {
    level: () => logger, debug: () => logger, info: () => logger,
    warn: (...messages) => { report("warning: " + messages.join(" ")); return logger; },
    error: (...messages) => { report(messages.join(" ")); return logger; },
  };

  // A click on a name in the legend leaves that series alone; with Shift, several.
  const withLegend = (specification) => {
    const colour = specification.encoding?.color ?? specification.layer?.[0].encoding?.color;
    if (!colour?.field || !colour.legend) return specification;
    const params = [{ name: "shown", select: { type: "point", fields: [colour.field] }, bind: "legend" }];
    const dimmed = (unit) => {
      const opacity = { condition: { param: "shown", value: unit.mark.opacity ?? 1 }, value: 0.1 };
      return { ...unit, encoding: { opacity, ...unit.encoding } };
    };
    if (!specification.layer) return { ...dimmed(specification), params };
    const layer = specification.layer.map(dimmed);
    layer[0] = { ...layer[0], params };
    return { ...specification, layer };
  };

  // The rows that a chart draws, wherever in its specification they stand.
  const rowsOf = (value, key, found) => {
    if (key === "data" && Array.isArray(value?.values)) found.push(value.values);
    else if (value && typeof value === "object") {
      for (const [name, item] of Object.entries(value)) rowsOf(item, name, found);
    }
    return found;
  };
  const kMostRows = 500;
  const numberText = (value) =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)).toString() : String(value ?? "");
  const numbersTable = (rows) => {
    const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    const table = document.createElement("table");
    const head = table.createTHead().insertRow();
    for (const name of names) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = name;
      head.append(cell);
    }
    const body = table.createTBody();
    for (const row of rows.slice(0, kMostRows)) {
      const line = body.insertRow();
      for (const name of names) line.insertCell().textContent = numberText(row[name]);
    }
    if (rows.length > kMostRows) table.createCaption().textContent = `The first ${kMostRows} of ${rows.length} rows.`;
    return table;
  };
  // A chart's numbers as a table below it, made when it is opened.
  const addNumbers = ({ id, specification }) => {
    const chart = document.getElementById(id);
    const details = document.createElement("details");
    details.className = "numbers";
    details.innerHTML = "<summary>Numbers</summary>";
    details.firstChild.setAttribute("aria-label", "Numbers: " + chart.getAttribute("aria-label"));
    details.addEventListener("toggle", () => {
      if (details.childElementCount > 1) return;
      const scroll = document.createElement("div");
      scroll.className = "scroll";
      scroll.tabIndex = 0;
      scroll.role = "group";
      scroll.ariaLabel = chart.getAttribute("aria-label");
      for (const rows of rowsOf(specification, "", [])) scroll.append(numbersTable(rows));
      details.append(scroll);
    });
    chart.parentElement.append(details);
  };

  const views = new Map();
  const draw = async ({ id, specification }) => {
    const element = document.getElementById(id);
    const width = element.clientWidth;
    const style = getComputedStyle(document.body);
    const full = {
      ...withLegend(withColours(specification, "", style)), width, autosize: { type: "fit-x", contains: "padding" }, padding: 2,
      config: configuration(style, width),
    };
    const runtime = vega.parse(vegaLite.compile(full, { logger }).spec);
    if (views.has(id)) views.get(id).view.finalize();
    const view = new vega.View(runtime, { renderer: "svg", container: element, logger });
    views.set(id, { view, width });
    await view.runAsync();
    // To those who do not see it a chart is one picture with a name, and its numbers below.
    element.querySelector("svg").setAttribute("aria-hidden", "true");
  };

  // Once around from 0 to 2 pi, lightness telling the halves from the middle: the same to colour-blind eyes (after "twilight",
  // CC0, by Bastian Bechtold).
  const cycle = [
    [226, 217, 226], [185, 201, 207], [137, 173, 197], [105, 139, 190], [96, 100, 178], [88, 56, 143], [47, 20, 54],
    [92, 23, 74], [143, 45, 80], [175, 86, 82], [198, 137, 114], [212, 188, 172],
  ];
  const cycleColour = (turns) => {
    const place = turns * cycle.length;
    const before = Math.floor(place);
    const [from, to] = [cycle[before % cycle.length], cycle[(before + 1) % cycle.length]];
    return `rgb(${from.map((value, i) => Math.round(value + (place - before) * (to[i] - value))).join(" ")})`;
  };

  const steps = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
  const paintPhases = (canvas) => {
    const { columns, modes, phases } = canvas.dataset;
    const [across, pairs] = [Number(columns), Number(modes) - 1];
    const side = Math.max(1, Math.min(64, Math.floor(1024 / Math.max(across, pairs + 1))));
    const gap = side >= 16 ? 1 : 0;
    canvas.width = side * across;
    canvas.height = side * (pairs + 1);
    canvas.parentElement.style.maxWidth = 2 * across + 4 + "rem";  // a small mesh in a small picture
    const context = canvas.getContext("2d");
    const colours = [...steps].map((_, step) => cycleColour((step + 0.5) / steps.length));
    for (let place = 0; place < phases.length; ++place) {
      if (phases[place] === ".") continue;
      context.fillStyle = colours[steps.indexOf(phases[place])];
      const [x, y] = [Math.floor(place / pairs) * side, (place % pairs) * side];
      context.fillRect(x + gap, y + gap, side - 2 * gap, 2 * side - 2 * gap);
    }
  };
  const paintCycle = (canvas) => {
    canvas.width = 256;
    canvas.height = 1;
    const context = canvas.getContext("2d");
    for (let x = 0; x < canvas.width; ++x) {
      context.fillStyle = cycleColour((x + 0.5) / canvas.width);
      context.fillRect(x, 0, 1, 1);
    }
  };

  document.addEventListener("DOMContentLoaded", async () => {
    const meshes = document.querySelectorAll("canvas.phases");
    meshes.forEach(paintPhases);
    document.querySelectorAll("canvas.cycle").forEach(paintCycle);
    root.dataset.painted = meshes.length;
    const charts = JSON.parse(document.getElementById("charts").textContent);
    const drawAll = async (which) => {
      for (const chart of which) {
        try {
          await draw(chart);
        } catch (error) {
          report(chart.id + ": " + error);
          document.getElementById(chart.id).textContent = "This chart could not be drawn.";
        }
      }
    };
    await drawAll(charts);
    charts.forEach(addNumbers);
    root.dataset.drawn = views.size;

    let waiting = 0;
    window.addEventListener("resize", () => {
      clearTimeout(waiting);
      waiting = setTimeout(
        () => drawAll(charts.filter(({ id }) => document.getElementById(id).clientWidth !== views.get(id)?.width)), 150);
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll(charts));
  });
})();
