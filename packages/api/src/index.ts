/** The API of the web app: tRPC routers over services, who may call what, and sign-in. */
export { appRouter, createCaller, type ApiCaller, type AppRouter } from './app-router.ts'
export { apiErrorOf, type ApiContext } from './trpc.ts'
export { procedureAccess, type Access, type ProcedurePath } from './access.ts'
export { createAuth, type Auth, type CreateAuthOptions } from './auth/create-auth.ts'
export { viewerFromHeaders } from './auth/viewer-from-headers.ts'
export { relayToChain, type ChainRelay } from './http/chain-relay.ts'
export { agentReport } from './http/agent-report.ts'
export { agentJoin, describeAgentJoin } from './http/agent-join.ts'
