/**
 * `/ready`: whether requests should be sent here.
 *
 * @module
 */
import type { ServiceHost } from './service-host.ts'
import { respondFailure, respondJson, type ServiceResponse } from './service-request.ts'

/** For how long an answer of the store holds, in milliseconds: anybody may ask. */
const goodForMs = 1000

/** A key that no session has. */
const probe = 'async-django-readiness-probe'

/** Asks the store now and then, whoever wants to know how often. */
export class Readiness {
  readonly #host: ServiceHost
  #isRetired = false
  #asked: Promise<ServiceResponse> | null = null
  #askedAt = 0

  constructor(host: ServiceHost) {
    this.#host = host
  }

  retire(): void {
    this.#isRetired = true
  }

  async answer(): Promise<ServiceResponse> {
    if (this.#isRetired) return respondJson(503, { status: 'retiring' })
    const now = performance.now()
    if (this.#asked === null || now - this.#askedAt >= goodForMs) {
      this.#askedAt = now
      this.#asked = this.#ask()
    }
    return this.#asked
  }

  async #ask(): Promise<ServiceResponse> {
    const { store } = this.#host
    try {
      await store.exists(probe, this.#host.deadline())
      return respondJson(200, { status: 'ready' })
    } catch (error) {
      return respondFailure(error)
    }
  }
}
