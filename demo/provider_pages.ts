/** The pages of the demo's OpenID provider. */

import { escapeHtml, renderPage } from './page.ts';
import type { ProviderPages } from './provider/options.ts';

/** `home`: where the provider's last page leads back to. */
export function providerPages(home: string): ProviderPages {
  return {
    login: (action, wrong) =>
      renderPage(
        'Log in',
        `<main class="narrow"><p class="small">This is the demo’s OpenID provider, not Gatepost.</p>
<form class="card" method="post" action="${escapeHtml(action)}">
<h1>Log in</h1>
${wrong ? '<p class="wrong" role="alert">Wrong user name or password.</p>' : ''}
<label>User name <input name="username" autocomplete="username" autocapitalize="none" autofocus required></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<p class="row"><button class="main" name="action" value="login">Log in</button>
<button name="action" value="cancel" formnovalidate>Cancel</button></p>
</form>
<p class="small"><code>alice</code> / <code>wonderland</code>: an administrator<br><code>bob</code> / <code>builder</code>: not one</p></main>`,
      ),
    sign_out: (form) =>
      renderPage(
        'Sign out',
        `<main class="narrow"><div class="card"><h1>Sign out here too?</h1>
<p>The site has signed you out. This is the demo’s OpenID provider: as long as it knows you, the next login needs no password.</p>
${form}<p class="row"><button class="main" name="logout" value="yes" form="op.logoutForm" autofocus>Sign out</button>
<button form="op.logoutForm">Stay signed in</button></p></div></main>`,
      ),
    signed_out: () =>
      renderPage(
        'Signed out',
        `<main class="narrow"><div class="card"><h1>Done</h1><p><a href="${escapeHtml(home)}">Back to the site</a></p></div></main>`,
      ),
  };
}
