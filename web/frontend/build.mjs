// Builds ../static/dist: bundles with hashed names, the icon sprite, the licences, and manifest.json that names them.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "..", "static", "dist");
const entries = { "app.js": "src/app/main.js", "app.css": "src/css/app.css" };

const manifest = {};
const written = new Set(["manifest.json", "THIRD_PARTY_LICENSES.txt", ".stamp"]);
const packages = new Set(["@tabler/icons"]);

mkdirSync(dist, { recursive: true });
for (const [name, entry] of Object.entries(entries)) await bundle(name, entry);
const icons = readIcons();
write("sprite.svg", drawSprite(icons));
writeFileSync(join(dist, "THIRD_PARTY_LICENSES.txt"), collectLicences());
writeFileSync(join(dist, "manifest.json"), JSON.stringify({ files: manifest, icons }, null, 1) + "\n");
for (const file of readdirSync(dist)) if (!written.has(file)) rmSync(join(dist, file), { recursive: true });

async function bundle(name, entry) {
  const result = await build({
    absWorkingDir: here,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: "esm",
    charset: "utf8",
    legalComments: "none", // THIRD_PARTY_LICENSES.txt holds them in full
    target: ["chrome123", "firefox120", "safari17.5"], // the first with light-dark()
    write: false,
    metafile: true,
  });
  for (const input of Object.keys(result.metafile.inputs)) {
    const found = input.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/);
    if (found) packages.add(found[1]);
  }
  write(name, result.outputFiles[0].text);
}

function write(name, text) {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 10);
  const file = name.replace(/(\.\w+)$/, `-${hash}$1`);
  writeFileSync(join(dist, file), text);
  manifest[name] = file;
  written.add(file);
}

function readIcons() {
  const lines = readFileSync(join(here, "icons.txt"), "utf8").split(/\r?\n/);
  const names = lines.map((line) => line.replace(/#.*/, "").trim()).filter(Boolean);
  return [...new Set(names)].sort();
}

function drawSprite(names) {
  const symbols = names.map((name) => {
    const path = join(here, "node_modules/@tabler/icons/icons/outline", `${name}.svg`);
    if (!existsSync(path)) throw new Error(`icons.txt: Tabler has no icon "${name}"`);
    const inner = readFileSync(path, "utf8").replace(/<!--[^]*?-->/g, "").match(/<svg[^>]*>([^]*)<\/svg>/)[1];
    return `<symbol id="${name}" viewBox="0 0 24 24">${inner.replace(/\s*\n\s*/g, "").replaceAll(" />", "/>")}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
}

function collectLicences() {
  return [...packages].sort().map((name) => {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${name} ships no licence file`);
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  }).join(`\n${"-".repeat(72)}\n\n`);
}
