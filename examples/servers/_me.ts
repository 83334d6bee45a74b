/**
 * The page that shows a user: the same markup as the template of the Django site.
 *
 * @module
 */
import type { User } from 'async-django/auth'

import { html, type Html } from './_html.ts'
import { type Frame, renderPage } from './_layout.ts'

/** The page, whole. */
export function renderMe(frame: Frame, user: User, permissions: readonly string[]): string {
  return renderPage(
    frame,
    html`
      <h1>You, as <em>${frame.name}</em> knows you</h1>
      <dl>
        ${row('Username', user.getUsername())} ${row('Staff', yesNo(user.isStaff))}
        ${row('Superuser', yesNo(user.isSuperuser))}
      </dl>
      <section>
        <h2>Permissions</h2>
        ${permissions.length === 0 ? nothing : list(permissions)}
      </section>
    `,
  )
}

const nothing = html`<p class="empty">None yet: Django’s admin is where they are given.</p>`

function list(permissions: readonly string[]): Html {
  return html`<ul class="permissions">
    ${permissions.map((permission) => html`<li>${permission}</li>`)}
  </ul>`
}

function row(term: string, text: string): Html {
  return html`<div>
    <dt>${term}</dt>
    <dd>${text}</dd>
  </div>`
}

function yesNo(isTrue: boolean): string {
  return isTrue ? 'yes' : 'no'
}
