import { parentPort } from 'node:worker_threads';
import type { CaseQuestion, CaseReply } from './case-thread.ts';
import { prepareNow, writeNow } from './case-work.ts';
import { asFailure } from './failure.ts';
import type { CaseData } from './prepared-case.ts';

// What the thread of `CaseThread` runs: it answers questions in their order.
parentPort!.on('message', (question: CaseQuestion) => {
  try {
    const cases = answer(question);
    const images = cases.flatMap(({ slices }) => slices.map(({ image }) => image.buffer as ArrayBuffer));
    const reply: CaseReply = { cases };
    parentPort!.postMessage(reply, [...new Set(images)]);
  } catch (error) {
    const reply: CaseReply = { failure: asFailure(error) };
    parentPort!.postMessage(reply);
  }
});

function answer(question: CaseQuestion): readonly CaseData[] {
  if ('readings' in question) return prepareNow(question);
  writeNow(question);
  return [];
}
