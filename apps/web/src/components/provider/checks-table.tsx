/** The newest verdict of each check of a node: what was found, by what, until when it holds, and what would fix it. */
import type { CheckKind, CheckView } from '@isochrone/services'
import { SimulatedBadge, SimulatedNetworkBadge, VerdictBadge } from '~/components/status.tsx'
import { JudgedBy } from '~/components/verification/judged-by.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { Utc } from '~/components/ui/values.tsx'

/** Checks by the name that people read. */
export const checkNames: Record<CheckKind, string> = {
  gpu_uuids: 'GPU UUIDs',
  matmul: 'Int8 challenge',
  sharing: 'Shared hardware',
  region: 'Region, by light',
  model: 'Model, by replay',
  metering: 'Token counts',
}

const namesByKind = new Map<string, string>(Object.entries(checkNames))

/** Its own name where there is none for people. */
export const checkName = (kind: string): string => namesByKind.get(kind) ?? kind

export interface ChecksTableProps {
  /** With what each was judged by, where whoever looks may see it. */
  checks: readonly (CheckView & { inputs?: string })[]
  label?: string
}

export function ChecksTable({ checks, label = 'Checks' }: ChecksTableProps) {
  return (
    <DataTable
      label={label}
      className="sm:min-w-[640px]"
      stacks
      rows={checks}
      rowKey={({ kind }) => kind}
      columns={[
        { head: 'Check', className: 'whitespace-nowrap font-medium', cell: ({ kind }) => checkNames[kind] },
        {
          head: 'Verdict',
          cell: ({ verdict, simulated, kind }) => (
            <span className="flex flex-col items-start gap-1">
              <VerdictBadge verdict={verdict} />
              {simulated && kind === 'region' && <SimulatedNetworkBadge />}
              {simulated && kind === 'gpu_uuids' && <SimulatedBadge />}
            </span>
          ),
        },
        {
          head: 'Found',
          className: 'max-sm:col-span-2',
          cell: ({ kind, finding, fix, expired, inputs }) => (
            <>
              {finding}
              {expired && <span className="text-ink-3"> (the verdict has run out)</span>}
              {fix && <div className="text-xs text-ink-3">{fix}</div>}
              {inputs !== undefined && <JudgedBy what={`${label}, ${checkNames[kind]}`} inputs={inputs} />}
            </>
          ),
        },
        {
          head: 'Checked, good until, UTC',
          cell: ({ checkedAtMs, validUntilMs }) => (
            <>
              <div>
                <Utc at={checkedAtMs} bare />
              </div>
              <div className="text-ink-3">
                <Utc at={validUntilMs} bare />
              </div>
            </>
          ),
        },
      ]}
    />
  )
}
