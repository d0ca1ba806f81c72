// tests/report/opening.mjs - how long pages take to open
//
//   node opening.mjs BROWSER FOLDER PAGE...
//
// Prints a line "PAGE MILLISECONDS PROCESSOR_MILLISECONDS" for each: the best of five, from asking
// for the page to its charts being drawn, by the clock and of the page's main thread.
//
// SPDX-License-Identifier: Apache-2.0
import { chromium } from 'playwright-core';

const [browserPath, folder, ...names] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: browserPath,
  args: ['--no-sandbox', '--disable-gpu'],
});
for (const name of names) {
  let best = Infinity, least = Infinity;
  for (let round = 0; round < 5; round++) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const began = Date.now();
    await page.goto(`file://${folder}/${name}.html`, { timeout: 120000 });
    best = Math.min(best, Date.now() - began);
    const { metrics } = await session.send('Performance.getMetrics');
    least = Math.min(least, 1000 * metrics.find(m => m.name === 'TaskDuration').value);
    await context.close();
  }
  console.log(`${name} ${best} ${Math.round(least)}`);
}
await browser.close();
