/**
 * The forms of accounts, with the fields that Django's own have.
 *
 * @module
 */
import { html, type Html } from './_html.ts'
import { csrfField, type Frame, renderPage } from './_layout.ts'

/** A form of one page. */
export interface Form {
  /** The heading; the server's name follows. */
  readonly title: string
  readonly lead: string
  readonly fields: readonly FormField[]
  readonly button: string
}

interface FormField {
  readonly name: string
  readonly label: string
  readonly type: 'text' | 'password'
  readonly autocomplete: string
}

/** What was sent before, and why it was not taken. */
export interface Filled {
  readonly problems?: readonly string[]
  readonly username?: string
  /** Where to go on after it. */
  readonly next?: string
}

const username = {
  name: 'username',
  label: 'Username',
  type: 'text',
  autocomplete: 'username',
} as const

function password(name: string, label: string, autocomplete = 'new-password'): FormField {
  return { name, label, type: 'password', autocomplete }
}

export const logInForm: Form = {
  title: 'Log in to',
  lead: 'The demo made a user “admin” with the password “admin”. A login here is one at every server.',
  fields: [username, password('password', 'Password', 'current-password')],
  button: 'Log in',
}

export const registerForm: Form = {
  title: 'Register at',
  lead: 'The new user stands in Django’s own table, and can log in at every server.',
  fields: [
    username,
    password('password1', 'Password'),
    password('password2', 'Password confirmation'),
  ],
  button: 'Register',
}

export const passwordForm: Form = {
  title: 'Change your password at',
  lead: 'Wherever else you are logged in, you are logged out: at every server.',
  fields: [
    password('old_password', 'Old password', 'current-password'),
    password('new_password1', 'New password'),
    password('new_password2', 'New password confirmation'),
  ],
  button: 'Change password',
}

/** A form's page, whole. */
export function renderForm(frame: Frame, form: Form, filled: Filled): string {
  const { problems = [], next = '' } = filled
  return renderPage(
    frame,
    html`
      <h1>${form.title} <em>${frame.name}</em></h1>
      <p class="lead">${form.lead}</p>
      ${problems.map((problem) => html`<p class="problem" role="alert">${problem}</p>`)}
      <form class="add" method="post">
        ${csrfField(frame)} ${next && html`<input type="hidden" name="next" value="${next}" />`}
        ${form.fields.map((field, at) => input(field, filled, at === 0))}
        <button>${form.button}</button>
      </form>
    `,
  )
}

const autofocus = html`autofocus`

function input(
  { name, label, type, autocomplete }: FormField,
  filled: Filled,
  isFirst: boolean,
): Html {
  return html`
    <label for="id_${name}">${label}</label>
    <input
      id="id_${name}"
      name="${name}"
      type="${type}"
      value="${name === 'username' ? (filled.username ?? '') : ''}"
      required
      autocomplete="${autocomplete}"
      autocapitalize="none"
      ${isFirst ? autofocus : null}
    />
  `
}
