import { expect, test } from 'vitest'
import { developmentKeys } from './development.ts'
import { EnvError, loadEnv } from './load-env.ts'
import { gatewayEnv, workerEnv } from './processes.ts'

const production = {
  ISOCHRONE_ENVIRONMENT: 'production',
  DATABASE_URL: 'postgresql://a@db.example/b',
  REDIS_URL: 'rediss://redis.example',
  CHAIN_RPC_URL: 'https://rpc.example',
  DEPLOYMENT_FILE: 'deployment.json',
  DATA_DIR: '/var/lib/isochrone',
  GATEWAY_KEY: `0x${'5a'.repeat(32)}`,
  INTERNAL_TOKEN: 'an internal token of our own',
}

test('development fills in keys, ports and windows, and a value given wins', () => {
  const env = loadEnv(gatewayEnv, {
    DATABASE_URL: 'postgresql://a@127.0.0.1/b',
    REDIS_URL: 'redis://127.0.0.1:1',
    CHAIN_RPC_URL: 'http://127.0.0.1:2',
    DEPLOYMENT_FILE: 'x.json',
    DATA_DIR: '/tmp/x',
    GATEWAY_PORT: '5000',
  })
  expect(env).toMatchObject({
    ISOCHRONE_ENVIRONMENT: 'development',
    GATEWAY_KEY: developmentKeys[1],
    GATEWAY_PORT: 5000,
    GATEWAY_HOST: '127.0.0.1',
    EPOCH_MS: 60_000,
  })
})

/** A public key must never hold money, in whatever case it is written. */
test('production refuses every well-known development key', () => {
  for (const key of developmentKeys) {
    for (const written of [key, key.toUpperCase().replace('0X', '0x')]) {
      expect(() => loadEnv(gatewayEnv, { ...production, GATEWAY_KEY: written })).toThrow(
        /^GATEWAY_KEY: holds a well-known development value/,
      )
    }
  }
  expect(loadEnv(gatewayEnv, production).EPOCH_MS).toBe(3_600_000)
})

test('production has no default keys, and NODE_ENV=production alone means production', () => {
  const { GATEWAY_KEY: _key, ISOCHRONE_ENVIRONMENT: _environment, ...rest } = production
  expect(() => loadEnv(gatewayEnv, { ...rest, NODE_ENV: 'production' })).toThrow('GATEWAY_KEY: is not set')
})

test('each variable at fault is named once, and its value is not shown', () => {
  const source = { DATABASE_URL: 'mysql://user:hunter2@x/y', GATEWAY_URLS: 'nonsense', OPERATOR_KEY: '0x12' }
  let error: unknown
  try {
    loadEnv(workerEnv, source)
  } catch (caught) {
    error = caught
  }
  expect(error).toBeInstanceOf(EnvError)
  const { message } = error as EnvError
  for (const name of ['DATABASE_URL', 'REDIS_URL: is not set', 'GATEWAY_URLS', 'OPERATOR_KEY']) {
    expect(message).toContain(name)
  }
  expect(message).not.toContain('hunter2')
})

/** Browsers send an origin in one way only: written otherwise it would be allowed and never match. */
test('an origin that is allowed to call is written as browsers send it', () => {
  const load = (origins: string) => loadEnv(gatewayEnv, { ...production, GATEWAY_CORS_ORIGINS: origins })
  const origins = ['https://app.example.org', 'http://localhost:5173']
  expect(load(origins.join(',')).GATEWAY_CORS_ORIGINS).toEqual(origins)
  expect(loadEnv(gatewayEnv, production).GATEWAY_CORS_ORIGINS).toEqual([])
  for (const wrong of [
    'https://app.example.org/',
    'https://APP.example.org',
    'https://a.org:443',
    '*',
    'null',
    'a.org',
  ]) {
    expect(() => load(wrong), wrong).toThrow('GATEWAY_CORS_ORIGINS')
  }
})

test('lists split on commas and empty variables count as absent', () => {
  const env = loadEnv(workerEnv, {
    DATABASE_URL: 'postgres://a/b',
    REDIS_URL: 'redis://a',
    CHAIN_RPC_URL: 'http://a',
    DEPLOYMENT_FILE: 'd',
    DATA_DIR: 'd',
    GATEWAY_URLS: 'http://127.0.0.1:1, http://127.0.0.1:2',
    OPS_PORT: '',
  })
  expect(env.GATEWAY_URLS).toEqual(['http://127.0.0.1:1', 'http://127.0.0.1:2'])
  expect(env.OPS_PORT).toBeUndefined()
})
