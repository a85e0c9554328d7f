/** Light and dark; one column, which a phone holds too. Every colour has a contrast of at least 3 : 1 with the paper, text 4.5 : 1. */
export const STYLE = `
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1c1e21; --muted: #63686f; --rule: #dcdfe3; --raised: #f5f6f8; --link: #1d4fb8;
  --c1: #2f5fc4; --c2: #c2410c; --c3: #2b8a3e; --c4: #c2255c; --c5: #7048e8; --c6: #0b7285; --c7: #8a6d00; --c8: #6b4a3a; --c9: #495057; --c10: #9c36b5; }
@media (prefers-color-scheme: dark) { :root { --paper: #14161a; --ink: #e6e8eb; --muted: #a0a6ae; --rule: #343940; --raised: #1d2025; --link: #8fb2ff;
  --c1: #7aa2ff; --c2: #ff9f5a; --c3: #69db7c; --c4: #ff8fab; --c5: #b197fc; --c6: #3bc9db; --c7: #ffd43b; --c8: #d0a98f; --c9: #adb5bd; --c10: #e599f7; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main, header, footer { max-width: 820px; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; } footer { padding-bottom: 3rem; color: var(--muted); font-size: 0.875rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 0.25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 2.75rem 0 0.25rem; padding-top: 1.25rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 0.75rem 0 0.35rem; }
p { margin: 0.4rem 0 0.8rem; max-width: 44rem; } .lead { color: var(--muted); margin-bottom: 1rem; }
a { color: var(--link); } a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -100rem; } .skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: 0.5rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.1rem; list-style: none; margin: 1rem 0 0; padding: 0; }
nav a { display: inline-block; padding: 0.2rem 0; }
.scroll { overflow-x: auto; margin: 0.75rem 0; } table { border-collapse: separate; border-spacing: 0; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { padding: 0.3rem 0.75rem 0.3rem 0; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th.text, td.text { text-align: left; } th { font-weight: 600; } thead th { color: var(--muted); vertical-align: bottom; white-space: normal; min-width: 4.2rem; }
tbody th { font-weight: 500; position: sticky; left: 0; background: var(--paper); }
figure { margin: 1.25rem 0 1.75rem; min-width: 0; } figcaption { margin-top: 0.5rem; color: var(--muted); font-size: 0.9rem; max-width: 44rem; }
figure svg { display: block; max-width: 100%; height: auto; } .narrow { display: none; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(330px, 1fr)); gap: 0 1.5rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.15rem 1.1rem; list-style: none; padding: 0; margin: 0 0 0.35rem; font-size: 0.875rem; }
.legend li { display: flex; align-items: center; gap: 0.4rem; }
.key { width: 10px; height: 10px; border-radius: 50%; background: currentColor; flex: none; }
.key.line { width: 18px; height: 3px; border-radius: 2px; } .key.ring { background: none; border: 2px solid currentColor; }
.key.dashed { width: 18px; height: 0; border-radius: 0; background: none; border-top: 3px dashed currentColor; }
details { margin: 0.4rem 0; } summary { cursor: pointer; color: var(--muted); font-size: 0.9rem; padding: 0.2rem 0; width: fit-content; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.notice { background: var(--raised); border-left: 4px solid var(--c2); padding: 0.6rem 0.9rem; border-radius: 3px; max-width: none; }
.files { display: flex; flex-wrap: wrap; gap: 0.6rem; list-style: none; padding: 0; }
.files a { display: block; padding: 0.45rem 0.8rem; border: 1px solid var(--rule); border-radius: 6px; background: var(--raised); text-decoration: none; }
@media (max-width: 640px) { body { font-size: 15px; } main, header, footer { padding-left: 1rem; padding-right: 1rem; }
  .wide { display: none; } .narrow { display: block; } .pair { grid-template-columns: 1fr; } h1 { font-size: 1.45rem; } }
@media print { nav, .files { display: none; } }
`;
