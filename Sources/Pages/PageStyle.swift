/// The style sheet of a page: the same text for every page, so that a policy can allow it by its digest.
package enum PageStyle {
  /// Phones first: what is wide scrolls within itself, and the page does not.
  package static let text =
    """
    :root{color-scheme:light dark;\(PageColors.light.variables)}
    @media screen and (prefers-color-scheme:dark){:root{\(PageColors.dark.variables)}}
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-padding-top:1rem}
    body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,"Segoe UI","Helvetica Neue",Arial,sans-serif}
    body>*{max-width:60rem;margin:0 auto;padding:0 1rem}
    h1,h2,p,td,th,dd,li,summary,caption{overflow-wrap:anywhere}
    h1{font-size:1.6rem;line-height:1.25;margin:0}
    h2{font-size:1.3rem;line-height:1.3;margin:0 0 .75rem}
    p{margin:0 0 .75rem;max-width:46rem}
    a{color:var(--link)}
    :focus-visible{outline:3px solid var(--link);outline-offset:2px}
    body>header{padding-top:1.5rem;padding-bottom:.5rem}
    .verdict{display:flex;align-items:center;gap:.5rem;margin:.25rem 0 .5rem;font-size:1.6rem;font-weight:700;line-height:1.25}
    .verdict .sign{width:1.5rem;height:1.5rem;margin:0}
    .facts{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;margin:0}
    .facts div{display:flex;gap:.4rem}
    .facts dt,.topic,.of,.pointed,footer{color:var(--quiet)}
    .facts dd{margin:0;font-variant-numeric:tabular-nums}
    nav ol{list-style:none;margin:.75rem 0 0;padding:0;border-top:1px solid var(--line)}
    nav li{border-bottom:1px solid var(--line)}
    nav a{display:block;padding:.4rem 0;text-decoration:none;color:var(--ink)}
    nav a:hover .finding{text-decoration:underline}
    nav .topic{display:block;font-size:.875rem}
    nav .finding{color:var(--link)}
    section{margin:2.5rem 0 0;padding-top:1.25rem;border-top:2px solid var(--line)}
    .topic{font-size:.875rem;margin:0;font-weight:600}
    figure{margin:0 0 1.25rem}
    figcaption{color:var(--quiet);font-size:.875rem;max-width:46rem}
    .scroll{overflow-x:auto;position:relative}
    .picture .scroll{margin:0 -1rem}
    .picture svg{display:block;width:100%;min-width:42rem}
    .pointed{font-size:.875rem;min-height:1.5em;margin:.25rem 0 0}
    .sign{flex:none;vertical-align:-.15em;margin-right:.35em;fill:none;stroke:currentColor;stroke-width:2.4}
    .is-good{color:var(--good)}.is-bad{color:var(--bad)}.is-doubtful,.is-stopped{color:var(--doubtful)}.is-neutral{color:var(--quiet)}
    table{border-collapse:collapse;font-size:.9375rem;min-width:min(100%,30rem)}
    .table{margin:0 0 1.25rem}
    caption{caption-side:top;text-align:left;font-weight:600;padding:.25rem 0 .4rem}
    .of{font-weight:400}
    th,td{padding:.3rem .9rem .3rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line);max-width:32rem}
    td{min-width:8rem}
    tbody th{min-width:10rem}
    thead th{overflow-wrap:normal}
    th:last-child,td:last-child{padding-right:0}
    thead th{border-bottom:2px solid var(--line);font-size:.875rem;vertical-align:bottom}
    tbody th{font-weight:400}
    .number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;min-width:0}
    thead .number{white-space:normal}
    th button{font:inherit;color:inherit;background:none;border:0;padding:.1rem 0;margin:0;text-align:inherit;cursor:pointer;text-decoration:underline dotted;text-underline-offset:.25em}
    th[aria-sort=ascending] button::after{content:" \\25B2"}
    th[aria-sort=descending] button::after{content:" \\25BC"}
    .filter{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:.25rem 0 .5rem;font-size:.875rem}
    .filter input{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--rim);border-radius:4px;padding:.25rem .5rem;max-width:100%}
    details{margin:0 0 1rem}
    summary{cursor:pointer;padding:.25rem 0;font-weight:600}
    pre{margin:0;padding:.75rem;background:var(--soft);font:.875rem/1.45 ui-monospace,Menlo,Consolas,monospace;width:max-content;min-width:100%;tab-size:2}
    .hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
    body>footer{margin-top:2.5rem;padding-bottom:2rem;font-size:.875rem}
    @media (min-width:44rem){nav a{display:grid;grid-template-columns:13rem 1fr;gap:1rem;align-items:baseline}.picture svg{min-width:0}}
    @media screen and (max-width:43.99rem){.picture::before{content:"The picture goes on to the right.";color:var(--quiet);font-size:.875rem}table{font-size:.875rem}td{min-width:5.5rem}tbody th{min-width:8.5rem}th,td{padding-right:.5rem}thead th{font-size:.8125rem}caption{max-width:calc(100vw - 2rem)}}
    @media print{:root{color-scheme:light}body{font-size:11pt}body>*{max-width:none}.scroll{overflow:visible}.picture svg{min-width:0}section,nav{break-before:auto}table{min-width:0;width:100%;font-size:9pt}th,td{min-width:0;max-width:none}tbody th{min-width:6.5rem}thead th{font-size:8pt;overflow-wrap:anywhere}th button{text-decoration:none}h2,figure,tr{break-inside:avoid}h2,.topic,caption{break-after:avoid}.filter,.pointed{display:none}pre{white-space:pre-wrap;width:auto}details::details-content{content-visibility:visible;block-size:auto}}
    """
}
