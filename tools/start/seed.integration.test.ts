/** The seed, sign-in, keys, joining and funding on the real Postgres and Redis. */
import { agentJoin, apiErrorOf, describeAgentJoin } from '@isochrone/api'
import { addressOfKey, redisKeys, signStruct, type Hex } from '@isochrone/protocol'
import { loadControlSnapshot } from '@isochrone/services'
import { privateKeyToAccount } from 'viem/accounts'
import { createSiweMessage } from 'viem/siwe'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoPassword, seed } from './seed.ts'
import { cookieOf, post, startTestControlPlane, testUrl, type TestControlPlane } from './seed/test-control-plane.ts'

let plane: TestControlPlane
let first: Awaited<ReturnType<typeof seed>>
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    (error: unknown) => apiErrorOf(error).code,
  )
const team = async () => plane.as(await plane.signIn('team@isochrone.test', demoPassword))
const provider = async () => plane.as(await plane.signIn('provider@isochrone.test', demoPassword))

beforeAll(async () => {
  plane = await startTestControlPlane()
  first = await seed(plane.ctx)
})
afterAll(() => plane?.stop())

test('a second seed gives the same key and adds nothing', async () => {
  const count = async () => [
    await plane.db.user.count(),
    await plane.db.organization.count(),
    await plane.db.node.count(),
    await plane.db.fundingOrder.count(),
    await plane.db.apiKey.count(),
    await plane.store.control.version(),
  ]
  const before = await count()
  expect(await seed(plane.ctx)).toEqual(first)
  expect(await count()).toEqual(before)
  expect(before.slice(0, 5)).toEqual([3, 2, 5, 1, 1])
})

test('production refuses demo accounts', async () => {
  const key = `0x${'5a'.repeat(32)}`
  const env = {
    ...plane.ctx.env,
    ISOCHRONE_ENVIRONMENT: 'production',
    OPERATOR_KEY: key,
    MANAGED_WALLET_KEY: key,
    GATEWAY_KEY: key,
    AUTH_SECRET: 'a secret of our own, which is long',
    INTERNAL_TOKEN: 'a token of our own, which is long',
  }
  await expect(seed({ ...plane.ctx, env })).rejects.toThrow(/production/)
})

test('gateways learn of the key, the paying channel and all nodes with their prices', async () => {
  const { states } = await loadControlSnapshot(plane.store)
  const kinds = (kind: string) => states.filter((state) => state.kind === kind)
  expect(kinds('api-key')).toHaveLength(1)
  expect(kinds('node')).toHaveLength(5)
  const org = states.find((state) => state.kind === 'organisation' && state.name === 'Acme Research')
  expect(org).toMatchObject({ channelId: expect.stringMatching(/^0x[0-9a-f]{64}$/) })
  expect(states.filter((state) => state.kind === 'node' && state.simulated)).toHaveLength(2)
})

/** better-auth's own plugin accepts what our service wrote, so the two agree on the hash. */
test('a key works until it is revoked, and revoking reaches the control stream', async () => {
  const api = await team()
  const { key, secret } = await api.keys.create({ name: 'CI' })
  expect(await plane.auth.api.verifyApiKey({ body: { key: secret } })).toMatchObject({ valid: true })
  await api.keys.revoke({ id: key.id })
  expect(await plane.auth.api.verifyApiKey({ body: { key: secret } })).toMatchObject({ valid: false })
  const [newest] = await plane.redis.xrevrange(redisKeys.control, '+', '-', 'COUNT', 1)
  expect(JSON.parse(newest?.[1][1] ?? '{}')).toMatchObject({ state: { keyId: key.id, enabled: false } })
  expect((await api.keys.list()).map(({ name, enabled }) => ({ name, enabled }))).toContainEqual({
    name: 'CI',
    enabled: false,
  })
})

test("another organisation's key, request and job are not found", async () => {
  const [key] = await (await team()).keys.list()
  const other = await provider()
  expect(await code(other.keys.revoke({ id: key?.id ?? '' }))).toBe('not_found')
  expect(await code(other.requests.detail({ id: 'req_1' }))).toBe('not_found')
  expect(await code(other.jobs.detail({ id: 'job_1' }))).toBe('not_found')
  expect(await other.keys.list()).toEqual([])
})

test('an account that signs up gets an organisation of its own, without any rights to staff pages', async () => {
  const response = await post(plane.auth, '/sign-up/email', {
    email: 'new@isochrone.test',
    name: 'Ada',
    password: 'a long password',
    role: 'admin',
  })
  // A role in the form is refused or ignored, never taken.
  const cookie = response.ok
    ? cookieOf(response)
    : cookieOf(
        await post(plane.auth, '/sign-up/email', {
          email: 'new@isochrone.test',
          name: 'Ada',
          password: 'a long password',
        }),
      )
  const api = await plane.as(cookie)
  const me = await api.session.me()
  expect(me).toMatchObject({ admin: false, activeOrganisation: { name: 'Ada’s team', role: 'owner' } })
  expect(await code(api.admin.overview())).toBe('not_found')
  const admin = await plane.as(await plane.signIn('admin@isochrone.test', demoPassword))
  expect(await admin.admin.overview()).toMatchObject({ providers: 1, nodesTotal: 5 })
})

test('the doors that would change keys or organisations behind our back are closed', async () => {
  const cookie = await plane.signIn('team@isochrone.test', demoPassword)
  for (const path of ['/api-key/create', '/api-key/update', '/organization/create', '/organization/delete']) {
    expect((await post(plane.auth, path, { name: 'x', slug: 'x' }, { cookie })).status).toBe(404)
  }
})

test('a wallet signs in with Ethereum, once for each nonce', async () => {
  const account = privateKeyToAccount(`0x${'42'.repeat(32)}`)
  const { nonce } = (await (await post(plane.auth, '/siwe/nonce', {})).json()) as { nonce: string }
  const message = createSiweMessage({
    address: account.address,
    chainId: 31_337,
    domain: new URL(testUrl).host,
    nonce,
    uri: testUrl,
    version: '1',
  })
  const signature = await account.signMessage({ message })
  const cookie = cookieOf(await post(plane.auth, '/siwe/verify', { message, signature }))
  const me = await (await plane.as(cookie)).session.me()
  expect(me?.activeOrganisation?.name).toMatch(/^0x\w{4}…\w{4}’s team$/)
  expect((await post(plane.auth, '/siwe/verify', { message, signature })).status).toBe(401)
})

test('a node joins once, by its token and with proof of its key', async () => {
  const api = await provider()
  const { token } = await api.provider.createJoinToken({
    nodeName: 'outsider',
    region: 'eu-de',
    country: 'de',
    tier: 'edge',
    dataPolicy: 'no_training',
    inUsdPerMtok: '0.10',
    cachedUsdPerMtok: '0.05',
    outUsdPerMtok: '0.40',
  })
  const url = `${testUrl}/api/agent/join`
  const described = await describeAgentJoin(plane.controlPlane.providers, new Request(`${url}?token=${token}`))
  const { providerId, chainId, registryAddress } = (await described.json()) as {
    providerId: Hex
    chainId: number
    registryAddress: Hex
  }
  const join = (privateKey: Hex, claimedKey = addressOfKey(privateKey)) => {
    const domain = { chainId, verifyingContract: registryAddress }
    const proof = signStruct(domain, 'NodeKey', { providerId, nodeKey: claimedKey }, privateKey).signature
    const body = JSON.stringify({ token, nodeKey: claimedKey, proof, inventory })
    return agentJoin(plane.controlPlane.providers, new Request(url, { method: 'POST', body }))
  }
  const [mine, others]: [Hex, Hex] = [`0x${'61'.repeat(32)}`, `0x${'62'.repeat(32)}`]
  expect((await join(others, addressOfKey(mine))).status).toBe(403)
  const answers = await Promise.all([join(mine), join(mine)])
  const joined = await join(mine)
  expect(answers.map(({ status }) => status)).toEqual([200, 200])
  expect(joined.status).toBe(200)
  expect(await joined.json()).toMatchObject({ nodeName: 'outsider', gatewayUrls: plane.deps.gatewayUrls })
  // An agent that lost the reply starts over, with GET; the token still admits no other key.
  expect((await describeAgentJoin(plane.controlPlane.providers, new Request(`${url}?token=${token}`))).status).toBe(200)
  expect((await join(others)).status).toBe(401)
  expect((await describeAgentJoin(plane.controlPlane.providers, new Request(`${url}?token=nope`))).status).toBe(401)
  const declared = { tier: 'edge', dataPolicy: 'no_training', gpuClass: 'CPU', trust: 'claimed' }
  const node = (await api.provider.nodes()).find(({ name }) => name === 'outsider')
  expect(node).toMatchObject({ status: 'joining', ...declared })
  const { states } = await loadControlSnapshot(plane.store)
  expect(states.find((state) => state.kind === 'node' && state.name === 'outsider')).toMatchObject(declared)
  // The promise is part of what receipts refer to by hash.
  const terms = await plane.store.providers.terms([node?.termsHash ?? ''])
  expect(terms.get(node?.termsHash ?? '')).toMatchObject({
    values: { outPerMtok: 400_000, penaltyBps: 0 },
    document: { version: 3, tier: 'edge', dataPolicy: 'no_training' },
  })
  expect((await api.provider.joinTokens())[0]).toMatchObject({ status: 'used' })
})

test('a revoked join token admits nobody', async () => {
  const api = await provider()
  const { token, joinToken } = await api.provider.createJoinToken({
    nodeName: 'late',
    region: 'eu-de',
    country: 'DE',
    inUsdPerMtok: '0',
    cachedUsdPerMtok: '0',
    outUsdPerMtok: '0.1',
  })
  expect(await api.provider.revokeJoinToken({ id: joinToken.id })).toMatchObject({ status: 'revoked' })
  expect(await code(plane.controlPlane.providers.describeJoin({ token }))).toBe('unauthenticated')
})

test('a managed balance is asked for once and followed; its organisation cannot switch to a wallet meanwhile', async () => {
  const api = await team()
  const order = await api.balance.fund({ amountUsd: '12.50' })
  expect(order).toMatchObject({ microUsd: 12_500_000n, status: 'requested' })
  const balance = await api.balance.get()
  expect(balance.orders).toHaveLength(2)
  expect(balance.channel).toMatchObject({ custody: 'managed', availableMicroUsd: 0n })
  const wallet = privateKeyToAccount(`0x${'43'.repeat(32)}`)
  const plan = await api.balance.walletPrepare({ ownerAddress: wallet.address, amountUsd: '5' })
  const signature = await wallet.signTypedData(plan.ceiling.typedData)
  const link = { ownerAddress: wallet.address, ceilingMicroUsd: plan.ceiling.amountMicroUsd, signature }
  expect(await code(api.balance.walletLink(link))).toBe('state_conflict')
})

test('a wallet channel is linked by its owner’s signature for this organisation and no other', async () => {
  const api = await provider()
  const wallet = privateKeyToAccount(`0x${'44'.repeat(32)}`)
  const plan = await api.balance.walletPrepare({ ownerAddress: wallet.address, amountUsd: '5' })
  const signature = await wallet.signTypedData(plan.ceiling.typedData)
  const link = { ownerAddress: wallet.address, ceilingMicroUsd: 5_000_000n, signature }
  expect(await code((await team()).balance.walletLink(link))).toBe('forbidden')
  expect(await code(api.balance.walletLink({ ...link, ceilingMicroUsd: 6_000_000n }))).toBe('forbidden')
  const linked = await api.balance.walletLink(link)
  expect(linked).toMatchObject({ channelId: plan.channelId, custody: 'wallet' })
  expect(await api.balance.walletLink(link)).toEqual(linked)
  expect(await code(api.balance.fund({ amountUsd: '1' }))).toBe('state_conflict')
})

const inventory = {
  hardware: 'test',
  cpuModel: 'test',
  cpuCores: 2,
  memoryMib: 1024,
  gpus: [],
  agentVersion: '0.1.0',
  os: 'Linux',
}
