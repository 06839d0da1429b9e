// The least that a judge with a process per case starts: vitest's runtime loaded, the language frozen. It says
// that it is ready and waits.
import * as judge from "judge";

import { announce, takeJob } from "../../pytest_llmops/sandbox/node/runtime/channel.mjs";
import { lockdown } from "../../pytest_llmops/sandbox/node/runtime/lockdown.mjs";

judge.setSafeTimers();
lockdown();
announce();
takeJob();
