//! The style sheet.
//!
//! Colours of text keep a contrast of at least 4.5 to 1 on paper and card (WCAG 2.1 AA), in light and in dark. Green and
//! red repeat what an arrow and a word say beside them.

/// All of it; stands inside `<style>`.
pub(super) const SHEET: &str = r#"
:root {
  color-scheme: light dark;
  --paper: #f6f4ee; --card: #ffffff; --ink: #1d1f24; --muted: #595e69; --line: #e2ddd1;
  --tape: #f2c230; --tick: #1d1f24; --chart: #0f6c82; --area: rgba(15, 108, 130, 0.13); --track: #e9e5da;
  --good: #136437; --bad: #b0261d; --warn: #7c5200; --shadow: 0 1px 2px rgba(40, 34, 20, 0.06), 0 6px 20px rgba(40, 34, 20, 0.05);
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #131518; --card: #1b1e23; --ink: #ecebe6; --muted: #a5abb7; --line: #30343c;
    --tape: #e3b52a; --chart: #63c4d9; --area: rgba(99, 196, 217, 0.16); --track: #2c3038;
    --good: #72d393; --bad: #ff9288; --warn: #f0c063; --shadow: none;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%;
}
main { max-width: 76rem; margin: 0 auto; padding: clamp(1.25rem, 4vw, 3.5rem); }
h1 { margin: 0 0 1rem; font-size: clamp(1.8rem, 4vw, 2.6rem); line-height: 1.15; letter-spacing: -0.025em; text-wrap: balance; }
h2 { margin: 3rem 0 1rem; font-size: 1.2rem; letter-spacing: -0.01em; }
h3 { margin: 0; font-size: 0.9rem; font-weight: 600; color: var(--muted); }
p { margin: 0; }
.tape {
  height: 1.1rem; border-radius: 3px; background:
    repeating-linear-gradient(90deg, var(--tick) 0 1.5px, transparent 1.5px 50px) 0 0 / 100% 0.8rem no-repeat,
    repeating-linear-gradient(90deg, var(--tick) 0 1px, transparent 1px 10px) 0 0 / 100% 0.4rem no-repeat,
    var(--tape);
}
dl { margin: 0; }
dd { margin: 0; }
.facts { display: flex; flex-wrap: wrap; gap: 0.6rem 2.2rem; margin-top: 1.1rem; }
.facts dt { font-size: 0.78rem; color: var(--muted); }
.facts dd { overflow-wrap: anywhere; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr)); gap: 1rem; }
.card {
  display: flex; flex-direction: column; gap: 0.55rem; padding: 1.15rem 1.25rem 1.2rem;
  background: var(--card); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow);
  overflow-wrap: anywhere; break-inside: avoid;
}
.badge {
  margin-left: 0.35rem; padding: 0.05rem 0.45rem; border: 1px dashed currentColor; border-radius: 999px;
  font-size: 0.72rem; font-weight: 500; white-space: nowrap;
}
.value { font-size: 2rem; font-weight: 700; line-height: 1.1; letter-spacing: -0.025em; }
.change { font-size: 0.9rem; font-weight: 600; }
.better { color: var(--good); }
.worse { color: var(--bad); }
.neutral { color: var(--muted); }
.chart { display: block; width: 100%; height: 3.5rem; margin-top: 0.2rem; overflow: visible; }
.chart path { vector-effect: non-scaling-stroke; }
.area { fill: var(--area); }
.line { fill: none; stroke: var(--chart); stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.limit { fill: none; stroke: var(--muted); stroke-width: 1; stroke-dasharray: 3 4; }
.target { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 0.8rem; font-size: 0.9rem; }
.target .better, .target .worse { font-weight: 600; }
.gauge { height: 0.5rem; border-radius: 999px; background: var(--track); overflow: hidden; }
.gauge span { display: block; height: 100%; border-radius: inherit; background: currentColor; }
.details { display: flex; flex-wrap: wrap; gap: 0.15rem 1rem; font-size: 0.85rem; }
.details div { display: flex; gap: 0.35rem; }
.details dt { color: var(--muted); }
.note { font-size: 0.9rem; color: var(--warn); }
.nothing { color: var(--muted); }
.scroll {
  overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow);
}
.scroll:focus-visible { outline: 2px solid var(--chart); outline-offset: 2px; }
table { width: 100%; border-collapse: collapse; font-size: 0.93rem; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
th, td { padding: 0.6rem 0.7rem; text-align: right; white-space: nowrap; vertical-align: top; }
th:first-child, td.id { text-align: left; }
thead th { font-size: 0.8rem; font-weight: 600; color: var(--muted); border-bottom: 1px solid var(--line); vertical-align: bottom; }
thead th:last-child:nth-child(5) { text-align: left; }
tbody th { font-weight: 600; white-space: normal; overflow-wrap: anywhere; min-width: 8rem; }
tbody tr + tr > * { border-top: 1px solid var(--line); }
td.id { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.85rem; }
.few { color: var(--muted); }
.bar { display: block; height: 0.3rem; min-width: 4.5rem; margin-top: 0.3rem; border-radius: 999px; background: var(--track); overflow: hidden; }
.bar span { display: block; height: 100%; border-radius: inherit; background: var(--chart); }
.suggestions { margin: 0; padding: 0; list-style: none; counter-reset: suggestion; display: grid; gap: 0.75rem; }
.suggestions li {
  position: relative; counter-increment: suggestion; padding: 0.9rem 1.25rem 0.95rem 3.3rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow); overflow-wrap: anywhere; break-inside: avoid;
}
.suggestions li::before {
  content: counter(suggestion); position: absolute; left: 1.1rem; top: 0.95rem; width: 1.5rem; height: 1.5rem;
  border-radius: 999px; background: var(--tape); color: var(--tick); font-size: 0.85rem; font-weight: 700;
  line-height: 1.5rem; text-align: center;
}
.suggestions p:first-child { font-weight: 600; }
.evidence { font-size: 0.9rem; color: var(--muted); }
.notes { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: 0.85rem; color: var(--muted); }
.notes ul { margin: 0; padding: 0; list-style: none; display: grid; gap: 0.2rem; }
@media print {
  :root {
    color-scheme: light;
    --paper: #ffffff; --card: #ffffff; --ink: #000000; --muted: #4a4e57; --line: #cfcabd;
    --tape: #f2c230; --chart: #0f6c82; --area: rgba(15, 108, 130, 0.13); --track: #e9e5da;
    --good: #136437; --bad: #b0261d; --warn: #7c5200; --shadow: none;
  }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  body { font-size: 10pt; }
  h2 { margin-top: 1.6rem; break-after: avoid; }
  .cards { grid-template-columns: repeat(3, 1fr); gap: 0.6rem; }
  .scroll { overflow: visible; }
  th, td { padding: 0.35rem 0.5rem; }
  tr { break-inside: avoid; }
}
"#;
