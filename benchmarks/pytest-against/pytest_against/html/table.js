// The table: what is shown of the rows, in any order, a part at a time.
const PART = 100;
const column = (title, key, text, kind = "", cell = undefined) => ({ title, key, text, kind, cell });
const number = (title, key, text) => column(title, key, text, "number");
const run = several ? [column("run", "head", (row) => row.head, "value")] : [];
const COLUMNS = judged ? [
  column("row", "row", (row) => row.row),
  ...run,
  column("verdict", "place", (row) => row.verdict, "", (row) => el("span", { class: `mark ${VERDICTS[row.kind][0]}` }, sign(row.kind), row.verdict)),
  number("was", "was", (row) => duration(row.was)),
  number("is", "now", (row) => duration(row.now)),
  number("factor", "ratio", (row) => (row.ratio === null ? "" : factor(row.ratio))),
  number("interval", "high", interval),
  number("trials", "trials", (row) => (row.trials ? String(row.trials) : "")),
  column("why", "why", (row) => row.why, "note"),
] : [
  column("row", "row", (row) => row.row),
  column("group", "facet", (row) => row.facet, "value"),
  number("median", "median", (row) => duration(row.median)),
  number("middle half", "high", (row) => (row.trials > 1 ? `${duration(row.low)} to ${duration(row.high)}` : "")),
  number("trials", "trials", (row) => String(row.trials)),
  ...(rows.some((row) => row.size) ? [number("per element", "each", (row) => (row.each ? duration(row.each) : ""))] : []),
];
rows.forEach((row, place) => Object.assign(row, { place, each: row.size ? row.median / row.size : null }));
let sorted = { key: "place", way: 1 }, most = PART;
const compare = (a, b) => {
  const [one, other] = [a[sorted.key], b[sorted.key]];
  if ((one ?? "") === "" || (other ?? "") === "") return ((one ?? "") === "") - ((other ?? "") === "");
  return sorted.way * (typeof one === "string" ? one.localeCompare(other, "en", { numeric: true }) : one - other);
};
const body = el("tbody", {}), total = el("p", { class: "count quiet", role: "status" });
const more = el("button", { type: "button", click: () => { most += 5 * PART; fill(); } });
const headings = COLUMNS.map((each) => el("th", { scope: "col", class: each.kind === "number" ? "number" : "" }, el("button", { type: "button", click: () => {
  sorted = { key: each.key, way: sorted.key === each.key ? -sorted.way : each.kind === "number" ? -1 : 1 };
  fill();
} }, each.title)));
const fill = () => {
  const found = shown().sort(compare), part = found.slice(0, most);
  body.replaceChildren(...part.map((row) => el("tr", { role: "row" }, ...COLUMNS.map((each, i) => {
    const text = each.text(row);
    if (!i) return el("th", { scope: "row", role: "rowheader" }, name(text));
    const labelled = each.cell || !text ? undefined : each.title;
    return el("td", { class: each.kind, role: "cell", "data-label": labelled }, each.cell ? each.cell(row) : each.kind === "number" ? text : el("bdi", {}, text));
  }))));
  headings.forEach((each, i) => {
    const way = COLUMNS[i].key === sorted.key ? (sorted.way > 0 ? "ascending" : "descending") : "none";
    each.setAttribute("aria-sort", way);
  });
  total.textContent = `${part.length} of ${countOf(rows.length)}${found.length > part.length ? `; ${found.length - part.length} more match` : ""}`;
  more.hidden = found.length <= part.length;
  more.textContent = `Show ${Math.min(5 * PART, found.length - part.length)} more`;
};
listeners.push(() => { most = PART; fill(); });
if (rows.length) {
  const table = el("table", { role: "table", "aria-label": "All rows" }, el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...headings)), body);
  body.setAttribute("role", "rowgroup");
  headings.forEach((each) => each.setAttribute("role", "columnheader"));
  main.append(el("section", {}, el("div", { class: "head" }, el("h2", {}, "All rows")),
    ...(judged ? [] : [tools]), total,
    el("div", { class: "scroll cards", tabindex: 0, role: "region", "aria-label": "All rows" }, table), el("p", {}, more)));
  fill();
}

// What the suite says of its methods, and on what it was measured.
const grid = (title, [titles, ...lines]) => el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title }, el("table", { class: "grid" },
  el("thead", {}, el("tr", {}, ...titles.map((each) => (each ? el("th", { scope: "col" }, each) : el("td", {}))))),
  el("tbody", {}, ...lines.map((cells) => el("tr", {}, ...cells.map((each, i) => (i ? el("td", {}, el("bdi", {}, each)) : el("th", { scope: "row" }, name(each)))))))));
if (data.facts.length) main.append(el("section", {}, el("div", { class: "head" }, el("h2", {}, "The methods")), grid("The methods", data.facts)));
const machines = []; // those that are alike are one
for (const [run, about] of data.machines) {
  const same = machines.find((each) => JSON.stringify(each.about) === JSON.stringify(about));
  if (same) same.runs.push(run); else machines.push({ runs: [run], about });
}
const keys = [...new Set(machines.flatMap((each) => Object.keys(each.about)))];
const differs = (key) => machines.some((each) => each.about[key] !== machines[0].about[key]);
if (machines.length || data.notes.length) {
  main.append(el("section", {}, el("div", { class: "head" }, el("h2", {}, "Where, with what, and how sure")),
    machines.length === 1
      ? el("dl", { class: "facts" }, ...keys.flatMap((key) => [el("dt", {}, key.replaceAll("_", " ")), el("dd", {}, machines[0].about[key])]))
      : grid("The machines", [["", ...machines.map((each) => each.runs.join(", "))],
        ...keys.map((key) => [key.replaceAll("_", " ") + (differs(key) ? " (differs)" : ""), ...machines.map((each) => each.about[key] ?? "")])]),
    el("ul", {}, ...data.notes.map((note) => el("li", { class: "note" }, note)))));
}

// What a command asks for: a chart as text, by default the first, or else which there are.
const asked = location.hash.match(/^#draw=(.*)$/)?.[1];
if (asked !== undefined) {
  const names = Object.keys(charts);
  document.body.append(el("pre", { id: "drawn", hidden: "" }, charts[asked || names[0]]?.() ?? names.join(" or ")));
}
