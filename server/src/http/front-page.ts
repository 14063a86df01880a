import { createHash } from 'node:crypto';
import type { Policy } from '@gpucoop/policy/policy.ts';
import { escaped, html } from './page.ts';

const style =
  'body{font:16px/1.6 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem;color:#222;background:#fff}' +
  'code{background:#f2f2f2;padding:.1em .3em;border-radius:3px}a{color:#0b57d0}' +
  '@media(prefers-color-scheme:dark){body{color:#ddd;background:#111}code{background:#222}a{color:#8ab4f8}}';
const styleHash = createHash('sha256').update(style).digest('base64');

/** For whoever opens the address in a browser: what this is, and where to go. */
export function frontPage(policy: Policy, version: string): Response {
  return html({
    title: `Coop: ${policy.name}`,
    head: `<style>${style}</style>`,
    policy: `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    body: `<h1>Coop</h1>
<p>This is the network <strong>${escaped(policy.name)}</strong>: GPUs and CPUs for rent by the second, from whoever has them idle. Version ${escaped(version)}.</p>
<ul>
<li>Rent: <code>coop login</code>, then <code>coop offers</code> and <code>coop run</code></li>
<li>Provide: <code>coop machine add</code> prints one line for the other computer</li>
<li><a href="/v1/offers">What is on the market</a>, <a href="/v1/demand">what is wanted</a>, <a href="/v1/policy">the economic rules</a></li>
<li><a href="/docs">The API, for people</a>, and <a href="/openapi.json">for programs</a></li>
</ul>`,
  });
}
