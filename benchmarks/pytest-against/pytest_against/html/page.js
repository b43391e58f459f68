const data = JSON.parse(document.getElementById("data").textContent);
const rows = data.rows.map((cells) => Object.fromEntries(data.columns.map((key, i) => [key, cells[i]])));
const judged = data.kind === "judged", several = data.heads.length > 1;
const off = new Set(); // verdicts that are not shown
let words = "", head = "";
const listeners = []; // what is drawn anew when other rows are shown
const lower = (row) => `${row.row} ${row.why ?? ""}`.toLowerCase();
const countOf = (number) => (number === 1 ? "1 row" : `${number} rows`);
for (const row of rows) Object.assign(row, { found: lower(row), label: several ? `${row.row} · ${row.head}` : row.row });
const shown = () => rows.filter((row) =>
  !off.has(row.kind) && (!head || row.head === head) && words.toLowerCase().split(/\s+/).every((word) => row.found.includes(word)));
const changed = () => listeners.forEach((listener) => listener());
const told = (row) => [
  row.label, `${row.verdict}: ${factor(row.ratio)} (${interval(row)})`,
  `${duration(row.was)} → ${duration(row.now)}, ${row.trials} trials`, row.why,
].filter(Boolean).join("\n");

// The answer.
const toggle = (button, set, key, then) => {
  if (!set.delete(key)) set.add(key);
  button.setAttribute("aria-pressed", String(!set.has(key)));
  then();
};
const answer = document.getElementById("answer");
answer.className = data.verdict ? VERDICTS[data.verdict][0] : "even";
answer.append(
  el("div", { class: "badge" }, ...(data.verdict ? [sign(data.verdict)] : []), data.verdict ?? "one run"),
  el("h1", {}, data.answer), ...data.detail.map((line) => el("p", { class: "value" }, line)));

// Which rows: by verdict, which is the legend of the forest plot, by words, by run.
const main = document.getElementById("main");
const chips = el("div", { class: "chips", role: "group", "aria-label": "Verdicts that are shown" });
for (const verdict of Object.keys(VERDICTS)) {
  const number = rows.filter((row) => row.kind === verdict).length;
  if (!number) continue;
  const button = el("button", { type: "button", class: VERDICTS[verdict][0], "aria-pressed": "true" },
    sign(verdict), el("b", {}, String(number)), verdict);
  button.addEventListener("click", () => toggle(button, off, verdict, changed));
  chips.append(button);
}
const filter = el("input", { type: "search", placeholder: "Filter by words", "aria-label": "Filter rows by words" });
filter.addEventListener("input", () => { words = filter.value; changed(); });
const runs = el("select", { "aria-label": "Run" }, el("option", { value: "" }, "all runs"),
  ...data.heads.map((each) => el("option", { value: each }, short(each, 60))));
runs.addEventListener("change", () => { head = runs.value; changed(); });
const tools = el("div", { class: "tools" }, filter, ...(several ? [runs] : []));
if (judged && rows.length) main.append(el("div", { class: "head" }, chips, tools));

// A legend of lines: a click shows or hides one.
const MOST_LINES = 8, MOST_IN_LEGEND = 48;
const legendOf = (series, hidden, then) => {
  const buttons = series.slice(0, MOST_IN_LEGEND).map((each) => {
    const swatch = svg("svg", { class: "swatch", viewBox: "0 0 30 10", "aria-hidden": "true" },
      svg("path", { class: "line", d: "M0 5H30", "stroke-dasharray": each.style.dash || undefined }),
      svg("path", { class: "shape", d: SHAPES[each.style.shape](15, 5, 4) }));
    const button = el("button", { type: "button", class: each.style.tone, "aria-pressed": String(!hidden.has(each.name)) }, swatch, name(short(each.name, 60)));
    button.addEventListener("click", () => toggle(button, hidden, each.name, then));
    return button;
  });
  const all = (value, label) => el("button", { type: "button", click: () => {
    series.forEach((each) => (value ? hidden.delete(each.name) : hidden.add(each.name)));
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(value)));
    then();
  } }, label);
  const rest = series.length - buttons.length;
  return [...buttons, ...(series.length > 2 ? [all(true, "all"), all(false, "none")] : []),
    ...(rest > 0 ? [el("span", { class: "quiet" }, `and ${rest} more: filter the rows below`)] : [])];
};
// Lines with their legend; `find` returns them, those to be shown first leading.
const lineChart = (title, caption, file, find, options, ...tools) => {
  const legend = el("div", { class: "chips legend", role: "group", "aria-label": `Lines of: ${title}` });
  let series = [], hidden = new Set();
  const chart = figure(title, caption, file, (width) => {
    const seen = series.filter((each) => !hidden.has(each.name));
    return lines(seen, options(seen), width);
  }, tools, [legend]);
  const renew = () => {
    series = find().map((each, i) => ({ ...each, style: lineStyle(i) }));
    hidden = new Set(series.slice(MOST_LINES).map((each) => each.name));
    legend.replaceChildren(...legendOf(series, hidden, chart.redraw));
    chart.redraw();
  };
  main.append(chart.node);
  return renew;
};

const timed = rows.filter((row) => row.ratio !== null && row.ratio !== undefined);
if (judged && timed.length) {
  const missing = rows.length - timed.length;
  const chart = figure("What changed", "Each row's factor with its interval, the worst first. An interval right of the upper limit proves a slowdown; one that ends left of it proves there is none."
    + (missing ? ` Without a time, and so in the table only: ${countOf(missing)}.` : ""), "factors",
  (width) => forest(shown(), data.limit, width, told));
  main.append(chart.node);
  listeners.push(chart.redraw);
}
if (several && timed.length) {
  const renew = lineChart("From run to run", "The factor of each row against the first run, with its interval; rows that moved most lead the legend.", "course", () => {
    const found = new Map();
    for (const row of shown().filter((each) => each.ratio !== null)) {
      if (!found.has(row.row)) found.set(row.row, [{ x: 0, y: 1, text: `${row.row}\n${data.base}: ${duration(row.was)}` }]);
      found.get(row.row).push({ x: data.heads.indexOf(row.head) + 1, y: row.ratio, low: row.low, high: row.high, text: told(row) });
    }
    const moved = ([, points]) => Math.max(...points.map((p) => Math.abs(Math.log(p.y))));
    for (const points of found.values()) points.sort((a, b) => a.x - b.x);
    return [...found].sort((a, b) => moved(b) - moved(a)).map(([name, points]) => ({ name, points }));
  }, () => ({
    xs: [...Array(data.heads.length + 1).keys()], xName: (i) => [data.base, ...data.heads][i], xWords: "run",
    yWords: `factor of the time; dashed: limits ±${digits(100 * data.limit)} %`, yTick: String, least: 1.02,
    limits: [{ y: 1 + data.limit, kind: "limit" }, { y: 1, kind: "one" }, { y: 1 / (1 + data.limit), kind: "limit good" }],
  }));
  listeners.push(renew);
  renew();
}
const sized = rows.filter((row) => row.x > 0);
if (!judged && sized.length) {
  const known = sized.every((row) => row.size), facets = [...new Set(sized.map((row) => row.facet))];
  const per = (row, seconds) => (known ? seconds / row.size : seconds);
  let facet = facets[0];
  const choice = el("select", { "aria-label": "Group of lines" }, ...facets.map((each) => el("option", { value: each }, each || "all")));
  const here = () => sized.filter((row) => row.facet === facet);
  const memory = () => {
    const floor = new Map();
    for (const row of rows.filter((each) => each.nbytes && each.size)) {
      if (!(floor.get(row.size) <= row.median / row.nbytes)) floor.set(row.size, row.median / row.nbytes);
    }
    const moved = new Map();
    for (const row of here().filter((each) => each.nbytes && each.size)) {
      moved.set(row.size, Math.min(moved.get(row.size) ?? Infinity, row.nbytes / row.size));
    }
    return [...moved].sort((a, b) => a[0] - b[0]).map(([size, bytes]) => ({ x: size, y: bytes * floor.get(size),
      text: `memory limit at ${size.toLocaleString("en")}\n${digits(bytes)} bytes an element at ${digits(1e-9 / floor.get(size))} GB/s, the fastest of this run` }));
  };
  const unit = known ? "element" : "call";
  const renew = lineChart(`Time per ${unit}`, `Median over the trials, with their middle half, on logarithmic axes; the fastest on the largest size lead the legend.${known && memory().length ? " Dotted: the least that a call must read and write, at the fastest pace that memory went in this run." : ""}`, "times", () => {
    const found = new Map();
    for (const row of here()) {
      if (!found.has(row.method)) found.set(row.method, []);
      found.get(row.method).push({ x: row.x, y: per(row, row.median), low: per(row, row.low), high: per(row, row.high),
        text: `${row.row}\n${duration(per(row, row.median))} per ${unit} (${duration(per(row, row.low))} to ${duration(per(row, row.high))})\n${duration(row.median)} per call, ${row.trials} trials` });
    }
    for (const points of found.values()) points.sort((a, b) => a.x - b.x);
    return [...found].sort((a, b) => a[1].at(-1).y - b[1].at(-1).y).map(([name, points]) => ({ name, points }));
  }, () => ({
    xs: [...new Set(here().map((row) => row.x))].sort((a, b) => a - b), xWords: known ? "elements" : "the number in its parameters",
    yWords: `time per ${unit}`, yTick: duration, memory: known ? memory() : [], least: 1.15,
  }), el("div", { class: "tools" }, ...(facets.length > 1 ? [choice] : [])));
  choice.addEventListener("change", () => { facet = choice.value; renew(); });
  renew();
}
