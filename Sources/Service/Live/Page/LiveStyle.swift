/// The style sheet of the live page. Its colours are those of the charts.
enum LiveStyle {
  static let text = """

    :root{color-scheme:light dark;--paper:#ffffff;--ink:#1f2328;--quiet:#57606a;--grid:#e4e8ec;--line:#8c959f;--blue:#0072B2;--red:#b34e00;--bar:#D55E00}
    @media (prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#e6edf3;--quiet:#9198a1;--grid:#262c34;--line:#6e7781;--blue:#5aaee0;--red:#f0883e;--bar:#D55E00}}
    *{box-sizing:border-box}
    body{margin:0;padding:1rem;background:var(--paper);color:var(--ink);font:16px/1.45 system-ui,sans-serif;overflow-wrap:anywhere}
    header,main,footer{max-width:76rem;margin:0 auto}
    h1,li,td,#reason,#folder{unicode-bidi:plaintext}
    h1{font-size:1.5rem;line-height:1.2;margin:0 0 .25rem}
    h2{font-size:1.1rem;margin:1.75rem 0 .5rem;border-top:1px solid var(--grid);padding-top:.75rem}
    h3{font-size:.95rem;margin:.75rem 0 .25rem}
    p{margin:.25rem 0}
    footer{margin-top:1.75rem;border-top:1px solid var(--grid);padding-top:.5rem}
    a{color:var(--blue)}
    .quiet{color:var(--quiet);font-size:.875rem}
    #verdict{font-size:1.15rem;font-weight:600;border-left:.35rem solid var(--blue);padding:.15rem .6rem;margin:.5rem 0}
    #verdict.bad{border-color:var(--bar)}
    #report a{display:inline-block;font-weight:600;padding:.4rem .8rem;border:2px solid var(--blue);border-radius:.35rem;margin:.35rem 0}
    :focus-visible{outline:3px solid var(--blue);outline-offset:2px}
    progress{width:100%;height:.8rem;accent-color:var(--blue)}
    dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.6rem;margin:.6rem 0}
    dl div{border:1px solid var(--grid);border-radius:.35rem;padding:.4rem .6rem}
    dt{color:var(--quiet);font-size:.8125rem}
    dd{margin:0;font-size:1.15rem;font-variant-numeric:tabular-nums}
    #courses{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1rem}
    figure{margin:0}
    figcaption{font-size:.875rem}
    svg{display:block;width:100%;height:6rem;border-bottom:1px solid var(--line)}
    .area{fill:var(--blue);fill-opacity:.15}
    .curve{fill:none;stroke:var(--blue);stroke-width:2;vector-effect:non-scaling-stroke}
    .event{stroke:var(--bar);stroke-width:2;stroke-dasharray:4 3;vector-effect:non-scaling-stroke}
    .ends{display:flex;justify-content:space-between;color:var(--quiet);font-size:.8125rem}
    #grid{max-height:26rem;overflow:auto;border:1px solid var(--grid);border-radius:.35rem;padding:.4rem}
    ol,ul{margin:.25rem 0;padding-left:1.25rem}
    #cells{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr));gap:.3rem}
    #cells li{border:1px solid var(--grid);border-left:.35rem solid var(--line);border-radius:.25rem;padding:.15rem .35rem;font-size:.8125rem;line-height:1.3;min-height:3.6rem;overflow:hidden}
    #cells li.normal{border-left-color:var(--blue)}
    #cells li.silent{border-left-style:dashed}
    #cells li.anomalous{border-color:var(--bar);border-left-color:var(--bar)}
    #cells b{display:block;font-weight:600;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
    #cells span{display:block;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;font-variant-numeric:tabular-nums}
    #cells .mark{color:var(--red);font-weight:600}
    .table{overflow-x:auto;margin:.5rem 0 1rem}
    caption{text-align:left;font-weight:600}
    table{border-collapse:collapse;font-size:.875rem}
    th,td{text-align:left;padding:.25rem 1.5rem .25rem 0;border-bottom:1px solid var(--grid);vertical-align:top;white-space:nowrap}
    .text{white-space:normal;min-width:12rem;max-width:44rem}
    .number{text-align:right;font-variant-numeric:tabular-nums}
    [hidden]{display:none}
    @media (max-width:40rem){
    thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
    table,caption,tbody,tr{display:block}
    tr{border-bottom:1px solid var(--grid);padding:.3rem 0}
    td{display:inline-block;border:0;padding:0 1rem 0 0;white-space:normal;overflow-wrap:anywhere}
    td.number{text-align:left}
    td:empty{display:none}
    td::before{content:attr(data-column) ": ";color:var(--quiet)}
    .text{min-width:0}
    }
    @media (max-width:30rem){body{padding:.75rem}dl{grid-template-columns:repeat(2,1fr)}#cells{grid-template-columns:repeat(2,1fr)}}
    @media (forced-colors:active){#cells li.anomalous{border-width:3px}}

    """
}
