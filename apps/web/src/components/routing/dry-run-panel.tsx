'use client'
/** What the policy, as the form has it, would have done to the requests of the last day: asked for, and told as figures. */
import { useState } from 'react'
import type { DryRunReason, RoutingDryRun, RoutingJson } from '@isochrone/services'
import { dryRunRouting } from '~/actions/team.ts'
import { counted } from '@isochrone/domain'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Section } from '~/components/ui/page-header.tsx'
import { formatCount, formatMs } from '~/lib/words/format.ts'
import { formatScoreUsd, rejectionText } from '~/lib/market/placement.ts'
import { useAction } from '~/lib/page/use-action.ts'

export function DryRunPanel({ routing, changed }: { routing: RoutingJson; changed: boolean }) {
  const dryRun = useAction(dryRunRouting)
  const wanted = JSON.stringify(routing)
  const [asked, setAsked] = useState<string | null>(null)
  async function run() {
    setAsked(wanted)
    await dryRun.run({ routing })
  }
  const { data } = dryRun
  return (
    <Section
      title="What would have happened"
      description="The recorded decisions of the last 24 hours, 1,000 at most, made again by the same engine under this policy."
    >
      <div className="flex flex-col gap-3">
        <Button className="self-start" pending={dryRun.pending} onClick={() => void run()}>
          Replay the last day
        </Button>
        <ErrorNotice error={dryRun.error} />
        {data && asked !== wanted && <Notice>The policy was edited since; replay it again.</Notice>}
        <div role="status">{data && <Result data={data} changed={changed} />}</div>
      </div>
    </Section>
  )
}

function Result({ data, changed }: { data: RoutingDryRun; changed: boolean }) {
  if (data.requests === 0) {
    return (
      <p className="text-ink-2">
        No decision of the last 24 hours is on record
        {data.unreadable > 0 && ` that this engine can make again (${formatCount(data.unreadable)} requests have none)`}
        .
      </p>
    )
  }
  const refused = data.refused.reduce((sum, { count }) => sum + count, 0)
  return (
    <div className="flex flex-col gap-2">
      <Facts
        items={[
          ['Decisions', formatCount(data.requests)],
          ['Newly refused', <Refused key="refused" total={refused} reasons={data.refused} />],
          data.refusedBefore > 0 && [
            'Newly placed',
            `${formatCount(data.admitted)} of ${formatCount(data.refusedBefore)} that were refused`,
          ],
          ['Other node', `${formatCount(data.moved)} of ${formatCount(data.compared)} placed both times`],
          data.compared > 0 && ['Expected cost', costWords(data.costMicroUsd)],
          data.compared > 0 && ['Expected first token', ttftWords(data.ttftMs)],
        ]}
      />
      {!changed && <p className="text-xs text-ink-3">Nothing was changed yet: this is the policy that is saved.</p>}
      {data.unseen > 0 && (
        <p className="text-xs text-ink-3">
          For {counted(data.unseen, 'decision', 'decisions')} more replicas were there than were looked at. A policy
          that allows more may find more than this shows.
        </p>
      )}
      {data.unreadable > 0 && (
        <p className="text-xs text-ink-3">
          Without a decision that this engine can make again:{' '}
          {counted(data.unreadable, 'more request', 'more requests')}.
        </p>
      )}
    </div>
  )
}

function Refused({ total, reasons }: { total: number; reasons: RoutingDryRun['refused'] }) {
  if (total === 0) return 'none'
  return (
    <>
      {formatCount(total)}
      <ul className="text-xs text-ink-2">
        {reasons.map(({ reason, count }) => (
          <li key={reason}>
            {formatCount(count)} × {reasonText(reason)}
          </li>
        ))}
      </ul>
    </>
  )
}

/** The reason that left most nodes out. */
function reasonText(reason: DryRunReason): string {
  if (reason === 'contradiction') return 'asked for a place that this policy does not allow'
  return reason === 'no_replica' ? rejectionText(reason) : `every node: ${rejectionText(reason)}`
}

function costWords({ before, after }: RoutingDryRun['costMicroUsd']): string {
  const share = before > 0 ? ` (${signed(((after - before) / before) * 100)} %)` : ''
  return `$${formatScoreUsd(before)} → $${formatScoreUsd(after)}${share}`
}

function ttftWords({ before, after }: RoutingDryRun['ttftMs']): string {
  return `${formatMs(before)} → ${formatMs(after)}, in the middle`
}

/** With a sign, and never “−0.0”. */
function signed(value: number): string {
  const text = Math.abs(value).toFixed(1)
  return text === '0.0' ? '±0.0' : `${value > 0 ? '+' : '−'}${text}`
}
