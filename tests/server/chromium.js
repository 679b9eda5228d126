// Debian's Chromium, driven by playwright-core for tests in Python (chromium.py): a command a line on standard input,
// {"do": NAME, "with": VALUE}, and for each a line on standard output, {"value": …, "errors": […]} or {"failed": TEXT, …}.

const readline = require("node:readline");
const axe = require("axe-core");
const { chromium } = require("playwright-core");

const FLAGS = ["--disable-gpu", "--disable-dev-shm-usage"];

const commands = {
  goto: async (page, url) => void (await page.goto(url)),
  evaluate: (page, expression) => page.evaluate(expression),
  // Not by waitForFunction(), whose later tries are scripts of the page, and forbidden by its policy.
  wait: async (page, { expression, seconds }) => {
    for (const until = Date.now() + seconds * 1000; ; await page.waitForTimeout(50)) {
      const found = await page.evaluate(expression).catch((error) => ({ error }));
      if (found && !found.error) return found;
      if (Date.now() > until) throw found?.error ?? new Error(`not within ${seconds} s`);
    }
  },
  click: (page, name) => page.getByRole("button", { name, exact: true }).click(),
  press: (page, key) => page.keyboard.press(key),
  type: (page, text) => page.keyboard.insertText(text),
  screenshot: async (page, path) => void (await page.screenshot({ path })),
  size: (page, size) => page.setViewportSize(size),
  scheme: (page, colorScheme) => page.emulateMedia({ colorScheme }),
  // What axe-core finds that keeps some people out. The rule takes an SVG's <title> for text that is seen.
  barriers: async (page) => {
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate('axe.run({ rules: { "label-content-name-mismatch": { enabled: false } } })');
    return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join("  ")}`);
  },
};

async function main() {
  const browser = await chromium.launch({ executablePath: process.argv[2], args: FLAGS });
  let page, errors;
  // A page of a profile of its own, in place of the one before.
  commands.open = async (before) => {
    await before?.context().close();
    errors = [];
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => {
      // What a server refused is for the page to show. All else is amiss, as is what its policy forbade.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) errors.push(message.text());
    });
  };
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    let answer;
    try {
      answer = { value: await commands[command.do](page, command.with) };
    } catch (error) {
      answer = { failed: String(error) };
    }
    process.stdout.write(JSON.stringify({ ...answer, errors }) + "\n");
  }
  await browser.close();
}

main();
