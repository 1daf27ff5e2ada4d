/** Rounds in which the platform's own watchtower acts: disputes, penalties, audits of records, and files that nobody gives out. */
import {
  createTrustDuties,
  executeDisputes,
  refreshDisputes,
  runDisputeOrders,
  tryWithheldFiles,
  type DutyRound,
} from '@isochrone/services'
import type { Round } from './start-rounds.ts'
import { isDevelopment, type WorkerRoundsOptions } from './worker-rounds-options.ts'

/** `index` is the round that reads the chain. */
export function trustRounds(options: WorkerRoundsOptions, index: () => Promise<void>): Round[] {
  const { store, chain, logger } = options
  const files = chain.filesOf({
    gatewayUrls: options.gatewayUrls,
    mirrorUrls: options.mirrorUrls,
    ...(options.withheldAfterS !== undefined && { withheldAfterS: options.withheldAfterS }),
    laneUrl: (lane) => store.readings.laneUrl(lane),
    async saveEvidence(hash, body) {
      const mediaType = 'text/plain'
      await store.disputes.saveDocument({ hash, role: 'evidence', mediaType, body, orgId: null, userId: 'worker' })
    },
  })
  const duties = createTrustDuties({
    chain: chain.trust,
    transactions: store.chain,
    audit: chain.auditOf([...options.gatewayUrls, ...options.mirrorUrls]),
    files,
  })

  async function watchFiles(): Promise<void> {
    const watched = await duties.watchFiles()
    if (watched.done > 0) logger.warn({ files: watched.done }, 'disputed epoch files that nobody gives out')
    failWithDuty('an epoch file is missing', watched)
  }

  const disputes = { disputes: store.disputes, transactions: store.chain, chain: chain.disputes }
  /** Rows first, so that what is sent is decided on what the chain says; and again, to show at once what was sent. */
  async function dispute(): Promise<void> {
    await refreshDisputes(disputes)
    if ((await runDisputeOrders(disputes)) > 0) await index()
    failWithDuty('a dispute was not closed', await executeDisputes(disputes))
    await refreshDisputes(disputes)
  }

  const inDevelopment = isDevelopment(options)
  return [
    { name: 'disputes', everyMs: 1_000, run: dispute },
    {
      name: 'draw-panels',
      everyMs: 2_000,
      run: async () => failWithDuty('a panel was not drawn', await duties.drawPanels()),
    },
    {
      name: 'collect-penalties',
      everyMs: inDevelopment ? 60_000 : 600_000,
      run: async () => failWithDuty('a penalty was not collected', await duties.collectPenalties()),
    },
    {
      name: 'claim-announced',
      everyMs: inDevelopment ? 10_000 : 60_000,
      run: async () => failWithDuty('an announced voucher was not claimed', await duties.claimAnnounced()),
    },
    {
      name: 'audit-records',
      everyMs: inDevelopment ? 5_000 : 60_000,
      run: async () => failWithDuty('records could not be judged', await duties.auditRecords()),
    },
    { name: 'watch-files', everyMs: inDevelopment ? 5_000 : 60_000, run: watchFiles },
    {
      name: 'try-files',
      everyMs: inDevelopment ? 5_000 : 60_000,
      run: async () =>
        failWithDuty('a withheld file was not asked for', await tryWithheldFiles({ disputes: store.disputes, files })),
    },
  ]
}

function failWithDuty(what: string, { failed: [first] }: DutyRound): void {
  if (first) throw new Error(`${what} (${first.subject}): ${first.reason}`)
}
