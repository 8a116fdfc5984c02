// Audits pages as a phone sees them, in a browser that is already signed in; prints, as JSON, what is not perfect.

import lighthouse from "lighthouse";

const [port, ...addresses] = process.argv.slice(2);
const CATEGORIES = ["accessibility", "best-practices"];
const CONFIG = {
  extends: "lighthouse:default",
  settings: {
    onlyCategories: CATEGORIES,
    formFactor: "mobile",
    throttlingMethod: "simulate", // nothing is timed here, so no line is slowed down
    disableStorageReset: true, // the sign-in is the browser's
    disableFullPageScreenshot: true,
    skipAboutBlank: true,
  },
};

function failing(audits, { auditRefs }) {
  const counted = auditRefs.filter(({ id, weight }) => weight > 0 && audits[id].score !== null && audits[id].score < 1);
  return counted.map(({ id }) => `${id}: ${audits[id].title} ${places(audits[id])}`);
}

function places({ details }) {
  const items = details && details.items ? details.items : [];
  return JSON.stringify(items.map((item) => (item.node ? item.node.snippet : item))).slice(0, 2000);
}

const found = {};
for (const address of addresses) {
  const { lhr } = await lighthouse(address, { port: Number(port), logLevel: "error" }, CONFIG);
  const scores = Object.fromEntries(CATEGORIES.map((name) => [name, lhr.categories[name].score]));
  const problems = CATEGORIES.flatMap((name) => failing(lhr.audits, lhr.categories[name]));
  found[address] = { shown: lhr.finalDisplayedUrl, error: lhr.runtimeError || null, scores, problems };
}
console.log(JSON.stringify(found));
