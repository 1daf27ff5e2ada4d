/** What tools and tests use of the agent; other apps must not import it. */
export { startAgent, type AgentOptions, type RunningAgent } from './agent.ts'
export { startEngine, type EngineConfig, type RunningEngine } from './engines/start-engine.ts'
export { demoModelId, demoTokenizer } from './gguf/demo-model.ts'
export { ensureDemoModel, type ModelFile } from './gguf/ensure-demo-model.ts'
export { loadNodeKey, type NodeKeyPair } from './node/node-key.ts'
