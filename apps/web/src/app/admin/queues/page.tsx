/** The queues that wake workers: what waits in each, whether anybody takes it, and what comes by itself. */
import type { QueueView } from '@isochrone/services'
import { CircleCheck, CirclePause, DatabaseZap, Hourglass, Unplug } from 'lucide-react'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { Badge } from '~/components/ui/badge.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { formatCount, formatSpan } from '~/lib/words/format.ts'
import { queueWords, standingOf } from '~/lib/words/queue-words.ts'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Queues' }

export default async function QueuesPage() {
  const { queues, atMs } = await pageData('/admin/queues', (api) => api.admin.queues())
  return (
    <>
      <PageHeader
        trail={[{ href: '/admin', label: 'Operations' }]}
        title="Queues"
        description="A queue holds ids alone; what is to be done stands in the database. What a queue loses is put back within seconds."
        actions={<LiveRefresh intervalMs={3_000} />}
      />
      {queues === null ? (
        <EmptyState icon={DatabaseZap} title="Redis does not answer">
          Nothing is lost: work stands in the database and goes on when Redis is back. This page asks again by itself.
        </EmptyState>
      ) : (
        <>
          <div className="mb-8">
            <Queues queues={queues} atMs={atMs} />
          </div>
          <Rounds queues={queues} atMs={atMs} />
        </>
      )}
    </>
  )
}

function Queues({ queues, atMs }: { queues: readonly QueueView[]; atMs: number }) {
  return (
    <DataTable
      label="Queues"
      className="sm:min-w-[760px]"
      stacks
      rows={queues}
      rowKey={({ name }) => name}
      columns={[
        {
          head: 'Queue',
          cell: ({ name }) => (
            <>
              <div className="font-medium">{queueWords(name).title}</div>
              <div className="text-xs text-ink-3">{queueWords(name).about}</div>
            </>
          ),
        },
        { head: 'State', cell: (queue) => <QueueBadge queue={queue} atMs={atMs} /> },
        { head: 'Waiting', numeric: true, cell: ({ waiting }) => formatCount(waiting) },
        {
          head: 'Oldest',
          headTitle: 'How long the oldest of those that wait has been in the queue',
          numeric: true,
          cell: ({ oldest }) => (oldest ? formatSpan(atMs - oldest.addedAtMs) : '—'),
          cellTitle: ({ oldest }) => oldest?.id ?? '',
        },
        { head: 'Active', numeric: true, cell: ({ active }) => formatCount(active) },
        {
          head: 'Come again',
          headTitle: 'Looked at, and due again later',
          numeric: true,
          cell: ({ delayed }) => formatCount(delayed),
        },
        { head: 'Workers', numeric: true, cell: ({ workers }) => formatCount(workers) },
      ]}
    />
  )
}

function Rounds({ queues, atMs }: { queues: readonly QueueView[]; atMs: number }) {
  const rounds = queues.flatMap(({ name, schedules }) => schedules.map((schedule) => ({ queue: name, ...schedule })))
  return (
    <Section
      title="What comes by itself"
      description="Each round takes what is due from the database and the chain; one that is late or comes twice changes nothing."
    >
      <DataTable
        label="Rounds"
        className="sm:min-w-[480px]"
        stacks
        rows={rounds.toSorted((a, b) => a.everyMs - b.everyMs || a.name.localeCompare(b.name))}
        rowKey={({ queue, name }) => `${queue}:${name}`}
        columns={[
          { head: 'Round', className: 'font-medium', cell: ({ name }) => name },
          { head: 'Queue', cell: ({ queue }) => queueWords(queue).title },
          { head: 'Every', numeric: true, cell: ({ everyMs }) => formatSpan(everyMs) },
          {
            head: 'Next',
            numeric: true,
            cell: ({ nextAtMs }) =>
              nextAtMs === null ? '—' : nextAtMs <= atMs ? 'now' : `in ${formatSpan(nextAtMs - atMs)}`,
          },
        ]}
        empty={
          <EmptyState title="Nothing is scheduled">
            A worker puts its rounds here when it starts. If one runs, look at its log.
          </EmptyState>
        }
      />
    </Section>
  )
}

const badges = {
  paused: { tone: 'warn', icon: CirclePause, word: 'paused', why: 'Somebody paused it: nothing is taken.' },
  nobody: { tone: 'bad', icon: Unplug, word: 'no worker', why: 'No worker is connected: what waits stays.' },
  behind: { tone: 'warn', icon: Hourglass, word: 'behind', why: 'The oldest id has waited for over a minute.' },
  idle: { tone: 'neutral', icon: CircleCheck, word: 'idle', why: 'Nothing waits.' },
  working: { tone: 'good', icon: CircleCheck, word: 'working', why: 'Ids are taken as they come.' },
} as const

function QueueBadge({ queue, atMs }: { queue: QueueView; atMs: number }) {
  const { tone, icon, word, why } = badges[standingOf(queue, atMs)]
  return (
    <Badge tone={tone} icon={icon} title={why}>
      {word}
    </Badge>
  )
}
