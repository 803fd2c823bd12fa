/// The looks of a page. Colours are those of Okabe and Ito, which readers of all kinds of sight tell apart; no meaning is in a colour
/// alone.
enum StyleSheet {
    static let text: StaticString = """
        :root { color-scheme: light dark; --paper: #ffffff; --ink: #1b1b1f; --faint: #55585f; --rule: #c9ccd2; --panel: #f5f6f8;
          --accent: #005a9c; --fill: #8fc0e8; --second: #a44200; --warn: #fff3d6; --warn-ink: #5c3d00; }
        @media (prefers-color-scheme: dark) { :root { --paper: #131519; --ink: #eceef2; --faint: #b0b5be; --rule: #454a54; --panel: #1c1f25;
          --accent: #8cc8ff; --fill: #2d618f; --second: #ffb073; --warn: #3a2d0c; --warn-ink: #ffdf9c; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; padding: 1rem; max-width: 84rem; background: var(--paper); color: var(--ink);
          font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; overflow-wrap: anywhere; }
        h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 .5rem; }
        h2 { font-size: 1.15rem; line-height: 1.3; margin: 1.25rem 0 .5rem; }
        h3 { font-size: 1rem; margin: 0 0 .5rem; }
        p { margin: .25rem 0; }
        .mean { font-size: 2rem; line-height: 1.25; font-weight: 600; font-variant-numeric: tabular-nums; }
        .mean small { font-size: 1rem; font-weight: 400; }
        .faint, figcaption, footer { color: var(--faint); }
        figcaption { font-size: .9rem; margin-bottom: .5rem; }
        .warnings { background: var(--warn); color: var(--warn-ink); border-left: .3rem solid currentColor; padding: .5rem 1rem;
          margin: 1rem 0; }
        .warnings h2 { margin: 0; font-size: 1rem; }
        ul { margin: .25rem 0; padding-left: 1.25rem; }
        .reports { display: grid; gap: 1rem 2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr));
          align-items: start; }
        .figures { columns: 23rem; column-gap: 1rem; margin-top: 1rem; }
        article, figure, .figures { min-width: 0; }
        figure { break-inside: avoid; margin: 0 0 1rem; padding: .75rem; background: var(--panel); border: 1px solid var(--rule);
          border-radius: .4rem; }
        svg { display: block; width: 100%; max-width: 560px; height: auto; margin: 0 auto .5rem; font-size: 12px; }
        svg text { fill: var(--ink); }
        svg .name, svg .note { fill: var(--faint); }
        svg .grid { stroke: var(--rule); stroke-width: 1; }
        svg .axis { stroke: var(--faint); stroke-width: 1; }
        svg .reference { stroke: var(--second); stroke-width: 1.5; stroke-dasharray: 5 3; }
        svg .bar, svg .curve { stroke: var(--accent); stroke-width: 2; fill: none; }
        svg .warn { fill: var(--warn-ink); }
        svg .dot { fill: var(--accent); stroke: var(--panel); stroke-width: 1; }
        svg .mark { fill: var(--second); stroke: var(--panel); stroke-width: 1; }
        svg .box { fill: var(--fill); stroke: var(--accent); stroke-width: 1; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
        th, td { padding: .15rem .6rem .15rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
        th { font-weight: 600; }
        tbody th { font-weight: 400; max-width: 20rem; min-width: 5rem; overflow-wrap: anywhere; }
        .text { text-align: left; }
        .number { text-align: right; white-space: nowrap; }
        td.text { min-width: 8rem; overflow-wrap: anywhere; }
        thead th.number { white-space: normal; }
        summary { cursor: pointer; font-size: .9rem; padding: .25rem 0; }
        :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
        dl { display: grid; grid-template-columns: minmax(6rem, max-content) minmax(0, 1fr); gap: .15rem 1rem; margin: .5rem 0;
          font-size: .9rem; }
        dt { color: var(--faint); }
        dd { margin: 0; }
        footer { margin-top: 1.5rem; border-top: 1px solid var(--rule); padding-top: .5rem; font-size: .9rem; }
        @media print { :root { color-scheme: light; --paper: #ffffff; --ink: #000000; --faint: #333333; --rule: #999999; --panel: #ffffff;
            --accent: #005a9c; --fill: #8fc0e8; --second: #a44200; --warn: #ffffff; --warn-ink: #000000; }
          body { max-width: none; padding: 0; font-size: 11px; }
          .figures { columns: 17rem; }
          .scroll { overflow: visible; }
          details::details-content { content-visibility: visible; block-size: auto; } }

        """
}
