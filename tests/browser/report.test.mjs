// Opens a report in headless Chromium as people meet it: on a desk and on a phone, in light and dark, printed, with the keyboard,
// to a screen reader.
//     node report.test.mjs REPORT.html [FOLDER]
// FOLDER takes pictures of what was seen. Exit code 0: all good; 1: something is wrong, said in a line each; 2: bad arguments;
// 77: no Chromium, or its driver is not installed (npm ci in this folder).
import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [report, pictures] = process.argv.slice(2);
if (!report || !fs.existsSync(report)) {
  console.error("usage: node report.test.mjs REPORT.html [FOLDER] (a file made by 'optinc report')");
  process.exit(2);
}
const skip = (reason) => {
  console.error(`report.test.mjs: skipped, ${reason}`);
  process.exit(77);
};
const executablePath = ["chromium", "chromium-browser", "google-chrome"]
  .flatMap((name) => process.env.PATH.split(path.delimiter).map((folder) => path.join(folder, name)))
  .find((file) => fs.existsSync(file));
if (!executablePath) skip("no chromium");
const require = createRequire(import.meta.url);
let chromium, axe;
try {
  ({ chromium } = require("playwright-core"));
  axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
} catch {
  skip("no playwright-core or axe-core: npm ci --prefix tests/browser");
}
if (pictures) fs.mkdirSync(pictures, { recursive: true });
const picture = (name) => (pictures ? path.join(pictures, name) : undefined);

const readers = [
  { name: "desk", width: 1280, height: 900, colorScheme: "light" },
  { name: "desk, dark", width: 1280, height: 900, colorScheme: "dark" },
  { name: "phone", width: 390, height: 844, colorScheme: "light" },
  { name: "phone, dark", width: 390, height: 844, colorScheme: "dark" },
];
const wide = 1000;  // px; from here on tables fit

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const failures = [];
const check = async (name, body) => {
  try {
    await body();
  } catch (error) {
    failures.push(`${name}: ${error.message}`);
  }
};

const open = async (reader) => {
  const context = await browser.newContext({
    viewport: { width: reader.width, height: reader.height }, colorScheme: reader.colorScheme, bypassCSP: reader.bypassCSP,
  });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => complaints.push(`console ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`page error: ${error.message}`));
  page.on("request", (request) => {
    if (!/^(file|data|blob):/.test(request.url())) complaints.push(`asks for ${request.url()}`);
  });
  await page.goto(pathToFileURL(path.resolve(report)).href);
  await page.waitForFunction(() => document.documentElement.dataset.drawn !== undefined, null, { timeout: 60_000 });
  return { page, complaints, close: () => context.close() };
};

// Every chart drawn and every mesh painted; no script failed, none from a record ran; nothing from outside.
const isWhole = async ({ page, complaints }) => {
  assert.deepEqual(complaints, []);
  const seen = await page.evaluate(() => {
    const root = document.documentElement.dataset;
    const outside = [...document.querySelectorAll("[src], [href], [srcset], [action], [poster], object[data]")]
      .flatMap((element) => ["src", "href", "srcset", "action", "poster", "data"].map((key) => element.getAttribute(key)))
      .filter((value) => value && !value.startsWith("#"));
    return {
      errors: root.errors, hostile: root.hostile, drawn: Number(root.drawn), painted: Number(root.painted), outside,
      expected: JSON.parse(document.getElementById("charts").textContent).length,
      meshes: document.querySelectorAll("canvas.phases").length,
      paintedWhole: [...document.querySelectorAll("canvas.phases")].filter((canvas) => {
        const side = Math.floor(canvas.width / Number(canvas.dataset.columns));
        return side > 0 && canvas.height === side * Number(canvas.dataset.modes);
      }).length,
      empty: [...document.querySelectorAll(".chart")]
        .filter((chart) => chart.querySelectorAll("svg").length !== 1 || chart.querySelectorAll("path, text").length < 5)
        .map((chart) => chart.getAttribute("aria-label")),
      summary: JSON.parse(document.getElementById("summary").textContent).format,
    };
  });
  assert.equal(seen.errors, undefined, "a script failed");
  assert.equal(seen.hostile, undefined, "a script from a record ran");
  assert.equal(seen.drawn, seen.expected, "charts drawn");
  assert.deepEqual([seen.painted, seen.paintedWhole], [seen.meshes, seen.meshes], "meshes painted");
  assert.deepEqual(seen.empty, [], "charts without marks");
  assert.deepEqual(seen.outside, [], "refers to something outside");
  assert.equal(seen.summary, "optinc-report-summary/2");
  return seen;
};

// Nothing makes the page scroll sideways; what is wider than a phone scrolls in a box of its own, and fits on a desk.
const fits = async (page, width) => {
  const seen = await page.evaluate(() => ({
    page: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    cut: [...document.querySelectorAll("svg, canvas, p, h1, h2, h3, h4, dl, figcaption")]
      .filter((element) => element.getClientRects().length && element.getBoundingClientRect().right > innerWidth + 1)
      .map((element) => element.outerHTML.slice(0, 80)),
    tables: [...document.querySelectorAll(".scroll")]
      .filter((box) => box.scrollWidth > box.clientWidth + 1)
      .map((box) => `${box.getAttribute("aria-label")} (${box.scrollWidth} > ${box.clientWidth})`),
  }));
  assert.equal(seen.page, 0, "px that the page scrolls sideways");
  assert.deepEqual(seen.cut, [], "cut off");
  if (width >= wide) assert.deepEqual(seen.tables, [], "tables wider than the page");
};

for (const reader of readers) {
  await check(reader.name, async () => {
    const opened = await open(reader);
    const seen = await isWhole(opened);
    await fits(opened.page, reader.width);
    if (pictures) await opened.page.screenshot({ path: picture(`${reader.name.replace(", ", "-")}.png`), fullPage: true });
    console.log(`${reader.name}: ${seen.drawn} charts, ${seen.meshes} meshes, no message on the console, nothing from outside`);
    await opened.close();
  });
  // The rules run as a script in the page, which the page itself would refuse.
  await check(`${reader.name}, accessibility`, async () => {
    const { page, close } = await open({ ...reader, bypassCSP: true });
    await page.evaluate(axe);
    const { violations, passes } = await page.evaluate(() =>
      axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }));
    assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 120)}`), []);
    console.log(`${reader.name}: ${passes.length} rules of accessibility kept`);
    await close();
  });
}

await check("keyboard", async () => {
  const { page, close } = await open(readers[0]);
  // Tab reaches every link, table and fold in the order of the page, and what has the focus shows it.
  const reachable = await page.evaluate(() =>
    [...document.querySelectorAll("a[href], summary, [tabindex='0']")].filter((element) => element.checkVisibility()).length);
  let reached = 0;
  for (; reached < reachable; ++reached) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate(() => {
      const element = document.activeElement;
      return { tag: element.tagName, outline: parseFloat(getComputedStyle(element).outlineWidth) };
    });
    assert.notEqual(focus.tag, "BODY", `Tab ${reached + 1} of ${reachable} reaches nothing`);
    assert.ok(focus.outline >= 2, `${focus.tag} does not show that it has the focus`);
  }
  // Enter opens a chart's numbers.
  const numbers = page.locator("details.numbers").first();
  await numbers.locator("summary").focus();
  await page.keyboard.press("Enter");
  await numbers.locator("tbody tr").first().waitFor();
  const rows = await numbers.locator("tbody tr").count();
  assert.ok(rows >= 1, "a chart's numbers");
  console.log(`keyboard: ${reached} places reached, a chart's ${rows} rows of numbers opened`);
  await close();
});

await check("legend", async () => {
  const { page, close } = await open(readers[0]);
  const name = page.locator(".chart .role-legend-symbol path").first();
  if (await name.count()) {
    const dimmed = () => page.evaluate(() => document.querySelectorAll(".chart svg [opacity='0.1']").length);
    assert.equal(await dimmed(), 0);
    await name.click({ force: true });
    await page.waitForTimeout(300);
    assert.ok((await dimmed()) > 0, "a click on a legend dims the other series");
    console.log("legend: a click dims the others");
  }
  await close();
});

await check("printed", async () => {
  // A4 less 15 mm on each side, at 96 px an inch.
  const width = Math.round(((210 - 30) / 25.4) * 96);
  const { page, close } = await open({ width, height: 1000, colorScheme: "light" });
  await page.emulateMedia({ media: "print" });
  await fits(page, wide);
  if (pictures) await page.screenshot({ path: picture("print.png"), fullPage: true });
  const margin = "15mm";
  const pdf = await page.pdf({ path: picture("print.pdf"), format: "A4", margin: { top: margin, bottom: margin, left: margin, right: margin } });
  assert.ok(pdf.length > 10_000);
  console.log(`printed: fits on A4, ${(pdf.length / 1e6).toFixed(1)} MB of PDF`);
  await close();
});

await browser.close();
console.log(`${path.basename(report)}: ${(fs.statSync(report).size / 1e6).toFixed(1)} MB`);
for (const failure of failures) console.error(`report.test.mjs: ${failure}`);
process.exit(failures.length ? 1 : 0);
