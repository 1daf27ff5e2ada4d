/**
 * Reads a routing policy as people send it: JSON with snake_case keys, money in USD, times in ms.
 *
 * Everything that is wrong is told as one sentence about one field, with what would be right. Nothing is guessed: an
 * unknown field is an error, because a residency or a cap that is spelt wrongly must not be ignored.
 */
import { AppError } from '@isochrone/domain'
import { z } from 'zod'
import { dataPolicies, trustLevels } from '../offer.ts'
import { nearest } from './nearest.ts'
import { expandRegion } from './regions.ts'
import { routingSorts, type RoutingWish } from './routing-wish.ts'

const LIST_MAX = 100
/** No token, no request and no second is worth more; a larger number is a slip of unit. */
const USD_MAX = 1_000_000
const SLO_MS_MAX = 86_400_000

const oneOf = <T extends readonly string[]>(values: T) =>
  z.enum(values, {
    error: ({ input }) => {
      const meant = typeof input === 'string' ? nearest(input, values) : undefined
      return `must be one of ${values.join(', ')}${meant ? `; did you mean ${meant}?` : ''}`
    },
  })

const number = (what: string, max: number) =>
  z.preprocess(
    // Decimal strings too: several clients send money as text so that it stays exact.
    (value) => (typeof value === 'string' && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value),
    z
      .number({ error: `must be ${what}, as a number` })
      .min(0, { error: `must not be negative: it is ${what}` })
      .max(max, { error: `must be at most ${max.toLocaleString('en')}: it is ${what}` }),
  )
const usd = (what: string) => number(what, USD_MAX)
const sloMs = number('a time in milliseconds', SLO_MS_MAX).refine((ms) => ms > 0, {
  error: 'must be more than 0 ms: no replica answers in no time; leave it out to have no target of your own',
})

const words = (what: string) =>
  z
    .array(
      z
        .string({ error: `must be ${what}` })
        .trim()
        .min(1, { error: `must be ${what}, not an empty text` })
        .max(128),
      {
        error: `must be a list of ${what}`,
      },
    )
    .max(LIST_MAX, { error: `must have at most ${LIST_MAX} entries` })
const someWords = (what: string) =>
  words(what).min(1, { error: `is an empty list, which allows none; name at least one, or leave it out to allow all` })

const fields = {
  sort: oneOf(routingSorts).nullish(),
  value_of_second_usd: usd('what a second is worth to you in USD').nullish(),
  max_price: z
    .strictObject(
      {
        input: usd('USD per million tokens of input').nullish(),
        output: usd('USD per million tokens of output').nullish(),
        request: usd('USD for the whole request').nullish(),
      },
      { error: 'must be an object with input, output (USD per million tokens) or request (USD)' },
    )
    .nullish(),
  ttft_slo_ms: sloMs.refine((ms) => ms >= 1, { error: 'must be at least 1 ms: no replica answers sooner' }).nullish(),
  tpot_slo_ms: sloMs.nullish(),
  regions: someWords('countries such as DE or EU, or provider regions such as eu-de').nullish(),
  exclude: words('node or provider ids').nullish(),
  min_trust: oneOf(trustLevels).nullish(),
  data_policy: oneOf(dataPolicies).nullish(),
  gpu_classes: someWords('GPU classes such as H200').nullish(),
  allow_fallbacks: z.boolean({ error: 'must be true or false' }).nullish(),
  allow_continuation: z.boolean({ error: 'must be true or false' }).nullish(),
}
const schema = z.strictObject(fields, { error: 'must be an object' })

const knownFields: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(fields),
  max_price: ['input', 'output', 'request'],
}

/**
 * The wish in a routing policy; `undefined` and `null` are an empty one. `root` names it in errors.
 *
 * Throws `invalid_input` with `field` such as `routing.max_price.output`.
 */
export function parseRoutingPolicy(json: unknown, root = 'routing'): { policy: RoutingWish } {
  if (json === undefined || json === null) return { policy: {} }
  const parsed = schema.safeParse(json)
  if (!parsed.success) throw errorOf(parsed.error, root)
  const sent = parsed.data
  if (isSaid(sent.sort) && isSaid(sent.value_of_second_usd)) {
    throw invalid(
      `${root}.value_of_second_usd`,
      `contradicts ${root}.sort: ${JSON.stringify(sent.sort)} already says what a second is worth; send one of the two`,
    )
  }
  const policy: RoutingWish = {}
  if (isSaid(sent.sort)) policy.sort = sent.sort
  if (isSaid(sent.value_of_second_usd)) policy.valueOfSecondMicroUsd = microUsd(sent.value_of_second_usd)
  if (isSaid(sent.max_price)) policy.maxPrice = maxPriceOf(sent.max_price)
  if (isSaid(sent.ttft_slo_ms)) policy.ttftSloMs = sent.ttft_slo_ms
  if (isSaid(sent.tpot_slo_ms)) policy.tpotSloMs = sent.tpot_slo_ms
  if (isSaid(sent.regions)) policy.regions = regionsOf(sent.regions, `${root}.regions`)
  if (isSaid(sent.exclude))
    policy.exclude = [...new Set(sent.exclude.map((id, index) => idOf(id, `${root}.exclude.${index}`)))]
  if (isSaid(sent.min_trust)) policy.minTrust = sent.min_trust
  if (isSaid(sent.data_policy)) policy.dataPolicy = sent.data_policy
  if (isSaid(sent.gpu_classes)) policy.gpuClasses = [...new Set(sent.gpu_classes.map((name) => name.toUpperCase()))]
  if (isSaid(sent.allow_fallbacks)) policy.allowFallbacks = sent.allow_fallbacks
  if (isSaid(sent.allow_continuation)) policy.allowContinuation = sent.allow_continuation
  return { policy }
}

const isSaid = <T>(value: T | null | undefined): value is T => value !== undefined && value !== null

type SentPrice = NonNullable<z.infer<typeof fields.max_price>>

function maxPriceOf({ input, output, request }: SentPrice): NonNullable<RoutingWish['maxPrice']> {
  return {
    ...(isSaid(input) ? { inPerMtok: microUsd(input) } : {}),
    ...(isSaid(output) ? { outPerMtok: microUsd(output) } : {}),
    ...(isSaid(request) ? { requestMicroUsd: microUsd(request) } : {}),
  }
}

/** Whole µUSD, rounded down; what is off by less than the error of a double counts as whole. */
function microUsd(usdAmount: number): number {
  const exact = usdAmount * 1e6
  const whole = Math.round(exact)
  return Math.abs(exact - whole) <= 1e-9 * Math.max(1, exact) ? whole : Math.floor(exact)
}

/** Hex is compared in lower case. Whether somebody has the id is another question. */
function idOf(text: string, field: string): string {
  if (/^0x[0-9a-f]{64}$/i.test(text)) return text.toLowerCase()
  if (!/^0x/i.test(text) && /^[\w.-]+$/.test(text)) return text
  throw invalid(field, `is no id of a node (node_…, 0x and 64 hex digits) or of a provider: ${JSON.stringify(text)}`)
}

function regionsOf(texts: readonly string[], field: string): string[] {
  const regions = texts.flatMap((text, index) => {
    const expanded = expandRegion(text)
    if ('problem' in expanded) throw invalid(`${field}.${index}`, expanded.problem, '')
    return expanded.regions
  })
  return [...new Set(regions)]
}

function errorOf(error: z.ZodError, root: string): AppError {
  const [issue] = error.issues
  if (!issue) return invalid(root, 'is not a routing policy')
  const path = issue.path.map(String)
  if (issue.code === 'unrecognized_keys') {
    const known = knownFields[path.join('.')] ?? []
    const unknown = String(issue.keys[0]).slice(0, 60)
    const meant = nearest(unknown, known)
    const hint = meant ? `did you mean ${[root, ...path, meant].join('.')}?` : `known are ${known.join(', ')}`
    return invalid([root, ...path, unknown].join('.'), `is no field of a routing policy; ${hint}`)
  }
  return invalid([root, ...path].join('.'), issue.message)
}

function invalid(field: string, message: string, subject = `${field} `): AppError {
  return new AppError('invalid_input', { field, publicMessage: `${subject}${message}.`.replace(/\?\.$/, '?') })
}
