/**
 * One way measured beside others, in turns: what else the machine does meets all of them.
 *
 * @module
 */
import type { Load, LoadGenerator, Sent } from './_load.ts'
import { median, rounded } from './_results.ts'
import type { ServerProcess } from './_server-process.ts'
import type { Work } from './_sites.ts'

/** A server. */
export interface Side {
  readonly server: ServerProcess
  /** Of the sessions that it knows, where `saveCookies()` put them. */
  readonly cookies: string
}

/** A server with this package, and the same without it. */
export interface Sides {
  readonly ours: Side
  readonly bare: Side
}

/** What ours is measured beside. */
export interface Rival<Name extends string> {
  /** Where it is done. */
  readonly side: Name
  readonly work: Work
  readonly name: string
  /** What ours is to reach of its requests a second. */
  readonly target?: number
}

/** What ours does, and what others do in turns with it. */
export interface ContestPlan<Name extends string> {
  readonly ours: Name
  readonly work: 'read' | 'write' | 'free'
  readonly rivals: readonly Rival<Name>[]
}

/** How a contest is run. */
export interface ContestTerms extends Pick<Load, 'connections' | 'seconds'> {
  readonly send: LoadGenerator
  /** Called between rounds. */
  rest(): Promise<void>
}

/** Ours beside a rival. */
export interface ContestRow {
  readonly server: string
  readonly work: string
  readonly c: number
  readonly beside: string
  readonly 'req/s': number
  readonly 'its req/s': number
  /** The median of the rounds' ratios. */
  readonly ratio: number
  readonly target?: number
  readonly 'CPU µs': number
  readonly 'its CPU µs': number
  /** The same of the processor's time: below 1, ours takes less. */
  readonly 'CPU ratio': number
}

/** One way, and what it did round by round. */
class Way {
  readonly #side: Side
  readonly #work: Work
  readonly perSecond: number[] = []
  /** Microseconds of the server's processor for each request. */
  readonly cpu: number[] = []

  constructor(side: Side, work: Work) {
    this.#side = side
    this.#work = work
  }

  async run(terms: ContestTerms): Promise<void> {
    const { server } = this.#side
    const before = await server.cpu()
    const { requests, seconds } = await this.#send(terms)
    this.cpu.push(((await server.cpu()) - before) / requests)
    this.perSecond.push(requests / seconds)
  }

  /** Until the code is compiled for good, however slow the machine is just now. */
  async warmUp(terms: ContestTerms): Promise<void> {
    let sent = 0
    for (let time = 0; sent < enoughToWarmUp && time < mostWarmUps; time++) {
      sent += (await this.#send(terms)).requests
    }
  }

  #send({ send, ...load }: ContestTerms): Promise<Sent> {
    const { server, cookies } = this.#side
    return send({ ...load, port: server.port, path: this.#work, cookies })
  }
}

const enoughToWarmUp = 20_000
const mostWarmUps = 10

/** Ours and its rivals under the same load. */
export class Contest<Name extends string> {
  readonly #plan: ContestPlan<Name>
  readonly #terms: ContestTerms
  readonly #ours: Way
  readonly #rivals: ReadonlyMap<Rival<Name>, Way>

  constructor(plan: ContestPlan<Name>, sides: Readonly<Record<Name, Side>>, terms: ContestTerms) {
    this.#plan = plan
    this.#terms = terms
    this.#ours = new Way(sides[plan.ours], plan.work)
    this.#rivals = new Map(
      plan.rivals.map((rival) => [rival, new Way(sides[rival.side], rival.work)]),
    )
  }

  get #ways(): readonly Way[] {
    return [this.#ours, ...this.#rivals.values()]
  }

  async warmUp(): Promise<void> {
    for (const way of this.#ways) await way.warmUp(this.#terms)
  }

  /** All of them, each time in another order. */
  async runRound(round: number): Promise<void> {
    const ways = this.#ways
    await this.#terms.rest()
    for (let turn = 0; turn < ways.length; turn++) {
      await ways[(turn + round) % ways.length]?.run(this.#terms)
    }
  }

  rows(server: string): ContestRow[] {
    const ours = this.#ours
    const ratio = (of: readonly number[], to: readonly number[]): number =>
      rounded(median(of.map((each, at) => each / (to[at] ?? 0))), 2)
    return Array.from(this.#rivals, ([{ name, target }, rival]) => ({
      server,
      work: this.#plan.work,
      c: this.#terms.connections,
      beside: name,
      'req/s': Math.round(median(ours.perSecond)),
      'its req/s': Math.round(median(rival.perSecond)),
      ratio: ratio(ours.perSecond, rival.perSecond),
      ...(target !== undefined && { target }),
      'CPU µs': rounded(median(ours.cpu), 1),
      'its CPU µs': rounded(median(rival.cpu), 1),
      'CPU ratio': ratio(ours.cpu, rival.cpu),
    }))
  }
}

/** What of a read by ours is the framework's own. */
export interface FrameworkRow {
  readonly server: string
  readonly c: number
  /** Microseconds of the processor for a request that does nothing, without us. */
  readonly 'framework, µs': number
  /** The same for a read by ours. */
  readonly 'read, µs': number
  readonly share: number
}

/** For every server whose reads and free requests were measured. */
export function frameworkRows(rows: readonly ContestRow[]): FrameworkRow[] {
  return rows.flatMap((free) => {
    if (free.work !== 'free') return []
    const { server, c } = free
    const read = rows.find((row) => row.work === 'read' && row.server === server && row.c === c)
    if (!read) return []
    const [own, all] = [free['its CPU µs'], read['CPU µs']]
    return [{ server, c, 'framework, µs': own, 'read, µs': all, share: rounded(own / all, 2) }]
  })
}
