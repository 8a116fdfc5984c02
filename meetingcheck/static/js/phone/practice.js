// The check-in as an exercise: the same page, the same camera, but photos stay on the phone and go away with the exercise.

import { practiceAccount } from "./able.js";
import { PhonePage } from "./phone-page.js";
import { Queue } from "./queue.js";
import { Sending } from "./sending.js";
import { changePhoto, forget } from "./store.js";

const STEPS = [0, 0.4, 0.8];
const STEP_MS = 300;

class PracticeQueue extends Queue {
  async send(row) {
    for (const part of STEPS) {
      this.show(row, part);
      await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    }
    await changePhoto(row.id, { state: "arrived" }, null);
    await this.tell();
  }
}

class PracticeSending extends Sending {
  async saveDraft() {
    return "";
  }

  backUpLater() {}

  // The server hears how many photos there are, and gets none.
  facts() {
    const counts = {};
    for (const row of this.page.rows) counts[`practised_${row.facts.purpose}`] = 0;
    for (const row of this.page.rows) counts[`practised_${row.facts.purpose}`] += 1;
    return counts;
  }
}

export class PracticePage extends PhonePage {
  constructor(account) {
    super(practiceAccount(account), true);
  }

  newQueue(tell) {
    return new PracticeQueue(this.account, tell);
  }

  newSending() {
    return new PracticeSending(this);
  }

  async begin(form) {
    if (form.dataset.answered === undefined) await forget(this.account);
    if (await this.show(document.getElementById("main"), 0)) this.queue.wake();
  }
}
