'use client'
/** What an answer was: who gave it and why, its times, tokens and price, and the receipt once it is on record. */
import { Link } from '~/components/ui/link.tsx'
import { PlacementPanel } from '~/components/receipt/placement-panel.tsx'
import { Badge } from '~/components/ui/badge.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Section } from '~/components/ui/page-header.tsx'
import { Stats } from '~/components/ui/stat.tsx'
import { Hash, Money } from '~/components/ui/values.tsx'
import { formatCount, formatMs } from '~/lib/words/format.ts'
import { ReceiptWatch } from './receipt-watch.tsx'
import { leaseOfPlacement } from '~/lib/market/placement.ts'
import type { Run } from './use-playground.ts'

export function AnswerPanel({ run, nodeNames }: { run: Run; nodeNames: Record<string, string> }) {
  const { facts, requestId } = run
  const over = run.state === 'done' || run.state === 'stopped' || run.state === 'failed'
  return (
    <>
      <Section
        title="This answer"
        actions={requestId && <Hash value={requestId} label="request id" />}
        description={over && !facts ? unbilledWords(run) : undefined}
      >
        <Stats items={statsOf(run)} />
        {facts?.continuations.map(({ from, to, afterTokens }) => (
          <Notice key={`${from}-${to}-${afterTokens}`} className="mb-2">
            After {formatCount(afterTokens)} tokens it went on from {from} to {to}. Each token is billed once.
          </Notice>
        ))}
        {over && requestId && mayHaveReceipt(run) && <ReceiptWatch key={requestId} requestId={requestId} />}
      </Section>
      {facts && <PlacementPanel requestId={facts.requestId} placement={facts.placement} nodeNames={nodeNames} />}
    </>
  )
}

/** What was refused before any node was asked is signed by nobody. */
const mayHaveReceipt = ({ error }: Run): boolean =>
  error === null || error.code === 'connection_lost' || (error.owner !== 'client' && error.owner !== 'capacity')

function unbilledWords({ state, text }: Run): string {
  return state === 'failed' && text === ''
    ? 'It was refused before a node answered: that costs nothing.'
    : 'It ended before its bill was said; the receipt says what was billed.'
}

function statsOf({ facts, ttftMs, durationMs, state }: Run) {
  const waiting = state === 'waiting' || state === 'streaming' ? '…' : '—'
  const tpotMs = facts && facts.tokensOut > 1 ? (facts.durationMs - facts.ttftMs) / (facts.tokensOut - 1) : null
  return [
    {
      label: 'Node',
      value: facts ? (
        <Link href={`/offers/${facts.node}`} className="link">
          {facts.nodeName}
        </Link>
      ) : (
        waiting
      ),
      hint: facts && (
        <>
          {facts.provider}, {facts.region} {facts.simulated && <Badge>simulated</Badge>}
        </>
      ),
    },
    {
      label: 'Time to first token',
      value: ttftMs === null ? waiting : formatMs(ttftMs),
      hint: facts ? `here; ${formatMs(facts.ttftMs)} at the gateway` : 'here, from the click on',
    },
    {
      label: 'Per further token',
      value: tpotMs === null ? waiting : formatMs(tpotMs),
      hint: durationMs === null ? undefined : `${formatMs(durationMs)} in all`,
    },
    {
      label: 'Tokens in / out',
      value: facts ? `${formatCount(facts.tokensIn + facts.tokensCached)} / ${formatCount(facts.tokensOut)}` : waiting,
      hint: facts ? `${formatCount(facts.tokensCached)} of those in were cached` : undefined,
    },
    {
      label: 'Cost',
      value: facts ? <Money microUsd={BigInt(facts.priceMicroUsd)} /> : waiting,
      hint: facts && leaseOfPlacement(facts.placement) !== null ? 'paid for by the lease' : 'exact to the micro-dollar',
    },
  ]
}
