/** What no engine of a node can do is never asked of it: the needs of a request are a hard constraint of placement. */
import { featureMask, offeredFeatures, prng, requestNeeds } from '@isochrone/domain'
import { expect, test } from 'vitest'
import { decide } from '../decide/decide.ts'
import { hexId, NOW_MS, offer, policy, request } from '../decide/fixtures.ts'
import { explainDecision } from '../explain/explain-decision.ts'
import { createReplicaPool } from '../pool/replica-pool.ts'
import { needsMask, policyWithFeatures } from './request-needs.ts'

const chat = '/v1/chat/completions'
const named = (path: string, body: Record<string, unknown>) =>
  requestNeeds(path, body).map(({ feature, field }) => `${feature}: ${field}`)

test('each field that would change the answer is a need, and hints are none', () => {
  const hints = { user: 'u', metadata: { a: 'b' }, store: true, service_tier: 'auto', prediction: {}, future: 1 }
  expect(named(chat, { messages: [], ...hints, n: 1, seed: null, presence_penalty: 0, logprobs: false })).toEqual([
    'chat: model',
  ])
  expect(
    named(chat, {
      messages: [
        { role: 'user', content: [{ type: 'text' }, { type: 'image_url' }] },
        { role: 'assistant', tool_calls: [{}] },
      ],
      n: 2,
      seed: 0,
      frequency_penalty: 0.5,
      logit_bias: { 1: 5 },
      response_format: { type: 'json_schema' },
      top_logprobs: 2,
      reasoning_effort: 'low',
    }),
  ).toEqual([
    'chat: model',
    'n: n',
    'seed: seed',
    'penalties: frequency_penalty',
    'logit_bias: logit_bias',
    'json_schema: response_format.type',
    'logprobs: top_logprobs',
    'reasoning: reasoning_effort',
    'images: messages[0].content[1].type',
    'tools: messages[1].tool_calls',
  ])
  expect(named('/v1/completions', { prompt: ['a', 'b'], logprobs: 0, echo: true, best_of: 2, suffix: 'x' })).toEqual([
    'completions: model',
    'logprobs: logprobs',
    'echo: echo',
    'suffix: suffix',
    'best_of: best_of',
    'prompts: prompt',
  ])
  expect(named('/v1/completions', { prompt: [1, 2, 3] })).toEqual(['completions: model', 'token_prompts: prompt'])
  expect(named('/v1/embeddings', { input: 'x' })).toEqual(['embeddings: model'])
})

test('a replica without the feature is rejected with its reason, one that says nothing is not', () => {
  const pool = createReplicaPool({})
  pool.upsert(offer(1, { features: featureMask(['chat']) }))
  pool.upsert(offer(2, { features: featureMask(['chat', 'tools']) }))
  pool.upsert(offer(3))
  const needs = needsMask(requestNeeds(chat, { tools: [{}] }))
  const asked = request({ policy: policyWithFeatures(policy, needs) })
  const record = decide(pool, asked, prng(1), NOW_MS).record()
  expect(record.rejected).toEqual([{ nodeId: hexId(1), reason: 'unsupported' }])
  expect(record.eligible).toBe(2)
  expect(JSON.stringify(explainDecision(record))).toContain('cannot do what the request asks for')
  pool.remove(hexId(2))
  pool.remove(hexId(3))
  expect(decide(pool, asked, prng(1), NOW_MS)).toMatchObject({ kind: 'none', reason: 'unsupported' })
})

test('the same policy and needs are one object; nodes that say nothing are taken for what they were', () => {
  expect(policyWithFeatures(policy, 5)).toBe(policyWithFeatures(policy, 5))
  expect(policyWithFeatures(policy, 0)).toBe(policy)
  expect(offeredFeatures(undefined) & featureMask(['tools', 'embeddings'])).toBe(featureMask(['tools']))
})
