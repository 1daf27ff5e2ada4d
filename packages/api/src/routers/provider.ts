/** What a provider does: its nodes, the tokens that admit new ones, and what they earned. */
import { byId, claimsPage, newProvider, payoutWithdrawal, stakeRelease, stakeRequest } from '../inputs.ts'
import { orgAdminProcedure, providerAdminProcedure, providerProcedure, router } from '../trpc.ts'

export const providerRouter = router({
  /** Turns the active organisation into a provider; the worker registers it on the chain. */
  create: orgAdminProcedure
    .input(newProvider)
    .mutation(({ ctx, input }) => ctx.controlPlane.providers.create({ orgId: ctx.org.id, ...input })),
  overview: providerProcedure.query(({ ctx }) => ctx.controlPlane.providers.overview({ providerId: ctx.providerId })),
  nodes: providerProcedure.query(({ ctx }) => ctx.controlPlane.providers.nodes({ providerId: ctx.providerId })),
  earnings: providerProcedure.query(({ ctx }) => ctx.controlPlane.providers.earnings({ providerId: ctx.providerId })),
  /** What its nodes won and lost, and why; of others it says nothing. */
  jobs: providerProcedure.query(({ ctx }) => ctx.controlPlane.providers.jobs({ providerId: ctx.providerId })),
  /** What its nodes broke of their promises, and what that cost. */
  broken: providerProcedure.query(({ ctx }) =>
    ctx.controlPlane.providers.brokenPromises({ providerId: ctx.providerId }),
  ),
  /** Which reported records would break a promise, while they can be contested. */
  breachForecast: providerProcedure.query(({ ctx }) =>
    ctx.controlPlane.providers.breachForecast({ providerId: ctx.providerId }),
  ),
  /** Epoch by epoch: record, release, payout, and why the rest is pending. */
  claims: providerProcedure
    .input(claimsPage)
    .query(({ ctx, input }) => ctx.controlPlane.providers.claims({ providerId: ctx.providerId, ...input })),
  joinTokens: providerProcedure.query(({ ctx }) =>
    ctx.controlPlane.providers.joinTokens({ providerId: ctx.providerId }),
  ),
  revokeJoinToken: providerAdminProcedure
    .input(byId)
    .mutation(({ ctx, input }) =>
      ctx.controlPlane.providers.revokeJoinToken({ providerId: ctx.providerId, joinTokenId: input.id }),
    ),
  /** Every node's standing and its newest verdicts. */
  verification: providerProcedure.query(({ ctx }) =>
    ctx.controlPlane.providers.verification({ providerId: ctx.providerId }),
  ),
  stake: providerProcedure.query(({ ctx }) => ctx.controlPlane.providers.stake({ providerId: ctx.providerId })),
  /** What the stake is to be; the worker puts what is missing on the chain. */
  requestStake: providerAdminProcedure.input(stakeRequest).mutation(({ ctx, input }) =>
    ctx.controlPlane.providers.requestStake({
      providerId: ctx.providerId,
      userId: ctx.viewer.userId,
      microUsd: input.stakeUsd,
    }),
  ),
  /** Which stake, of whom and how large; the provider's own wallet sends it. Asked like a change, so that a tab of another organisation is refused. */
  walletStakePlan: providerAdminProcedure
    .input(stakeRequest)
    .mutation(({ ctx, input }) =>
      ctx.controlPlane.providers.walletStakePlan({ providerId: ctx.providerId, microUsd: input.stakeUsd }),
    ),
  /** Half of all that is paid goes into the stake until it is as large as this. */
  withholdStake: providerAdminProcedure
    .input(stakeRequest)
    .mutation(({ ctx, input }) =>
      ctx.controlPlane.providers.withholdStake({ providerId: ctx.providerId, microUsd: input.stakeUsd }),
    ),
  /** What a managed account holds and what left it; null where a wallet is paid. */
  payoutAccount: providerProcedure.query(({ ctx }) =>
    ctx.controlPlane.providers.payoutAccount({ providerId: ctx.providerId }),
  ),
  /** What its own wallet staked; null where it is paid to a managed account. */
  walletStake: providerProcedure.query(({ ctx }) =>
    ctx.controlPlane.providers.walletStake({ providerId: ctx.providerId }),
  ),
  withdrawPayout: providerAdminProcedure.input(payoutWithdrawal).mutation(({ ctx, input }) =>
    ctx.controlPlane.providers.withdrawPayout({
      providerId: ctx.providerId,
      userId: ctx.viewer.userId,
      key: input.key,
      microUsd: input.amountUsd,
      toAddress: input.toAddress,
    }),
  ),
  /** Stake thaws and goes to a wallet. */
  releaseStake: providerAdminProcedure
    .input(stakeRelease)
    .mutation(({ ctx, input }) =>
      ctx.controlPlane.providers.releaseStake({ providerId: ctx.providerId, userId: ctx.viewer.userId, ...input }),
    ),
})
