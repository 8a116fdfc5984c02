// Holds scripts and style sheets against the oldest browsers that count; prints, as JSON, what those do not have.
//
// Scripts: the language as ESLint parses it, what later editions brought, interfaces by the browsers' own data, and
// names that these data do not know (the first argument, as JSON). Styles: features by one set of data, single
// properties, values, selectors and rules by another; what stands inside @supports is asked for and therefore fine.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { ESLint } from "eslint";
import compat from "eslint-plugin-compat";
import es from "eslint-plugin-es-x";
import postcss from "postcss";
import stylelint from "stylelint";

const EDITION = 2021;
const OLDEST = { chrome: 90, safari: 15, safari_ios: 15 };
const TARGETS = ["chrome 90", "safari 15", "ios_saf 15"];
const { css } = createRequire(import.meta.url)("@mdn/browser-compat-data");
const [later, ...files] = process.argv.slice(2);
const found = [];

function report(file, line, message) {
  found.push({ file, line, message });
}

// --- scripts

// "crypto.randomUUID" is this member of this object, ".at" is this member of whatever, "OffscreenCanvas" is a name.
function selectorOf(name) {
  const [owner, member] = name.includes(".") ? name.split(".") : [name, ""];
  if (!member) return `Identifier[name="${owner}"]`;
  const of = owner ? `[object.name="${owner}"]` : "";
  return `MemberExpression[computed=false]${of}[property.name="${member}"]`;
}

async function lintScripts(scripts) {
  const restricted = JSON.parse(later).map((name) => ({ selector: selectorOf(name), message: `${name} came later` }));
  const eslint = new ESLint({
    cwd: "/",
    overrideConfigFile: true,
    overrideConfig: [
      { ...es.configs[`flat/restrict-to-es${EDITION}`], files: ["**/*.js"] },
      {
        files: ["**/*.js"],
        plugins: { compat },
        languageOptions: { ecmaVersion: EDITION, sourceType: "module" },
        rules: { "compat/compat": "error", "no-restricted-syntax": ["error", ...restricted] },
        settings: { targets: TARGETS, "es-x": { aggressive: true } },
      },
      { files: ["**/service-worker.js"], languageOptions: { sourceType: "script" } },
    ],
  });
  for (const { filePath, messages } of await eslint.lintFiles(scripts)) {
    for (const { line, message } of messages) report(filePath, line, message);
  }
}

// --- style sheets

async function lintStyles(styles) {
  const rule = [true, { browsers: TARGETS, ignorePartialSupport: true }];
  const { results } = await stylelint.lint({
    files: styles,
    config: {
      plugins: ["stylelint-no-unsupported-browser-features"],
      rules: { "plugin/no-unsupported-browser-features": rule },
    },
  });
  for (const { source, warnings } of results) {
    for (const { line, text } of warnings) report(source, line, text);
  }
  for (const file of styles) holdAgainstData(file);
}

function holdAgainstData(file) {
  const sheet = postcss.parse(readFileSync(file, "utf8"));
  sheet.walk((node) => {
    if (isAskedFor(node)) return;
    for (const [name, data] of partsOf(node)) {
      const without = data && data.__compat ? missing(data.__compat) : [];
      if (without.length) report(file, node.source.start.line, `${name} is not in ${without.join(", ")}`);
    }
  });
}

function isAskedFor(node) {
  for (let at = node; at; at = at.parent) if (at.type === "atrule" && at.name === "supports") return true;
  return false;
}

function partsOf(node) {
  if (node.type === "atrule") return [[`@${node.name}`, css["at-rules"][node.name]]];
  if (node.type === "rule") {
    // In a list, one selector that is not known takes the others with it.
    const words = node.selectors.length > 1 ? "in a list, " : "";
    const names = [...node.selector.matchAll(/::?([a-z-]+)/g)];
    return names.map(([whole, name]) => [words + whole, css.selectors[name]]);
  }
  const property = node.type === "decl" ? css.properties[node.prop] : undefined;
  if (!property) return [];
  const values = node.value.split(/[\s,()]+/).filter((value) => value !== "__compat" && property[value]);
  return [[node.prop, property], ...values.map((value) => [`${node.prop}: ${value}`, property[value]])];
}

// A version is said as "90", "≤4", false; several times where a prefix or a part came first.
function missing({ support }) {
  const plain = (said) => !said.prefix && !said.alternative_name && !said.flags;
  const inTime = (said, oldest) => parseFloat(String(said.version_added).replace("≤", "")) <= oldest;
  return Object.entries(OLDEST)
    .filter(([name, oldest]) => ![support[name]].flat().some((said) => said && plain(said) && inTime(said, oldest)))
    .map(([name]) => name);
}

await lintScripts(files.filter((name) => name.endsWith(".js")));
await lintStyles(files.filter((name) => name.endsWith(".css")));
console.log(JSON.stringify(found));
