#!/usr/bin/env bash
# ai 7.0.173 (the AI SDK): a thought that was cut off is the answer with `generateText`, and the reasoning with `streamText`.
#
# `extractReasoningMiddleware` takes what a model wrote between `<think>` and `</think>` out of its answer, for both calls by
# its documentation, so one would expect the same text from both. One looks for pairs of tags, the other for the first tag
# alone. A model that ran out of tokens while it thought wrote no second one: `generateText` has the unfinished thought as
# its text and no reasoning, so a scorer finds numbers or code in it that the model had not decided on; with
# `startWithReasoning` there is not even a tag to tell. `streamText` has an empty answer. An answer that names the tag, as
# one about templates or parsers may, is whole in the first and ends there in the second; the rest of it is reasoning.
# Nothing is told, so the way of calling decides whether a case is solved. A thought that was cut off has the
# `finishReason` "length".
#
# Needs npm and Node 22 or later, as the package says (20 runs it as well).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts ai@7.0.173 > installed 2>&1 || cat installed
cat > compare.js <<'JS'
import { extractReasoningMiddleware, generateText, simulateReadableStream, streamText, wrapLanguageModel } from "ai";
import { MockLanguageModelV4 } from "ai/test";

const tokens = { inputTokens: { total: 9 }, outputTokens: { total: 9 } };
const modelThatSays = (text, unified, options) => {
  const end = { finishReason: { unified, raw: unified }, usage: tokens };
  const deltas = text.match(/[^]{1,4}/g).map((delta) => ({ type: "text-delta", id: "0", delta }));
  const chunks = [{ type: "text-start", id: "0" }, ...deltas, { type: "text-end", id: "0" }, { type: "finish", ...end }];
  const model = new MockLanguageModelV4({
    doGenerate: async () => ({ content: [{ type: "text", text }], warnings: [], ...end }),
    doStream: async () => ({ stream: simulateReadableStream({ chunks, initialDelayInMs: null, chunkDelayInMs: null }) }),
  });
  return wrapLanguageModel({ model, middleware: extractReasoningMiddleware({ tagName: "think", ...options }) });
};

for (const [text, reason, options] of [
  ["<think>2 and 2 is</think>4", "stop"],
  ["<think>Perhaps 5? No,", "length"],
  ["Perhaps 5? No,", "length", { startWithReasoning: true }],
  ["Close each <think> of the template, then run it.", "stop"],
]) {
  const model = modelThatSays(text, reason, options);
  console.log(JSON.stringify(text), options ? JSON.stringify(options) : "");
  const generated = await generateText({ model, prompt: "?" });
  console.log("  generateText:", JSON.stringify({ text: generated.text, reasoning: generated.reasoningText }));
  const streamed = streamText({ model, prompt: "?" });
  console.log("  streamText:  ", JSON.stringify({ text: await streamed.text, reasoning: await streamed.reasoningText }));
}
JS
node compare.js | tee found
diff found - <<'EXPECTED'
"<think>2 and 2 is</think>4" 
  generateText: {"text":"4","reasoning":"2 and 2 is"}
  streamText:   {"text":"4","reasoning":"2 and 2 is"}
"<think>Perhaps 5? No," 
  generateText: {"text":"<think>Perhaps 5? No,"}
  streamText:   {"text":"","reasoning":"Perhaps 5? No,"}
"Perhaps 5? No," {"startWithReasoning":true}
  generateText: {"text":"Perhaps 5? No,"}
  streamText:   {"text":"","reasoning":"Perhaps 5? No,"}
"Close each <think> of the template, then run it." 
  generateText: {"text":"Close each <think> of the template, then run it."}
  streamText:   {"text":"Close each ","reasoning":" of the template, then run it."}
EXPECTED
echo "as described"
