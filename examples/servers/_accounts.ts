/**
 * What a site does with users: log in and out, register, change the password, say who is there. In
 * no framework's words, so that every server has the same.
 *
 * @module
 */
import type { Django, LazySession } from 'async-django'
import { loginRedirect, urlHasAllowedHostAndScheme } from 'async-django/auth'
import { AsyncDjangoError, PasswordValidationError, UserExistsError } from 'async-django/errors'
import { success } from 'async-django/messages'

import {
  type Filled,
  type Form,
  logInForm,
  passwordForm,
  registerForm,
  renderForm,
} from './_forms.ts'
import { frameFor } from './_layout.ts'
import { renderMe } from './_me.ts'
import { field } from './_session-page.ts'
import type { ServerSettings } from './_settings.ts'

/** How a request is answered: by a page, or by the way to one. */
export type Answer =
  { readonly status: 200 | 400; readonly html: string } | { readonly location: string }

const validUsername = /^[\p{L}\p{N}_.@+-]{1,150}$/u

/** A server's accounts. */
export class Accounts {
  readonly #settings: ServerSettings
  readonly #users: Django['users']

  constructor(settings: ServerSettings, { users }: Django) {
    this.#settings = settings
    this.#users = users
  }

  /** Who is there, and what they may do. */
  async me(session: LazySession): Promise<Answer> {
    const user = await this.#users.fromSession(session).load()
    if (user.isAnonymous) return this.#toLogin('/me')
    const permissions = [...(await user.getAllPermissions())].toSorted()
    const frame = await frameFor(this.#settings, session)
    return { status: 200, html: renderMe(frame, user, permissions) }
  }

  /** @param next - Where to go on after it. */
  askLogIn(session: LazySession, next = ''): Promise<Answer> {
    return this.#ask(session, logInForm, { next })
  }

  async logIn(session: LazySession, form: unknown): Promise<Answer> {
    const [username, next] = [field(form, 'username'), field(form, 'next')]
    const user = await this.#users.authenticate({ username, password: field(form, 'password') })
    if (user === null) {
      return this.#ask(session, logInForm, { problems: [wrongLogin], username, next })
    }
    await this.#users.login(session, user)
    success(session, `You are logged in as ${user.getUsername()}.`)
    return { location: urlHasAllowedHostAndScheme(next) ? next : '/' }
  }

  async logOut(session: LazySession): Promise<Answer> {
    await this.#users.logout(session)
    success(session, 'You are logged out.')
    return { location: '/' }
  }

  askRegister(session: LazySession): Promise<Answer> {
    return this.#ask(session, registerForm)
  }

  async register(session: LazySession, form: unknown): Promise<Answer> {
    const username = field(form, 'username').trim()
    const password = field(form, 'password1')
    try {
      if (!validUsername.test(username)) throw new FormError(wrongUsername)
      if (password !== field(form, 'password2')) throw new FormError(twoPasswords)
      await this.#users.validatePassword(password, { username })
      await this.#users.login(session, await this.#users.create({ username, password }))
    } catch (error) {
      return this.#ask(session, registerForm, { problems: problemsOf(error), username })
    }
    success(session, `Welcome, ${username}.`)
    return { location: '/' }
  }

  async askPassword(session: LazySession): Promise<Answer> {
    const user = await this.#users.fromSession(session).load()
    return user.isAnonymous ? this.#toLogin('/password') : this.#ask(session, passwordForm)
  }

  async changePassword(session: LazySession, form: unknown): Promise<Answer> {
    const user = await this.#users.fromSession(session).load()
    if (user.isAnonymous) return this.#toLogin('/password')
    const password = field(form, 'new_password1')
    try {
      if (!(await user.checkPassword(field(form, 'old_password')))) {
        throw new FormError(wrongPassword)
      }
      if (password !== field(form, 'new_password2')) throw new FormError(twoPasswords)
      await this.#users.validatePassword(password, user)
      await user.setPassword(password)
    } catch (error) {
      return this.#ask(session, passwordForm, { problems: problemsOf(error) })
    }
    await user.save()
    await this.#users.updateSessionAuthHash(session, user)
    success(session, 'Your password is changed.')
    return { location: '/' }
  }

  async #ask(session: LazySession, form: Form, filled: Filled = {}): Promise<Answer> {
    const html = renderForm(await frameFor(this.#settings, session), form, filled)
    return { status: filled.problems ? 400 : 200, html }
  }

  #toLogin(path: string): Answer {
    return { location: loginRedirect(this.#settings.here + path, { loginUrl: '/log-in' }) }
  }
}

/** What is wrong with a form, for whoever filled it in. */
class FormError extends Error {
  override readonly name = 'FormError'
}

const wrongLogin =
  'Please enter a correct username and password. Note that both fields may be case-sensitive.'
const wrongUsername =
  'Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.'
const wrongPassword = 'Your old password was entered incorrectly. Please enter it again.'
const twoPasswords = 'The two password fields didn’t match.'

/** What to tell of an error that is the visitor's own; others are thrown on. */
function problemsOf(error: unknown): string[] {
  if (error instanceof FormError) return [error.message]
  if (error instanceof UserExistsError) return ['A user with that username already exists.']
  if (error instanceof PasswordValidationError) return error.problems.map(({ message }) => message)
  throw error
}

/** What to tell of a request that failed: a form without a good token, say. */
export function failureOf(error: unknown): { readonly status: number; readonly message: string } {
  const isOwn = error instanceof AsyncDjangoError && error.status < 500
  if (isOwn) return { status: error.status, message: error.message }
  console.error(error)
  return { status: 500, message: 'This server failed.' }
}
