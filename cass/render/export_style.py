"""How an exported page looks: by day, by night, on paper.  No font, picture or script from anywhere."""

from __future__ import annotations

# Contrast of text on ground is 4.5 or more in both schemes.  What is off the screen is not laid out until it is
# scrolled to (content-visibility), which is what opens thousands of messages at once.
CSS = """
:root{color-scheme:light dark;--ground:#fff;--text:#1d1f21;--dim:#5f6670;--line:#dfe2e6;--soft:#f5f6f8;--link:#0b57d0;
--user:#1a7f37;--assistant:#0b6e99;--other:#8a5a00;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--ground:#16181b;--text:#e3e5e8;--dim:#9aa2ad;--line:#33383f;--soft:#1f2226;
--link:#8ab4f8;--user:#6fcf8a;--assistant:#6cc4e8;--other:#e0b050;--bad:#f2887f}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:anywhere}
main,header.top,nav{max-width:54rem;margin:0 auto;padding:0 1.25rem}
header.top{padding-top:2rem}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .5rem}
h3,h4,h5,h6{margin:1rem 0 .4rem;line-height:1.3;font-size:1.05rem}
p{margin:.5rem 0;white-space:pre-wrap}
a{color:var(--link)}
.facts,.about,summary .first,footer{color:var(--dim);font-size:.875rem}
.facts{margin:.1rem 0;white-space:normal}
nav{padding-top:1rem;padding-bottom:.5rem}
nav ol{padding-left:2.5rem}
article{border-top:1px solid var(--line);padding:.9rem 0 .9rem 1rem;border-left:3px solid transparent;
content-visibility:auto;contain-intrinsic-size:auto 9rem}
article:target{background:var(--soft)}
article.user{border-left-color:var(--user)}
article.assistant{border-left-color:var(--assistant)}
article.system,article.summary{border-left-color:var(--other)}
.about{display:flex;gap:.75rem;flex-wrap:wrap;margin-bottom:.25rem}
.about b{color:var(--text)}
.user .about b{color:var(--user)}.assistant .about b{color:var(--assistant)}
.about a{color:inherit;text-decoration:none;margin-left:auto}
.about a:hover,.about a:focus{text-decoration:underline}
code,pre{font:0.85em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
code{background:var(--soft);padding:.1em .3em;border-radius:3px}
pre{background:var(--soft);border:1px solid var(--line);border-radius:6px;padding:.7rem .9rem;margin:.5rem 0;
overflow-x:auto;white-space:pre;overflow-wrap:normal}
pre code{background:none;padding:0;font-size:1em}
li{white-space:pre-wrap}
ul,ol{margin:.4rem 0;padding-left:1.6rem;white-space:normal}
blockquote{margin:.5rem 0;padding:0 0 0 1rem;border-left:3px solid var(--line);color:var(--dim)}
hr{border:0;border-top:1px solid var(--line)}
.wide{overflow-x:auto}
table{border-collapse:collapse;margin:.5rem 0}
th,td{border:1px solid var(--line);padding:.25rem .6rem;text-align:left;vertical-align:top;overflow-wrap:normal}
details{margin:.4rem 0}
summary{cursor:pointer}
summary .first{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.8rem}
.failed>summary b{color:var(--bad)}
.gone{margin:2rem 0 .5rem;color:var(--other)}
footer{max-width:54rem;margin:0 auto;padding:1rem 1.25rem 3rem;border-top:1px solid var(--line)}
@media print{:root{color-scheme:light;--ground:#fff;--text:#000;--dim:#444;--line:#bbb;--soft:#f3f3f3;--link:#000;
--user:#000;--assistant:#000;--other:#000;--bad:#000}
body{font-size:10.5pt}nav,.about a{display:none}main,header.top{max-width:none;padding:0}
article{content-visibility:visible;break-inside:auto}.about,h3,h4{break-after:avoid}
pre{white-space:pre-wrap;overflow-wrap:anywhere}}
"""
