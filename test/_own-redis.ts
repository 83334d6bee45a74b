/**
 * Redis servers of our own, alone and as clusters, in folders and on ports of their own.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { Redis } from 'ioredis'

import { end, freePort, type OwnServer, program } from './_own-servers.ts'

/** A Redis that can be brought down at any moment. */
export interface OwnRedis extends OwnServer {
  readonly port: number
  start(): Promise<void>
  /** Ends it as it stands: nothing is flushed, and nobody is told. */
  kill(): Promise<void>
}

/** An empty Redis, started. @param settings - As on its command line. */
export async function startRedis(settings: readonly string[] = []): Promise<OwnRedis> {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'async-django-redis-'))
  let server: ChildProcess | null = null
  const start = async (): Promise<void> => {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...settings]
    server = spawn(program('redis-server'), args, { stdio: 'ignore' })
    await answered(port, server)
  }
  const endWith = async (signal: NodeJS.Signals): Promise<void> => {
    if (server) await end(server, signal)
    server = null
  }
  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    start,
    kill: () => endWith('SIGKILL'),
    async close() {
      await endWith('SIGKILL')
      await rm(folder, { recursive: true })
    },
  }
}

/** Waits until a server has loaded what it kept. */
async function answered(port: number, server: ChildProcess): Promise<void> {
  while (server.exitCode === null && server.signalCode === null) {
    const answer = await ask(port, 'PING').catch(() => null)
    if (answer !== null) return
    await sleep(20)
  }
  throw new Error('Redis does not start.')
}

/** Asks one server, over a connection of its own. */
export async function ask(port: number, name: string, ...args: string[]): Promise<unknown> {
  const client = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: null })
  client.on('error', () => {})
  try {
    await client.connect()
    return await client.call(name, ...args)
  } finally {
    client.disconnect()
  }
}

/** A node of a cluster. */
export interface ClusterNode extends OwnRedis {
  readonly id: string
}

/** A Redis Cluster: `redis://` of one of its nodes is enough to find the others. */
export interface OwnRedisCluster extends OwnServer {
  readonly masters: readonly ClusterNode[]
  /** The first follows the first master, and so on; none where there are to be none. */
  readonly replicas: readonly ClusterNode[]
}

const slots = 16_384
const masterCount = 3

/** Three masters, each with a replica where that is wanted, started. */
export async function startRedisCluster(
  options: { readonly replicas?: boolean; readonly settings?: readonly string[] } = {},
): Promise<OwnRedisCluster> {
  const { replicas = false, settings = [] } = options
  const count = replicas ? 2 * masterCount : masterCount
  const nodes: ClusterNode[] = []
  const meeting: string[] = []
  for (let at = 0; at < count; at++) {
    const bus = String(await freePort())
    const own = ['--cluster-enabled', 'yes', '--cluster-port', bus, ...clusterSettings, ...settings]
    const node = await startRedis(own)
    nodes.push({ ...node, id: String(await ask(node.port, 'CLUSTER', 'MYID')) })
    meeting.push(bus)
  }
  const masters = nodes.slice(0, masterCount)
  const [first] = masters
  if (!first) throw new TypeError('A cluster has masters.')
  for (const [at, { port }] of nodes.entries()) {
    await ask(first.port, 'CLUSTER', 'MEET', '127.0.0.1', String(port), meeting[at] ?? '')
  }
  for (const [at, { port }] of masters.entries()) {
    const range = [at, at + 1].map((share) => Math.floor((share * slots) / masterCount))
    const [from = 0, to = 0] = range
    await ask(port, 'CLUSTER', 'ADDSLOTSRANGE', String(from), String(to - 1))
  }
  const followers = nodes.slice(masterCount)
  await until(async () => (await everybodyKnows(nodes)) === count * count)
  for (const [at, { port }] of followers.entries()) {
    await ask(port, 'CLUSTER', 'REPLICATE', masters[at]?.id ?? '')
  }
  await until(() => isReady(nodes, followers))
  return {
    url: first.url,
    masters,
    replicas: followers,
    async close() {
      await Promise.all(nodes.map((node) => node.close()))
    },
  }
}

/** The sooner a node is held to be gone, the sooner another takes its place. */
const clusterSettings = ['--cluster-node-timeout', '1000', '--repl-diskless-sync-delay', '0']

async function everybodyKnows(nodes: readonly ClusterNode[]): Promise<number> {
  const answers = await Promise.all(nodes.map(({ port }) => ask(port, 'CLUSTER', 'NODES')))
  return answers.reduce<number>((sum, text) => sum + String(text).trim().split('\n').length, 0)
}

/** Whether all slots are served in the eyes of all nodes, and replicas have what their masters have. */
async function isReady(
  nodes: readonly ClusterNode[],
  followers: readonly ClusterNode[],
): Promise<boolean> {
  const states = await Promise.all(nodes.map(({ port }) => ask(port, 'CLUSTER', 'INFO')))
  const links = await Promise.all(followers.map(({ port }) => ask(port, 'INFO', 'replication')))
  return (
    states.every((text) => String(text).includes('cluster_state:ok')) &&
    links.every((text) => String(text).includes('master_link_status:up'))
  )
}

/** Waits until it is so. @throws Where it is not after a minute. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await isSo()) return
    await sleep(100)
  }
  throw new Error('It did not come true within a minute.')
}
