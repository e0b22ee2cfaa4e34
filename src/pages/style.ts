/** The style of all pages: from 320 px on, light and dark, with high contrast, without motion. */
import { createHash } from 'node:crypto';

export const STYLE = `:root{color-scheme:light dark;--ground:#f3f4f7;--paper:#fff;--ink:#1b2130;--soft:#586173;--line:#dfe3ea;--accent:#1d5bb8;--on-accent:#fff;--tint:#f6f8fb}
@media (prefers-color-scheme:dark){:root{--ground:#12151b;--paper:#1b2029;--ink:#e9ecf2;--soft:#a2acbd;--line:#343c4a;--accent:#8ab6ff;--on-accent:#10203a;--tint:#222833}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;min-height:100vh;display:grid;grid-template-columns:minmax(0,1fr);align-items:center;justify-items:center;padding:clamp(.75rem,4vw,2.5rem);background:var(--ground);color:var(--ink);font:1rem/1.6 system-ui,sans-serif;overflow-wrap:anywhere}
.card{width:100%;max-width:36rem;padding:clamp(1.25rem,6vw,2.75rem);background:var(--paper);border:1px solid var(--line);border-radius:1rem;box-shadow:0 1px 2px rgb(0 0 0/.04),0 12px 32px rgb(0 0 0/.06)}
header{display:flex;flex-wrap:wrap;align-items:center;gap:.75rem;margin:0 0 1.75rem;color:var(--soft);font-weight:600}
header img{display:block;max-width:100%;max-height:3rem}
h1{margin:0 0 1rem;font-size:clamp(1.4rem,5vw,1.65rem);line-height:1.25;letter-spacing:-.01em;text-wrap:balance}
h2{margin:2rem 0 .75rem;font-size:1.1rem;line-height:1.3}
h3{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem .6rem;margin:0;font-size:1rem;line-height:1.4}
p,ul,dl,details{margin:0 0 1rem}
ul{padding-left:1.25rem}
li+li{margin-top:.35rem}
a{color:var(--accent);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--accent);outline-offset:3px;border-radius:.25rem}
dl{display:grid;grid-template-columns:minmax(6rem,max-content) minmax(0,1fr);gap:.4rem 1.25rem}
main>dl{padding:1rem 1.25rem;background:var(--tint);border:1px solid var(--line);border-radius:.75rem}
dt{color:var(--soft)}
dd{margin:0}
dd+dd{grid-column:2}
details{border:1px solid var(--line);border-radius:.75rem;padding:.75rem 1.25rem;font-size:.95rem}
summary{cursor:pointer;color:var(--soft);font-weight:600}
details>:nth-child(2){margin-top:.75rem}
details>:last-child{margin-bottom:.25rem}
.records{padding:0;list-style:none}
.records>li{padding:1rem 1.25rem;border:1px solid var(--line);border-radius:.75rem}
.records>li+li{margin-top:.75rem}
.records dl{margin:.5rem 0 0;font-size:.95rem}
.records .actions{margin-top:.75rem}
.mark{padding:.1rem .5rem;border:1px solid var(--line);border-radius:1rem;color:var(--soft);font-size:.8rem;font-weight:600;white-space:nowrap}
.actions{display:flex;flex-wrap:wrap;gap:.75rem;margin:1rem 0 0}
main>.actions{margin-top:1.75rem}
form{margin:0}
.actions a,button{display:inline-block;padding:.6rem 1.15rem;border:1px solid var(--accent);border-radius:.6rem;background:transparent;color:var(--accent);font:inherit;font-weight:600;line-height:1.4;text-align:center;text-decoration:none;cursor:pointer}
.actions a:hover,button:hover{text-decoration:underline}
main>.actions>:first-child:is(a),main>.actions>:first-child button{background:var(--accent);color:var(--on-accent)}
.records .actions a,.records button{padding:.35rem .85rem;font-size:.95rem}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
footer{margin-top:2rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.875rem}
footer p{margin:.25rem 0 0}
footer span{display:inline-block;margin-right:1.25rem}
@media (max-width:30rem){dl{display:block}dd{margin:0 0 .6rem}dd:last-child{margin:0}main>.actions{flex-direction:column}main>.actions a,main>.actions button{width:100%}}
@media (forced-colors:active){.card,.mark,.actions a,button{border-color:currentcolor}:focus-visible{outline-color:Highlight}}
@media print{body{display:block;background:none}.card{border:0;box-shadow:none}.actions{display:none}}`;

/** For the policy: the one style that a page may have (Content Security Policy Level 3, section 2.3.1). */
export const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');
