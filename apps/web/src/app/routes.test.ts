/** Who may call what the web app answers outside its procedures: the files, the table and every route agree, in every role. */
import { globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createFileUpload, createPlaygroundRelay, routeAccess } from '@isochrone/api'
import { AppError, BATCH_FILE_TYPE, ORGANISATION_HEADER, systemClock } from '@isochrone/domain'
import type { ControlPlane, Viewer, ViewerOrganisation } from '@isochrone/services'
import { beforeEach, expect, test, vi } from 'vitest'

const team: ViewerOrganisation = { id: 'org_1', name: 'Team', slug: 'team', role: 'owner', providerId: null }
const provider: ViewerOrganisation = { ...team, id: 'org_2', name: 'Provider', providerId: `0x${'ab'.repeat(32)}` }
const viewer = (org: ViewerOrganisation | null, admin = false): Viewer => ({
  userId: 'user_1',
  name: 'A person',
  email: 'a@example.test',
  admin,
  organisations: org ? [org] : [],
  activeOrganisation: org,
})
const roles = {
  visitor: null,
  'no organisation': viewer(null),
  'team member': viewer({ ...team, role: 'member' }),
  'team admin': viewer({ ...team, role: 'admin' }),
  'team owner': viewer(team),
  'provider member': viewer({ ...provider, role: 'member' }),
  'provider admin': viewer({ ...provider, role: 'admin' }),
  'provider owner': viewer(provider),
  staff: viewer(null, true),
} satisfies Record<string, Viewer | null>
type Role = keyof typeof roles
const everyone = Object.keys(roles) as Role[]
const hasOrganisation = (role: Role): boolean => roles[role]?.activeOrganisation != null
const isAdmin = (role: Role): boolean => hasOrganisation(role) && !role.endsWith('member')
const allowed = {
  public: () => true,
  user: (role: Role) => role !== 'visitor',
  org: hasOrganisation,
  'org-admin': isAdmin,
}

const ROLE_HEADER = 'x-test-role'
const now = vi.hoisted(() => ({ headers: new Headers() }))
vi.mock('next/headers', () => ({ headers: async () => now.headers }))

/** What reached the services: `group.verb` and whose. */
let reached: { call: string; orgId: unknown }[] = []

const controlPlane = new Proxy({} as ControlPlane, {
  get: (_all, group) =>
    new Proxy(
      {},
      {
        get: (_group, verb) => async (input: { userId?: Role; orgId?: string }) => {
          if (group === 'accounts' && verb === 'viewer') return roles[input.userId ?? 'visitor']
          if (group === 'apiKeys' && verb === 'relayGateways') return ['http://gateway.test']
          reached.push({ call: `${String(group)}.${String(verb)}`, orgId: input.orgId })
          throw new AppError('not_found', { publicMessage: 'There is no such thing.' })
        },
      },
    ),
})

beforeEach(() => {
  const held = {
    env: { CHAIN_RPC_URL: 'http://127.0.0.1:1', WEB_URL: 'http://web.test' },
    logger: { info: () => {}, error: () => {} },
    deployment: { chainId: 1, addresses: {} },
    controlPlane,
    // A session is the name of a role.
    auth: {
      api: {
        getSession: async ({ headers }: { headers: Headers }) => {
          const role = headers.get(ROLE_HEADER)
          return role === null || role === 'visitor' ? null : { user: { id: role }, session: {} }
        },
      },
    },
    playground: createPlaygroundRelay({
      controlPlane,
      clock: systemClock,
      fetch: async () => {
        reached.push({ call: 'gateway', orgId: undefined })
        return new Response('{}')
      },
    }),
    fileUpload: createFileUpload({ controlPlane }),
    ping: async () => {},
  }
  Object.assign(globalThis, { isochronePlatform: Promise.resolve(held) })
})

const app = dirname(fileURLToPath(import.meta.url))
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
type Handler = (request: Request, context: { params: Promise<Record<string, string>> }) => Promise<Response>

/** By method and route, as the table names them. */
async function handlers(): Promise<Map<string, Handler>> {
  const found = new Map<string, Handler>()
  for (const file of globSync('**/route.ts', { cwd: app })) {
    const module = (await import(join(app, file))) as Record<string, Handler>
    for (const method of methods) if (module[method]) found.set(`${method} /${dirname(file)}`, module[method])
  }
  return found
}

const chat = { model: 'm', messages: [{ role: 'user', content: 'Hello' }], maxTokens: 16 }
const json = { 'content-type': 'application/json' }
/** What a caller who may would send. */
const requests: Record<string, { headers?: Record<string, string>; body?: string }> = {
  'POST /api/chain': { headers: json, body: '{}' },
  'POST /api/files': { headers: { 'content-type': BATCH_FILE_TYPE, 'content-length': '2' }, body: '{}' },
  'POST /api/playground': {
    headers: { ...json, 'x-playground-key': 'iso_a-key-of-my-own' },
    body: JSON.stringify(chat),
  },
  'POST /api/agent/join': { headers: json, body: '{}' },
  'POST /api/agent/report': { headers: json, body: '{}' },
}

async function statusOf(route: string, role: Role, more: Record<string, string> = {}): Promise<number> {
  const handler = (await handlers()).get(route)
  if (!handler) throw new Error(`${route} is no route`)
  const [method = '', path = ''] = route.split(' ')
  const { headers = {}, body } = requests[route] ?? {}
  const all = new Headers({ ...headers, ...more, [ROLE_HEADER]: role })
  now.headers = all
  reached = []
  const request = new Request(`http://web.test${path}?name=in.jsonl`, { method, headers: all, body: body ?? null })
  return (await handler(request, { params: Promise.resolve({ id: 'file_1' }) })).status
}

const routes = Object.keys(routeAccess) as (keyof typeof routeAccess)[]

test('every route has a row in the table, and every row a route', async () => {
  expect([...(await handlers()).keys()].toSorted()).toEqual(routes.toSorted())
})

test.each(routes)('%s answers the roles of its row and no other', async (route) => {
  const access = routeAccess[route]
  // These have tables and tests of their own.
  if (access === 'procedure' || access === 'auth') return
  const statuses = new Map<Role, number>()
  for (const role of everyone) {
    const status = await statusOf(route, role)
    statuses.set(role, status)
    if (access === 'own') continue
    const may = allowed[access](role)
    expect({ role, may: status !== 401 && status !== 403 }).toEqual({ role, may })
    if (!may) expect({ role, status, reached }).toEqual({ role, status: role === 'visitor' ? 401 : 403, reached: [] })
    // Never another organisation than the caller's own.
    for (const { orgId } of reached) expect([undefined, roles[role]?.activeOrganisation?.id]).toContain(orgId)
  }
  if (access === 'own') expect(new Set(statuses.values()).size).toBe(1)
})

test('without a key of their own only owners and admins spend in the playground', async () => {
  for (const role of everyone.filter(hasOrganisation)) {
    const status = await statusOf('POST /api/playground', role, { 'x-playground-key': '' })
    expect({ role, may: status !== 403 }).toEqual({ role, may: isAdmin(role) })
    expect(reached.map(({ call }) => call)).toEqual(isAdmin(role) ? ['apiKeys.lend'] : [])
  }
})

test('a tab that was opened for another organisation neither uploads nor spends', async () => {
  for (const route of ['POST /api/files', 'POST /api/playground']) {
    expect(await statusOf(route, 'team owner', { [ORGANISATION_HEADER]: 'org_2' })).toBe(409)
    expect(reached).toEqual([])
    expect(await statusOf(route, 'team owner', { [ORGANISATION_HEADER]: 'org_1' })).not.toBe(409)
    expect(reached).toHaveLength(1)
  }
})
