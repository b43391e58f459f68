"use strict";
// Elements: names from outside become text, never markup.
const make = (space, tag, attributes, children) => {
  const node = space ? document.createElementNS(space, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== undefined));
  return node;
};
const SVG = "http://www.w3.org/2000/svg";
const el = (tag, attributes, ...children) => make("", tag, attributes, children);
const svg = (tag, attributes, ...children) => make(SVG, tag, attributes, children);
const name = (words) => el("bdi", { class: "name" }, words);

// Numbers in words, as the report in text has them.
const digits = (value) => {
  const text = Number(value.toPrecision(3));
  return Math.abs(text) >= 1e6 ? text.toExponential() : String(text);
};
const duration = (seconds) => {
  if (seconds === null || seconds === undefined) return "";
  const [unit, scale] = [["s", 1], ["ms", 1e-3], ["µs", 1e-6]].find(([, s]) => seconds >= 0.9995 * s) ?? ["ns", 1e-9];
  return `${digits(seconds / scale)} ${unit}`;
};
const factor = (value) => (value === null ? "unbounded" : value >= 100 ? digits(value) : value.toFixed(3));
const interval = ({ low, high, trials }) => {
  if (trials < 2) return trials ? "one process" : "";
  return low === null || high === null ? "unbounded" : `${factor(low)} to ${factor(high)}`;
};
const short = (words, most) => (words.length > most ? `${words.slice(0, most - 1)}…` : words);
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

// A logarithmic or plain axis, and where its ticks are.
const axis = (low, high, start, end, logarithmic = true) => {
  const place = logarithmic ? Math.log : Number;
  const scale = (value) => start + ((place(value) - place(low)) / (place(high) - place(low) || 1)) * (end - start);
  return Object.assign(scale, { low, high });
};
const ticks = (low, high, most) => {
  let found = [];
  if (high / low > 8) {
    for (const steps of [[1, 2, 5], [1, 3], [1]]) {
      found = [];
      for (let decade = Math.floor(Math.log10(low)); decade <= Math.log10(high); decade += 1) {
        found.push(...steps.map((step) => Number(`${step}e${decade}`)));
      }
      found = found.filter((value) => value >= low && value <= high);
      if (found.length <= most) return found;
    }
    return found.filter((_, i) => i % Math.ceil(found.length / most) === 0);
  }
  const raw = (high - low) / most, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= raw);
  for (let i = Math.ceil(low / step); i * step <= high; i += 1) found.push(Number((i * step).toPrecision(6)));
  return found;
};

// A mark of each kind, so that none is told by its colour alone.
const SHAPES = {
  up: (x, y, r) => `M${x} ${y - r}L${x + r} ${y + r * 0.8}H${x - r}Z`,
  down: (x, y, r) => `M${x} ${y + r}L${x + r} ${y - r * 0.8}H${x - r}Z`,
  dot: (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`,
  diamond: (x, y, r) => `M${x} ${y - r}L${x + r} ${y}L${x} ${y + r}L${x - r} ${y}Z`,
  square: (x, y, r) => `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}Z`,
  cross: (x, y, r) => `M${x - r} ${y - r}L${x + r} ${y + r}M${x + r} ${y - r}L${x - r} ${y + r}`,
  plus: (x, y, r) => `M${x - r} ${y}h${2 * r}M${x} ${y - r}v${2 * r}`,
  minus: (x, y, r) => `M${x - r} ${y}h${2 * r}`,
};
const VERDICTS = {
  diverged: ["bad", "cross"], regressed: ["bad", "up"], heavier: ["bad", "square"],
  missing: ["open", "plus", true], vanished: ["open", "minus"], new: ["open", "plus"],
  "not judged": ["open", "square", true], inconclusive: ["open", "diamond", true],
  "may fail": ["even", "up", true], steady: ["even", "dot"], improved: ["good", "down"],
};
const sign = (verdict) => {
  const [, shape, hollow] = VERDICTS[verdict];
  return svg("svg", { class: "sign", viewBox: "0 0 12 12", "aria-hidden": "true" },
    svg("path", { d: SHAPES[shape](6, 6, 4.5), class: hollow ? "hollow" : "shape" }));
};
const LINE_SHAPES = ["dot", "square", "up", "diamond", "down"];
const DASHES = ["", "7 3", "2 2", "9 3 2 3"];
const lineStyle = (i) => ({ tone: `c${i % 8}`, dash: DASHES[i % 4], shape: LINE_SHAPES[i % 5] });

// What a chart is made of: a figure that is redrawn for its width, told by hovering and by keys.
const tip = () => document.getElementById("tip");
const hide = () => { tip().hidden = true; };
const tell = (words, x, y) => {
  const box = tip();
  box.textContent = words;
  box.hidden = false;
  box.style.left = `${clamp(x + 14, 4, innerWidth - box.offsetWidth - 4)}px`;
  box.style.top = `${y + 18 + box.offsetHeight > innerHeight ? y - box.offsetHeight - 10 : y + 18}px`;
};
const picture = (chart, words) => {
  const copy = chart.cloneNode(true), size = chart.getBoundingClientRect();
  const from = [chart, ...chart.querySelectorAll("*")], to = [copy, ...copy.querySelectorAll("*")];
  const kept = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font", "text-anchor"];
  from.forEach((node, i) => {
    const style = getComputedStyle(node);
    for (const each of kept) to[i].style.setProperty(each, style.getPropertyValue(each));
  });
  const paper = svg("rect", { width: "100%", height: "100%" });
  paper.style.fill = getComputedStyle(document.body).backgroundColor;
  copy.prepend(svg("title", {}, words), paper);
  copy.removeAttribute("aria-hidden");
  for (const [key, value] of [["xmlns", SVG], ["role", "img"], ["width", size.width], ["height", size.height]]) copy.setAttribute(key, value);
  return copy.outerHTML;
};
const save = (text, file) => {
  const link = el("a", { download: file, href: URL.createObjectURL(new Blob([text], { type: "image/svg+xml" })) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
const charts = {}; // by name, what draws each anew and returns its SVG
const figure = (title, words, file, draw, above = [], below = []) => {
  const place = el("div", { class: "chart", tabindex: 0, role: "group", "aria-label": `${title}. ${words} Arrow keys go through its values.` });
  let drawn, at = -1;
  const redraw = () => {
    drawn = draw(Math.max(280, place.clientWidth));
    drawn.root.setAttribute("aria-hidden", "true");
    place.replaceChildren(drawn.root);
    at = -1;
    hide();
  };
  const show = (i) => {
    at = i;
    const { x, y, text } = drawn.points[i];
    const box = drawn.root.getBoundingClientRect();
    drawn.focus.setAttribute("d", SHAPES.dot(x, y, 8));
    tell(text, box.left + x, box.top + y);
  };
  const leave = () => { drawn.focus.setAttribute("d", ""); hide(); };
  const point = (event) => {
    const box = drawn.root.getBoundingClientRect();
    const far = (p) => ((p.x - event.clientX + box.left) * (drawn.wide ?? 1)) ** 2 + (p.y - event.clientY + box.top) ** 2;
    let best = -1, least = 40 ** 2;
    drawn.points.forEach((point, i) => { const d = far(point); if (d < least) [best, least] = [i, d]; });
    if (best < 0) leave(); else show(best);
  };
  place.addEventListener("pointermove", point);
  place.addEventListener("pointerdown", point); // a finger does not hover
  place.addEventListener("pointerleave", leave);
  place.addEventListener("blur", leave);
  place.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === "Escape") leave();
    if (step === undefined || !drawn.points.length) return;
    event.preventDefault();
    show(clamp(at + step, 0, drawn.points.length - 1));
  });
  let width = 0;
  new ResizeObserver(() => { if (width !== (width = place.clientWidth)) redraw(); }).observe(place);
  const button = el("button", { type: "button", click: () => save(charts[file](), `${file}.svg`) }, "Save as SVG");
  const node = el("section", {}, el("div", { class: "head" }, el("h2", {}, title), el("div", { class: "chart-tools" }, button)),
    ...above, el("figure", {}, el("figcaption", {}, words), place), ...below);
  charts[file] = () => { redraw(); return picture(drawn.root, `${title}. ${words}`); };
  return { node, redraw };
};
const label = (x, y, words, kind = "", anchor = "start") => svg("text", { x, y, class: kind, "text-anchor": anchor }, words);

// The forest plot: a line per row, the worst above; of many rows, only the ends are named.
const MOST_NAMED = 40, WORST = 16, BEST = 8;
const forest = (rows, limit, width, title) => {
  const timed = rows.filter((row) => row.ratio !== null && row.verdict in VERDICTS);
  const wide = width > 700, longest = Math.max(0, ...timed.slice(0, 500).map((row) => row.label.length));
  const left = wide ? Math.min(330, width * 0.32, 24 + longest * 7.4) : 6, right = width - (wide ? 205 : 8);
  const odd = timed.filter((row) => row.verdict !== "steady" && row.verdict !== "improved").length;
  const worst = clamp(odd, 6, WORST), best = Math.min(BEST, timed.filter((row) => row.verdict === "improved").length);
  const named = (i) => timed.length <= MOST_NAMED || i < worst || i >= timed.length - best;
  const thin = clamp(260 / Math.max(1, timed.length - worst - best), 0.05, 6), tall = wide ? 24 : 40;
  const ends = timed.flatMap((row) => [row.ratio, row.low ?? row.ratio, row.high ?? row.ratio]);
  const reach = (found) => clamp(Math.max(1 + 2.5 * limit, ...found), 1, 4) * 1.03;
  const fastest = 1 / reach(ends.map((end) => 1 / end)), slowest = reach(ends);
  const x = axis(fastest, slowest, left, right), top = 46;
  let y = top + 6;
  const root = svg("svg", {}), points = [], thins = {};
  const body = timed.map((row, i) => {
    const height = named(i) ? tall : thin, middle = y + height - (wide || !named(i) ? height / 2 : 10);
    y += height;
    return [row, middle, named(i), height];
  });
  const height = y + 8, bound = 1 + limit;
  const zone = (from, to, kind) => svg("rect", { x: from, y: top, width: Math.max(0, to - from), height: y + 4 - top, class: kind });
  const under = svg("g", {}, zone(x(bound), right, "zone-bad"), zone(left, x(1 / bound), "zone-good"));
  for (const [row, middle, isNamed, tall] of body.filter(([row]) => row.limit)) {
    const [from, to] = [bound, 1 + row.limit].map((end) => clamp(x(end), left, right)).sort((a, b) => a - b);
    const above = middle + (wide || !isNamed ? tall / 2 : 10) - tall;
    under.append(svg("rect", { x: from, y: above, width: to - from, height: tall, class: row.limit < limit ? "zone-bad" : "page own" }),
      svg("path", { class: "limit", d: `M${clamp(x(1 + row.limit), left, right)} ${above}v${tall}` }));
  }
  root.append(under);
  for (const tick of ticks(fastest, slowest, clamp((right - left) / 62, 3, 9))) {
    root.append(svg("path", { class: "grid", d: `M${x(tick)} ${top}V${y + 4}` }), label(x(tick), top - 6, String(tick), "soft mono", "middle"));
  }
  root.append(svg("path", { class: "one", d: `M${x(1)} ${top}V${y + 4}` }),
    svg("path", { class: "limit", d: `M${x(bound)} ${top - 2}V${y + 4}` }), svg("path", { class: "limit good", d: `M${x(1 / bound)} ${top - 2}V${y + 4}` }),
    label(left, 14, "◂ faster", "soft"), label(right, 14, "slower ▸", "soft", "end"),
    label((left + right) / 2, 14, wide ? `factor of the time; limits ±${digits(100 * limit)} %` : `limits ±${digits(100 * limit)} %`, "soft", "middle"));
  for (const [row, middle, isNamed] of body) {
    const at = (value, other) => clamp(x(value ?? other), left, right);
    const low = at(row.low, fastest), high = at(row.high, slowest), mean = at(row.ratio, 1);
    const [tone, shape, hollow] = VERDICTS[row.kind];
    if (isNamed && !wide) root.append(svg("rect", { x: 0, y: middle - 30, width, height: 20, class: "page" }));
    const bars = `M${low.toFixed(1)} ${middle.toFixed(2)}H${high.toFixed(1)}`;
    points.push({ x: mean, y: middle, text: title(row) });
    if (!isNamed) { thins[tone] = (thins[tone] ?? "") + bars; continue; }
    const cap = (place, inner) => (place > left && place < right ? `M${place} ${middle - 4}v8` : `M${place + inner} ${middle - 4}L${place} ${middle}l${inner} 4`);
    root.append(svg("g", { class: tone },
      svg("path", { class: "span", d: bars + cap(low, 5) + cap(high, -5) }),
      svg("path", { class: `shape ${hollow ? "hollow" : ""}`, d: SHAPES[shape](mean, middle, 4.5) })));
    const words = short(row.label, Math.floor((wide ? left - 14 : width - 130) / 7.4));
    root.append(...(wide
      ? [label(left - 12, middle + 4, words, "mono", "end"), label(right + 12, middle + 4, factor(row.ratio), "mono"), label(right + 66, middle + 4, interval(row), "mono soft")]
      : [label(0, middle - 15, words, "mono"), label(width, middle - 15, factor(row.ratio), "mono", "end")]));
  }
  for (const [tone, d] of Object.entries(thins)) {
    under.append(svg("path", { class: `span ${tone} ${thin < 4 ? "thin" : ""}`, d }));
  }
  const focus = svg("path", { class: "focus" });
  root.append(focus);
  root.setAttribute("viewBox", `0 0 ${width} ${height}`);
  root.setAttribute("height", height);
  return { root, points, focus, wide: 0.05 };
};

// Lines: of time against size, or of a factor from run to run.
const apart = (wanted, gap, low, high) => {
  const groups = []; // neighbours that would overlap share their middle
  for (const i of [...wanted.keys()].sort((a, b) => wanted[a] - wanted[b])) {
    let group = { all: [i], sum: wanted[i] };
    const start = ({ all, sum }) => clamp(sum / all.length - (gap * (all.length - 1)) / 2, low, high - gap * (all.length - 1));
    while (groups.length && start(group) < start(groups.at(-1)) + gap * groups.at(-1).all.length) {
      const above = groups.pop();
      group = { all: [...above.all, ...group.all], sum: above.sum + group.sum };
    }
    groups.push(group);
    group.start = start(group);
  }
  const found = [];
  groups.forEach(({ all, start }) => all.forEach((i, place) => { found[i] = start + gap * place; }));
  return found;
};
const lines = (series, { xs, xName, xWords, yWords, yTick, limits = [], memory = [], least = 1.05 }, width) => {
  const wide = width > 700 && series.length <= 16, height = wide ? 430 : 340;
  const left = 58, right = width - (wide ? Math.min(270, width * 0.28) : 14), top = 34, bottom = height - 50;
  const every = [...series, { points: memory }].flatMap((each) => each.points);
  const middles = [...every, ...limits].map((p) => p.y);
  let [low, high] = middles.length ? [Math.min(...middles), Math.max(...middles)] : [1, 2];
  // A wide interval is cut off, lest it press all others together.
  [low, high] = [clamp(Math.min(...every.map((p) => p.low ?? p.y)), low / 1.5, low), clamp(Math.max(...every.map((p) => p.high ?? p.y)), high, high * 1.5)];
  const edge = Math.max(1.02, least * Math.sqrt(low / high));
  [low, high] = [low / edge, high * edge];
  const x = axis(xs[0], xs.at(-1), left + 24, right - 24, !xName), y = axis(low, high, bottom, top);
  const within = (value) => clamp(y(value), top, bottom);
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, height }), points = [];
  root.append(label(4, 16, yWords, "soft"), label((left + right) / 2, height - 8, xWords, "soft", "middle"));
  for (const tick of ticks(low, high, 8)) {
    root.append(svg("path", { class: "grid", d: `M${left} ${y(tick)}H${right}` }), label(left - 8, y(tick) + 4, yTick(tick), "soft mono", "end"));
  }
  const step = Math.ceil(xs.length / Math.max(2, Math.floor((right - left) / (xName ? 90 : 52))));
  let free = -Infinity;
  xs.forEach((value, i) => {
    if (i % step || x(value) < free) return;
    free = x(value) + 46;
    root.append(svg("path", { class: "grid", d: `M${x(value)} ${bottom}v5` }),
      label(clamp(x(value), 20, width - 40), bottom + 20, short(xName ? xName(value) : value.toLocaleString("en"), 14), "soft mono", "middle"));
  });
  for (const limit of limits) root.append(svg("path", { class: limit.kind, d: `M${left} ${y(limit.y)}H${right}` }));
  // At one run, intervals stand beside each other.
  const across = (p, i) => x(p.x) + (xName && p.low !== undefined ? 5 * (i % 9) - 2.5 * (Math.min(series.length, 9) - 1) : 0);
  const follows = (p, before) => before && (!xName || p.x === before.x + 1); // a run without it leaves a gap
  const route = (found, i) => found.map((p, j) => `${follows(p, found[j - 1]) ? "L" : "M"}${across(p, i).toFixed(1)} ${y(p.y).toFixed(1)}`).join("");
  if (memory.length) {
    root.append(svg("path", { class: "memory", d: route(memory, 0) }));
    points.push(...memory.map((p) => ({ x: x(p.x), y: y(p.y), text: p.text })));
  }
  series.forEach(({ style, points: found }, i) => {
    const group = svg("g", { class: style.tone }, svg("path", { class: "line", d: route(found, i), "stroke-dasharray": style.dash || undefined }));
    for (const p of found) {
      const at = across(p, i);
      if (p.low && p.high) group.append(svg("path", { class: "whisker", d: `M${at - 3} ${within(p.low)}h6m-3 0V${within(p.high)}m-3 0h6` }));
      group.append(svg("path", { class: "shape", d: SHAPES[style.shape](at, y(p.y), 4) }));
      points.push({ x: at, y: y(p.y), text: p.text });
    }
    root.append(group);
  });
  const named = wide ? [...series, ...(memory.length ? [{ name: "memory limit", points: memory, style: { tone: "" } }] : [])] : [];
  const heights = apart(named.map((each) => y(each.points.at(-1).y)), 16, top, bottom);
  named.forEach((each, i) => {
    const end = each.points.at(-1);
    root.append(svg("g", { class: each.style.tone },
      svg("path", { class: "leader", d: `M${across(end, i) + 7} ${y(end.y)}L${right + 8} ${heights[i]}` }), label(right + 12, heights[i] + 4, short(each.name, Math.floor((width - right - 14) / 7.3)), "mono end")));
  });
  const focus = svg("path", { class: "focus" });
  root.append(focus);
  return { root, points, focus };
};
