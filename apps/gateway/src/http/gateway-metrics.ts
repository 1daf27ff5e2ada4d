/** What this gateway tells Prometheus: requests, latency, tokens, load, leases, journal. */
import type { RecountEvent } from '../recount/create-recounter.ts'
import { createGenAiMetrics, latencyBucketsS, type GenAiObservation, type Metrics } from '@isochrone/runtime'

export interface GatewayMetrics {
  /** Once for each; 499: its client left before the end of the answer. */
  requestEnded(path: string, httpStatus: number): void
  /** ms from acceptance to the first token. */
  firstToken(ttftMs: number): void
  tokens(tokensIn: number, tokensOut: number): void
  /** A request was refused because the event loop stays late. */
  shed(): void
  /** An answer has been made: by the names that OpenTelemetry gives it. */
  served(observation: GenAiObservation): void
  /** An answer that broke off is sent on elsewhere. */
  continued(): void
  /** A silent attempt has got a rival. */
  hedged(): void
  /** A node went without an attempt because of the prompts that wait there. */
  declined(): void
  /** A stream goes on at a faster node. */
  moved(): void
  /** An answer has been counted again, or was not. */
  recounted(outcome: RecountEvent): void
  /** For the journal's `onCommit`. */
  journalCommit(durationMs: number, records: number): void
  render(): Promise<{ contentType: string; body: string }>
}

export interface MetricsSources {
  activeRequests(): number
  waitingRequests(): number
  linkedNodes(): number
  leaseIdleMicroUsd(): bigint
  controlVersion(): number
  /** How late the event loop is, ms. */
  loopLateMs(): number
}

export function createGatewayMetrics(metrics: Metrics, sources: () => MetricsSources): GatewayMetrics {
  const requests = metrics.counter('requests_total', 'Requests answered, or left by their client: 499', [
    'path',
    'status',
  ])
  const ttft = metrics.histogram('ttft_seconds', 'Request accepted to first token', latencyBucketsS)
  const tokens = metrics.counter('tokens_total', 'Tokens billed', ['direction'])
  const genAi = createGenAiMetrics(metrics)
  const shed = metrics.counter('shed_total', 'Requests refused because the event loop stays late')
  const hedges = metrics.counter('hedges_total', 'Second attempts beside a silent first one')
  const declines = metrics.counter(
    'declines_total',
    'Attempts that nodes declined because of the prompts that wait there',
  )
  const moves = metrics.counter('moves_total', 'Streams that left a node that had become too slow')
  const continuations = metrics.counter('continuations_total', 'Answers that broke off and were sent on elsewhere')
  const recounts = metrics.counter('recounts_total', 'Answers counted again by the model’s own tokenizer', ['outcome'])
  const commit = metrics.histogram('journal_commit_seconds', 'Journal write and fsync', latencyBucketsS)
  const records = metrics.counter('journal_records_total', 'Journal records made durable')
  const active = metrics.gauge('active_requests', 'Requests under way')
  const waiting = metrics.gauge('waiting_requests', 'Requests that wait for a place')
  const nodes = metrics.gauge('linked_nodes', 'Nodes linked to this gateway')
  const lease = metrics.gauge('lease_idle_micro_usd', 'Budget held and not reserved, µUSD')
  const version = metrics.gauge('control_version', 'Version of the control state')
  const loopLate = metrics.gauge('loop_late_seconds', 'How late the event loop is')
  return {
    requestEnded: (path, httpStatus) => requests.inc({ path, status: String(httpStatus) }),
    firstToken: (ttftMs) => ttft.observe(ttftMs / 1_000),
    tokens(tokensIn, tokensOut) {
      tokens.inc({ direction: 'in' }, tokensIn)
      tokens.inc({ direction: 'out' }, tokensOut)
    },
    served: (observation) => genAi.observe(observation),
    continued: () => continuations.inc(),
    shed: () => shed.inc(),
    recounted: (outcome) => recounts.inc({ outcome }),
    hedged: () => hedges.inc(),
    declined: () => declines.inc(),
    moved: () => moves.inc(),
    journalCommit(durationMs, count) {
      commit.observe(durationMs / 1_000)
      records.inc(count)
    },
    render() {
      const now = sources()
      active.set(now.activeRequests())
      waiting.set(now.waitingRequests())
      nodes.set(now.linkedNodes())
      lease.set(Number(now.leaseIdleMicroUsd()))
      version.set(now.controlVersion())
      loopLate.set(now.loopLateMs() / 1_000)
      return metrics.render()
    },
  }
}
