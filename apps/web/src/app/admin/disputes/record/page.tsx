/**
 * A challenged performance record on the desk: claim, time lines, and rule with its computed outcome beside each other; its panel,
 * and the form to vote by.
 */
import type { RecordCaseView } from '@isochrone/services'
import { counted } from '@isochrone/domain'
import { notFound } from 'next/navigation'
import { HandedIn } from '~/components/disputes/handed-in.tsx'
import { JudgementForm } from '~/components/disputes/judgement-form.tsx'
import { Pane, Panes } from '~/components/disputes/pane.tsx'
import { RecordOutcomeView } from '~/components/disputes/record-outcome.tsx'
import { RecordTimelines } from '~/components/disputes/record-timelines.tsx'
import { CountsTable } from '~/components/record/counts-table.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { RecordStatusBadge } from '~/components/status.tsx'
import { TxMark } from '~/components/track.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { CodeBlock } from '~/components/ui/code-block.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Link } from '~/components/ui/link.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { addressOf, formatCount, shortHash } from '~/lib/words/format.ts'
import { readSearch, type SearchParams } from '~/lib/page/search.ts'
import type { TxStage } from '~/lib/money/tx-stage.ts'
import { chainContext } from '~/server/context.ts'
import { pageData } from '~/server/page-data.ts'
import { txStagesOf } from '~/server/tx-stages.ts'

export const metadata = { title: 'Challenged record' }

export default async function RecordCasePage({ searchParams }: { searchParams: SearchParams }) {
  const { lane = '', epoch: text = '', node: nodeId = '' } = await readSearch(searchParams)
  const isName = (value: string) => /^0x[0-9a-f]{64}$/.test(value)
  if (!isName(lane) || !isName(nodeId) || !/^\d{1,15}$/.test(text)) notFound()
  const key = { lane, nodeId, epoch: Number(text) }
  const path = `/admin/disputes/record?lane=${lane}&epoch=${text}&node=${nodeId}`
  const found = await pageData(path, (api) => api.admin.challenge(key))
  const { record, open, votes } = found
  const { chainId, rpcUrl } = await chainContext()
  return (
    <>
      <PageHeader
        trail={[
          { href: '/admin', label: 'Operations' },
          { href: '/admin/disputes', label: 'Dispute desk' },
        ]}
        title={`Record of ${record.node?.name ?? shortHash(addressOf(nodeId))}, epoch ${text}`}
        description={
          open ? (
            <>
              Challenged: two of its panel decide, until <Utc at={open.rulingEndsAtMs} />
            </>
          ) : (
            'Nobody challenges it now.'
          )
        }
        badges={<RecordStatusBadge status={record.status} />}
        actions={
          <>
            <ButtonLink href={`/epochs/${lane}/${text}/records/${nodeId}`}>The record</ButtonLink>
            {open && <LiveRefresh intervalMs={5_000} />}
          </>
        }
      />
      <Panes>
        <Pane title="Claim">
          <Claim record={record} open={open} />
        </Pane>
        <Pane title="Time lines">
          <RecordTimelines found={found} />
        </Pane>
        <Pane title="Rule and outcome">
          <RecordOutcomeView found={found} />
          <CodeBlock label="recompute it from the epoch’s public file" code={`npm run challenge -- ${text}`} />
        </Pane>
      </Panes>
      <Section title="Counts" description="What the record says of each payer, against the promises of the terms.">
        <CountsTable counts={record.counts} />
      </Section>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-x-6 lg:grid-cols-2">
        <Section title="Vote" description="Two votes alike decide, and the second one carries it out.">
          {open ? (
            <JudgementForm record={key} chainId={chainId} rpcUrl={rpcUrl} />
          ) : (
            <Notice>No vote is open: this record is not challenged.</Notice>
          )}
        </Section>
        <Section title="Arbiters" description="Drawn from the roster by the chain; no party sits on its own case.">
          <Panel open={open} />
        </Section>
      </div>
      {votes.length > 0 && <Votes votes={votes} txStages={await txStagesOf(votes.map(({ txHash }) => txHash))} />}
    </>
  )
}

function Claim({ record, open }: Pick<RecordCaseView, 'record' | 'open'>) {
  return (
    <>
      <Facts
        items={[
          ['Claim', open ? 'The record is wrong' : 'None now: nobody challenges it'],
          ['Provider', record.providerName ?? <Hash key="p" value={record.providerId} label="provider id" />],
          ['It releases', <Money key="m" microUsd={record.earnedMicroUsd} />],
          ['It says', `${counted(record.attempts, 'attempt', 'attempts')}, ${formatCount(record.faults)} at fault`],
          open && ['Challenged by', <Hash key="c" value={open.challenger} label="challenger" />],
          open && ['Bond', <Money key="b" microUsd={open.bondMicroUsd} />],
          [
            'Epoch',
            <Link key="e" className="link" href={`/epochs/${record.lane}/${record.epoch}`}>
              {record.epoch}
            </Link>,
          ],
          ['Signed by the node', record.nodeSigned ? 'yes' : `no${record.nodeReason ? `: ${record.nodeReason}` : ''}`],
        ]}
      />
      {open && <HandedIn title="Evidence of the challenger" hash={open.evidenceHash} text={open.evidence} />}
    </>
  )
}

function Panel({ open }: Pick<RecordCaseView, 'open'>) {
  if (!open || open.panel.length === 0) return <Notice>No panel is drawn {open ? 'yet' : 'now'}.</Notice>
  return (
    <DataTable
      label="Panel"
      rows={open.panel}
      rowKey={({ address }) => address}
      columns={[
        { head: 'Arbiter', cell: ({ address }) => <Hash value={address} label="arbiter" /> },
        { head: 'Vote', cell: ({ vote }) => (vote ? verdictWords(vote.upheld) : 'not yet') },
      ]}
    />
  )
}

function Votes({ votes, txStages }: Pick<RecordCaseView, 'votes'> & { txStages: Record<string, TxStage> }) {
  return (
    <Section title="Votes" description="On every challenge that this record ever had, oldest first.">
      <DataTable
        label="Votes"
        className="sm:min-w-[560px]"
        stacks
        rows={votes}
        rowKey={({ txHash }) => txHash}
        empty={<EmptyState title="Nobody has voted" />}
        columns={[
          { head: 'Arbiter', cell: ({ arbiter }) => <Hash value={arbiter} label="arbiter" /> },
          { head: 'Vote', cell: ({ upheld }) => verdictWords(upheld) },
          { head: 'Why', className: 'text-ink-2', cell: ({ reason }) => reason ?? 'not handed in here' },
          {
            head: 'Transaction',
            cell: ({ txHash }) => <TxMark hash={txHash} label="transaction" stage={txStages[txHash]} />,
          },
        ]}
      />
    </Section>
  )
}

const verdictWords = (upheld: boolean): string => (upheld ? 'the record is wrong' : 'the record stands')
