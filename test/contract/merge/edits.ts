/**
 * What a handler can do to a session, as data: the same edits are applied to a real session and to
 * the model's, and a history that fails can be printed and made shorter.
 *
 * @module
 */
import { loginKeys } from '../merge-model.ts'
import { clone, isContainer, objectOf, put, textOf } from './values.ts'

/** What `setExpiry` is given. */
export type ExpiryForm = number | Date | { readonly seconds: number } | null

/** One edit. */
export type Edit = LazyEdit | KeyEdit | DataEdit

/** Edits that a session takes before its load. */
export type LazyEdit =
  | { readonly do: 'set'; readonly key: string; readonly value: unknown }
  | { readonly do: 'delete'; readonly key: string }
  | { readonly do: 'update'; readonly entries: ReadonlyArray<readonly [string, unknown]> }
  | { readonly do: 'clear' }
  | { readonly do: 'setExpiry'; readonly expiry: ExpiryForm }
  | { readonly do: 'logIn'; readonly user: number }
  | { readonly do: 'logOut' }
  | { readonly do: 'setToken'; readonly token: string | null }

/** Edits of the value at a key, through `data` or with a look at it. */
export type KeyEdit =
  | { readonly do: 'setEqual'; readonly key: string }
  | { readonly do: 'setSame'; readonly key: string }
  | { readonly do: 'assign'; readonly key: string; readonly value: unknown }
  | { readonly do: 'assignEqual'; readonly key: string }
  | { readonly do: 'drop'; readonly key: string }
  | { readonly do: 'nested'; readonly key: string; readonly depth: number; readonly how: Nested }

/** Edits that look at other data first. */
export type DataEdit =
  | { readonly do: 'changeHash'; readonly hash: string }
  | { readonly do: 'dropLogin' }
  | { readonly do: 'addMessage'; readonly text: string }
  | { readonly do: 'removeMessages'; readonly from: number; readonly count: number }
  | { readonly do: 'breakMessages'; readonly value: unknown }

/** A change inside a container. */
export type Nested =
  | { readonly kind: 'put'; readonly name: string; readonly value: unknown }
  | { readonly kind: 'remove'; readonly at: number }
  | { readonly kind: 'reverse' }

/** What edits are applied to: a session, or what looks like one. */
export interface EditTarget {
  readonly data: Record<string, unknown>
  set(key: string, value: unknown): void
  delete(key: string): unknown
  update(values: Record<string, unknown>): void
  clear(): void
  setExpiry(expiry: ExpiryForm): void
}

const lazyKinds = ['set', 'delete', 'update', 'clear', 'setExpiry', 'logIn', 'logOut', 'setToken']

/** Whether a session takes an edit before its load. */
export function isLazyEdit(edit: Edit): edit is LazyEdit {
  return lazyKinds.includes(edit.do)
}

/** Applies an edit. One that finds nothing to change does nothing. */
export function applyEdit(target: EditTarget, edit: Edit): void {
  if (isLazyEdit(edit)) applyLazyEdit(target, edit)
  else if ('key' in edit) applyKeyEdit(target, edit)
  else applyDataEdit(target, edit)
}

function applyLazyEdit(target: EditTarget, edit: LazyEdit): void {
  switch (edit.do) {
    case 'set':
      return target.set(edit.key, clone(edit.value))
    case 'delete':
      return void target.delete(edit.key)
    case 'update':
      return target.update(objectOf(edit.entries))
    case 'clear':
      return target.clear()
    case 'setExpiry':
      return target.setExpiry(edit.expiry)
    case 'logIn':
      return logIn(target, edit.user)
    case 'logOut':
      return logOut((key) => target.delete(key))
    case 'setToken':
      return setOrDelete(target, '_csrftoken', edit.token)
  }
}

function applyKeyEdit(target: EditTarget, edit: KeyEdit): void {
  const { data } = target
  const { key } = edit
  if (edit.do === 'assign') return put(data, key, clone(edit.value))
  if (!Object.hasOwn(data, key)) return
  switch (edit.do) {
    case 'setEqual':
      return target.set(key, clone(data[key]))
    case 'setSame':
      return target.set(key, data[key])
    case 'assignEqual':
      return put(data, key, clone(data[key]))
    case 'drop':
      return void delete data[key]
    case 'nested':
      return changeInside(data[key], edit.depth, edit.how)
  }
}

function applyDataEdit(target: EditTarget, edit: DataEdit): void {
  const { data } = target
  switch (edit.do) {
    case 'changeHash':
      if (Object.hasOwn(data, '_auth_user_id')) put(data, '_auth_user_hash', edit.hash)
      return
    case 'dropLogin':
      return logOut((key) => delete data[key])
    case 'addMessage':
      return writeMessages(target, [...readMessages(data), messageOf(edit.text)])
    case 'removeMessages':
      return writeMessages(target, readMessages(data).toSpliced(edit.from, edit.count))
    case 'breakMessages':
      return target.set('_messages', clone(edit.value))
  }
}

/** The data of a session as a target, for `session.change()`. */
export function dataTarget(data: Record<string, unknown>): EditTarget {
  return {
    data,
    set: (key, value) => put(data, key, value),
    delete: (key) => delete data[key],
    update(values) {
      for (const [key, value] of Object.entries(values)) put(data, key, value)
    },
    clear() {
      for (const key of Object.keys(data)) delete data[key]
    },
    setExpiry(expiry) {
      put(data, '_session_expiry', typeof expiry === 'number' ? expiry : null)
    },
  }
}

function logIn(target: EditTarget, user: number): void {
  const values = [String(user), 'django.contrib.auth.backends.ModelBackend', `hash of ${user}`]
  for (const [index, key] of loginKeys.entries()) target.set(key, values[index])
}

function logOut(remove: (key: string) => unknown): void {
  for (const key of loginKeys) remove(key)
}

function setOrDelete(target: EditTarget, key: string, value: unknown): void {
  if (value === null) target.delete(key)
  else target.set(key, value)
}

/** Members are chosen by name, not by place: the order inside of an object may change. */
function changeInside(value: unknown, depth: number, how: Nested): void {
  if (!isContainer(value)) return
  const object = value as Record<string, unknown>
  const names = Object.keys(object).sort()
  const inner = names.map((name) => object[name]).find(isContainer)
  if (depth > 0 && inner) return changeInside(inner, depth - 1, how)
  if (Array.isArray(value)) return changeList(value, how)
  if (how.kind === 'put') put(object, how.name, clone(how.value))
  else if (how.kind === 'remove') delete object[names[how.at] ?? '']
}

function changeList(list: unknown[], how: Nested): void {
  if (how.kind === 'put') list.push(clone(how.value))
  else if (how.kind === 'remove') list.splice(how.at, 1)
  else list.reverse()
}

/** A message as `django.contrib.messages.storage.session` keeps it. */
export function messageOf(text: string): unknown[] {
  return ['__json_message', 0, 25, text]
}

/** A list of messages as `django.contrib.messages.storage.session` keeps it. */
export function messageText(messages: readonly unknown[]): string {
  return textOf(messages, ', ', ': ')
}

function readMessages(data: Record<string, unknown>): unknown[] {
  try {
    const list: unknown = JSON.parse(data['_messages'] as string)
    return Array.isArray(list) ? list : []
  } catch {
    return []
  }
}

function writeMessages(target: EditTarget, messages: readonly unknown[]): void {
  if (messages.length > 0) target.set('_messages', messageText(messages))
  else target.delete('_messages')
}
