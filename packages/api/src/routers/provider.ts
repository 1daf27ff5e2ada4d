/** What a provider does: its nodes, the tokens that admit new ones, and what they earned. */
import { byId, claimsPage, newJoinToken, newProvider, stakeRequest } from '../inputs.ts'
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
  /** Epoch by epoch: record, release, payout, and why the rest is pending. */
  claims: providerProcedure
    .input(claimsPage)
    .query(({ ctx, input }) => ctx.controlPlane.providers.claims({ providerId: ctx.providerId, ...input })),
  joinTokens: providerProcedure.query(({ ctx }) =>
    ctx.controlPlane.providers.joinTokens({ providerId: ctx.providerId }),
  ),
  /** The token is in the answer and nowhere else; it admits one node, once. */
  createJoinToken: providerAdminProcedure.input(newJoinToken).mutation(({ ctx, input }) =>
    ctx.controlPlane.providers.createJoinToken({
      providerId: ctx.providerId,
      userId: ctx.viewer.userId,
      nodeName: input.nodeName,
      region: input.region,
      country: input.country,
      tier: input.tier,
      dataPolicy: input.dataPolicy,
      prices: {
        inMicroUsdPerMtok: input.inUsdPerMtok,
        cachedMicroUsdPerMtok: input.cachedUsdPerMtok,
        outMicroUsdPerMtok: input.outUsdPerMtok,
        inMicroUsdPerGb: input.inUsdPerGb,
        outMicroUsdPerGb: input.outUsdPerGb,
      },
      rental: { gpuHourMicroUsd: input.gpuHourUsd.toString(), ...(input.gpus !== undefined && { gpus: input.gpus }) },
      expiresInHours: input.expiresInHours,
    }),
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
})
