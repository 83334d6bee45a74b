/**
 * The page that shows a session: the same markup as the template of the Django site.
 *
 * @module
 */
import type { AnonymousUser, User } from 'async-django/auth'

import { html, type Html } from './_html.ts'
import { csrfField, type Frame, renderPage } from './_layout.ts'
import { member } from './_tree.ts'

/** All that the page shows. */
export interface View extends Frame {
  readonly runsOn: string
  readonly visitor: User | AnonymousUser
  readonly sessionKey: string | null
  readonly expires: Date | null
  readonly counter: number | bigint
  readonly members: ReadonlyArray<readonly [key: string, value: unknown]>
  /** Why what was sent was not taken, and what was sent. */
  readonly refused: Refused | null
}

/** A value that was not taken. */
export interface Refused {
  readonly problem: string
  readonly key: string
  readonly value: string
}

/** The page, whole. */
export function renderSession(view: View): string {
  return renderPage(view, main(view))
}

function main(view: View): Html {
  return html`
    <h1>One session, shown by <em>${view.name}</em></h1>
    <p class="lead">
      Each of these servers reads and writes the same row of <code>django_session</code>. Change it
      here, then look at it there.
    </p>
    <section class="counter">
      <h2>Counter</h2>
      <output>${view.counter}</output>
      <form method="post" action="/count">${csrfField(view)}<button>Add one</button></form>
    </section>
    <dl>
      <div>
        <dt>Shown by</dt>
        <dd>${view.runsOn}</dd>
      </div>
      <div>
        <dt>Visitor</dt>
        <dd>${visitorOf(view)}</dd>
      </div>
      <div>
        <dt>Session key</dt>
        <dd>${sessionKey(view)}</dd>
      </div>
      ${ends(view)}
    </dl>
    <section>
      <h2>Data</h2>
      ${data(view)}
    </section>
    <section>
      <h2>Add a value</h2>
      ${addForm(view)}
    </section>
    <footer>
      <p>
        Only a demonstration shows a session’s key. The forms carry Django’s CSRF token, which every
        server takes.
      </p>
    </footer>
  `
}

function visitorOf(view: View): Html {
  const { visitor, servers } = view
  if (visitor.isAnonymous) {
    return html`<span>nobody is logged in</span>
      <a href="/log-in">Log in</a>
      <a href="/register">Register</a>`
  }
  return html`
    <strong>${visitor.getUsername()}</strong>
    <a href="/me">Me</a>
    <a href="/password">Change password</a>
    ${visitor.isStaff ? adminLink(servers) : null}
    <form method="post" action="/log-out">
      ${csrfField(view)}<button class="quiet">Log out</button>
    </form>
  `
}

function adminLink({ Django: django }: View['servers']): Html | null {
  return django === undefined ? null : html`<a href="${django}/admin/">Django’s admin</a>`
}

function sessionKey({ sessionKey: key }: View): Html {
  if (key === null) return html`<span>none: nothing is stored before something changes</span>`
  const start = html`<summary><code>${key.slice(0, 4)}</code></summary>`
  return html`<details class="key">${start}<code>${key}</code></details>`
}

function ends({ expires }: View): Html | null {
  if (expires === null) return null
  const moment = expires.toISOString().replace(/\.\d+/, '')
  return html`<div>
    <dt>Ends</dt>
    <dd>
      <time datetime="${moment}">${dateFormat.format(expires).replace(' at ', ', ')} UTC</time>
    </dd>
  </div>`
}

const dateFormat = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'long',
  timeStyle: 'short',
  timeZone: 'UTC',
})

function data(view: View): Html {
  const { members } = view
  if (members.length === 0) return html`<p class="empty">The session is empty.</p>`
  return html`
    <ul class="tree">
      ${members.map(([key, value]) => html`<li>${member(key, value)} ${deleteForm(view, key)}</li>`)}
    </ul>
    <form method="post" action="/clear">
      ${csrfField(view)}<button class="quiet">Clear all data</button>
    </form>
  `
}

function deleteForm(view: View, key: string): Html {
  return html`<form method="post" action="/delete">
    ${csrfField(view)}<input type="hidden" name="key" value="${key}" /><button
      aria-label="Delete ${key}"
      title="Delete"
    >
      ×
    </button>
  </form>`
}

function addForm(view: View): Html {
  const { refused } = view
  const problem = refused && html`<p class="problem" role="alert">${refused.problem}</p>`
  return html`
    ${problem}
    <form class="add" method="post" action="/add">
      ${csrfField(view)}
      <label for="key">Key</label>
      <input
        id="key"
        name="key"
        value="${refused?.key ?? ''}"
        required
        autocomplete="off"
        autocapitalize="off"
        spellcheck="false"
        placeholder="theme"
      />
      <label for="value">Value, as JSON</label>
      <textarea
        id="value"
        name="value"
        rows="3"
        required
        autocapitalize="off"
        spellcheck="false"
        placeholder="[1, 2, 3]"
        ${refused && html`autofocus`}
      >
${refused?.value ?? ''}</textarea>
      <button>Save</button>
    </form>
  `
}
