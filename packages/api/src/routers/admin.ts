/** What platform staff see. */
import {
  auditPage,
  byId,
  deskPage,
  jobPage,
  judgementInput,
  recheck,
  recordKey,
  rulingInput,
  sentJudgement,
  sentVote,
  verificationPage,
} from '../inputs.ts'
import { adminActionProcedure, adminProcedure, router } from '../trpc.ts'

export const adminRouter = router({
  overview: adminProcedure.query(({ ctx }) => ctx.controlPlane.admin.overview()),
  queues: adminProcedure.query(({ ctx }) => ctx.controlPlane.admin.queues()),
  /** Queued work of all organisations, without prompts and answers. */
  jobs: adminProcedure.input(jobPage).query(({ ctx, input }) => ctx.controlPlane.admin.jobs(input)),
  jobStats: adminProcedure.query(({ ctx }) => ctx.controlPlane.admin.jobStats()),
  job: adminProcedure.input(byId).query(({ ctx, input }) => ctx.controlPlane.admin.job({ jobId: input.id })),
  /** Disputes and challenged records of everybody. Open ones: nearest deadline first; all: latest deadline first. */
  disputes: adminProcedure.input(deskPage).query(({ ctx, input }) => ctx.controlPlane.disputes.queue(input)),
  dispute: adminProcedure.input(byId).query(({ ctx, input }) => ctx.controlPlane.disputes.case({ id: input.id })),
  /** Keeps the reason and rehearses the vote; an arbiter's own wallet signs it. */
  prepareRuling: adminActionProcedure.input(rulingInput).mutation(({ ctx, input }) => {
    const { refundUsd: refundMicroUsd, ...rest } = input
    return ctx.controlPlane.disputes.prepareRuling({ ...rest, refundMicroUsd, userId: ctx.viewer.userId })
  }),
  /** For the log: the wallet has sent it. The chain alone says what came of it. */
  noteVote: adminActionProcedure
    .input(sentVote)
    .mutation(({ ctx, input }) =>
      ctx.controlPlane.disputes.case({ id: input.id }).then(() => ({ txHash: input.txHash })),
    ),
  /** A performance record that somebody says is wrong, with all that its receipts and witnesses say. */
  challenge: adminProcedure.input(recordKey).query(({ ctx, input }) => ctx.controlPlane.disputes.recordCase(input)),
  /** As `prepareRuling`, for a vote on a challenged record. */
  prepareJudgement: adminActionProcedure
    .input(judgementInput)
    .mutation(({ ctx, input }) => ctx.controlPlane.disputes.prepareJudgement({ ...input, userId: ctx.viewer.userId })),
  noteJudgement: adminActionProcedure
    .input(sentJudgement)
    .mutation(({ ctx, input }) => ctx.controlPlane.disputes.recordCase(input).then(() => ({ txHash: input.txHash }))),
  /** Nodes whose checks want a person. */
  verification: adminProcedure
    .input(verificationPage)
    .query(({ ctx, input }) => ctx.controlPlane.admin.verification(input)),
  /** Has a node checked anew; why is in the log. */
  recheckNode: adminActionProcedure
    .input(recheck)
    .mutation(({ ctx, input }) => ctx.controlPlane.admin.recheckNode({ id: input.id })),
  audit: adminProcedure.input(auditPage).query(({ ctx, input }) => ctx.controlPlane.audit.list(input)),
})
