'use client'
/** Checks that run in this browser: what is being checked, then how each ended and what it compared. */
import { useEffect, useState } from 'react'
import { VerdictBadge } from '~/components/status.tsx'
import type { BrowserCheck } from '~/lib/page/browser-check.ts'
import type { CheckInput, CheckKind } from '~/lib/verify/check-jobs.ts'
import { checksHeadline, notRun } from '~/lib/verify/checks-headline.ts'
import { runCheck } from '~/lib/verify/run-check.ts'

/** Has `kind` checked once for each change of `deps`, in a worker; null until it is done. */
export function useBrowserChecks<K extends Exclude<CheckKind, 'path'>>(
  kind: K,
  input: CheckInput<K>,
  deps: readonly unknown[],
): BrowserCheck[] | null {
  const [checks, setChecks] = useState<BrowserCheck[] | null>(null)
  useEffect(() => {
    let current = true
    const check = async () => {
      const done = await runCheck(kind, input).catch(notRun)
      if (current) setChecks(done)
    }
    void check()
    return () => {
      current = false
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps -- what the checks are about, not the object that holds it.
  }, deps)
  return checks
}

export interface ChecksListProps {
  /** `receipt`, for the sentence above the list. */
  subject: string
  /** Null while they run. */
  checks: BrowserCheck[] | null
  /** Shown until then, so that the list has its size at once. */
  names: readonly string[]
}

export function ChecksList({ subject, checks, names }: ChecksListProps) {
  const rows = checks ?? names.map((name): BrowserCheck => ({ name, verdict: 'unverifiable', detail: '' }))
  return (
    <div aria-live="polite" aria-busy={checks === null}>
      <p className="mb-2 text-ink-2" data-testid={`${subject}-verdict`}>
        {checksHeadline(subject, checks)}
      </p>
      <ul className="divide-y divide-line rounded-md border border-line bg-surface">
        {rows.map((check) => (
          <li key={check.name} className="grid gap-x-3 gap-y-0.5 px-3 py-2 sm:grid-cols-[6.5rem_15rem_minmax(0,1fr)]">
            <span>{checks ? <VerdictBadge verdict={check.verdict} /> : '…'}</span>
            <span className="font-medium">{check.name}</span>
            <span className="min-w-0 break-words text-ink-2">{check.detail}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
