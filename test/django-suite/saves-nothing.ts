/**
 * Preloaded into the process that answers, to see whether Django's tests look: nothing is saved.
 *
 * @module
 */
import { createDjango } from 'async-django'
import { memoryStore } from 'async-django/stores/memory'

const django = createDjango({ settings: { secretKey: 'any' }, store: memoryStore() })
const prototype: unknown = Object.getPrototypeOf(django.sessions.get(null))
Object.assign(prototype as object, { save: () => Promise.resolve(false) })
