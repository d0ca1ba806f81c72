// tests/report/browser_test.mjs - drives a browser over the pages of browser_test.sh
//
//   node browser_test.mjs BROWSER FOLDER [SCREENSHOTS]
//
// SPDX-License-Identifier: Apache-2.0
import { chromium } from 'playwright-core';

const [browserPath, folder, screenshots] = process.argv.slice(2);
let failures = 0;
function check(holds, what) {
  if (holds) return;
  failures++;
  console.log('FAILED: ' + what);
}

const browser = await chromium.launch({
  executablePath: browserPath,
  args: ['--no-sandbox', '--disable-gpu'],
});

async function open(name, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const said = [];
  page.on('console', m => said.push(m.type() + ': ' + m.text()));
  page.on('pageerror', e => said.push('error: ' + e.message));
  page.on('request', r => {
    if (!r.url().startsWith('file://' + folder) && !r.url().startsWith('data:'))
      said.push('asked for ' + r.url().slice(0, 100));
  });
  page.on('dialog', d => { said.push('dialog'); d.dismiss(); });
  const began = Date.now();
  await page.goto(`file://${folder}/${name}.html`);
  return { page, said, took: Date.now() - began, close: () => context.close() };
}

// What a canvas shows: whether any pixel of it is not empty.
const drawn = (page, id) => page.evaluate(canvas => {
  const e = document.getElementById(canvas);
  if (!e || !e.width || !e.height) return false;
  return e.getContext('2d').getImageData(0, 0, e.width, e.height).data.some(b => b !== 0);
}, id);
const column = (page, table, index) => page.evaluate(([t, i]) =>
  Array.from(document.querySelector(t).tBodies[0].rows).filter(r => !r.hidden)
    .map(r => r.cells[i].textContent.trim()), [table, index]);

const charts = {
  whole: ['chart-front'],
  run: ['chart-front', 'chart-classes', 'chart-reliability'],
  pair: ['chart-changes'],
};
const looks = [
  ['phone', { viewport: { width: 390, height: 844 }, colorScheme: 'light' }],
  ['desk', { viewport: { width: 1280, height: 900 }, colorScheme: 'light' }],
  ['dark', { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' }],
  ['phone-dark', { viewport: { width: 390, height: 844 }, colorScheme: 'dark' }],
];
const grounds = new Set();
for (const name of Object.keys(charts)) {
  for (const [look, options] of looks) {
    const { page, said, took, close } = await open(name, options);
    const where = `${name}, ${look}`;
    for (const chart of charts[name]) check(await drawn(page, chart), `${where}: ${chart} is empty`);
    check(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth),
      `${where}: wider than the window`);
    check(await page.evaluate(() => window.broken === undefined), `${where}: a name was run`);
    check(await page.locator('h1').count() === 1, `${where}: not one h1`);
    grounds.add(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
    check(said.length === 0, `${where}: ${said.join('; ')}`);
    if (screenshots) /* charts are drawn again when the window grows to the page's height */
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(
        () => requestAnimationFrame(done))));
    if (screenshots) await page.screenshot({ path: `${screenshots}/${name}-${look}.png`, fullPage: true });
    console.log(`${where}: ${took} ms`);
    await close();
  }
}
check(grounds.size === 2, 'light and dark do not differ');

// The table of runs: sorted by keyboard, both ways, and filtered.
{
  const { page, close } = await open('whole', looks[1][1]);
  const head = page.locator('#runs thead th').nth(0).locator('button');
  await head.focus();
  await page.keyboard.press('Enter');
  check((await column(page, '#runs', 0)).join() === '3,2,1', 'runs do not fall after a click');
  check(await page.locator('#runs thead th').nth(0).getAttribute('aria-sort') === 'descending',
    'aria-sort does not say descending');
  await page.keyboard.press('Enter');
  check((await column(page, '#runs', 0)).join() === '1,2,3', 'runs do not rise after two');
  const text = await page.evaluate(() => document.body.textContent);
  check(text.includes('<script>window.broken=3</script>'), 'an imported name is not shown');
  check(text.includes('x<b onmouseover=alert(1)>'), "a model's name is not shown as it is");
  await page.locator('#axis').selectOption('mb');
  check(await drawn(page, 'chart-front'), 'no chart after choosing megabytes');
  // By Tab alone one comes to everything that can be used.
  const reached = new Set();
  await page.evaluate(() => document.body.focus());
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press('Tab');
    reached.add(await page.evaluate(() => {
      const e = document.activeElement;
      if (e.closest('thead th')) return 'head';
      return e.matches('.scroll') ? 'scroll' : e.id || e.className || e.localName;
    }));
  }
  for (const one of ['skip', 'theme', 'group', 'axis', 'summary', 'head', 'scroll'])
    check(reached.has(one), `Tab does not reach ${one}: ${Array.from(reached)}`);
  const theme = page.locator('button.theme');
  const before = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await theme.click();
  check(before !== await page.evaluate(() => getComputedStyle(document.body).backgroundColor),
    'the button does not change the theme');
  check(await drawn(page, 'chart-front'), 'no chart after changing the theme');
  await close();
}
{
  const { page, close } = await open('run', looks[1][1]);
  const table = 'table[data-what="classes"]';
  const filter = page.getByLabel('Filter classes');
  await filter.fill('一');
  const names = await column(page, table, 1);
  check(names.length === 1 && names[0] === '一 one', 'filter by a Chinese name: ' + names);
  check(await page.locator('.count').first().textContent() === '1 of 10', 'the count is not told');
  await filter.fill('');
  check((await column(page, table, 1)).length === 10, 'an empty filter does not show all');
  check((await column(page, table, 1))[0].startsWith('zero <img src=x'), 'a name is not shown');
  const rate = page.locator(table + ' thead th').nth(4).locator('button');
  await rate.click();
  const rates = (await column(page, table, 4)).map(parseFloat);
  check(rates.every((r, i) => i === 0 || rates[i - 1] >= r), 'rates do not fall: ' + rates);
  check(await page.locator('figure img').count() > 0, 'no pictures of mistakes');
  check(await page.evaluate(() => Array.from(document.images).every(i => i.naturalWidth > 0)),
    'a picture does not load');
  // What has no text for a screen reader?
  check(await page.evaluate(() => Array.from(document.querySelectorAll('canvas')).every(
    c => c.getAttribute('aria-label'))), 'a chart has no label');
  check(await page.evaluate(() => Array.from(document.querySelectorAll('input, select')).every(
    i => i.labels.length > 0)), 'a field has no label');
  await close();
}
// A long table shows its first rows and all when asked; sorting and filtering see every row.
{
  const { page, said, close } = await open('long', looks[1][1]);
  const shown = () => page.evaluate(() =>
    Array.from(document.querySelector('#runs').tBodies[0].rows).filter(r => !r.hidden).length);
  const count = page.locator('.count').first();
  check(await shown() === 300, `${await shown()} rows of 400 at first`);
  check(await count.textContent() === '400 runs, the first 300 shown', 'what is shown is not told');
  await page.locator('#runs thead th').nth(0).locator('button').click();
  check((await column(page, '#runs', 0))[0] === '400', 'sorting leaves out hidden rows');
  check(await shown() === 300, 'sorting changes how many are shown');
  await page.getByLabel('Filter runs').fill('model-7 ');
  const found = await column(page, '#runs', 1);
  check(found.length > 3 && found.every(m => m === 'model-7'), 'filtering leaves out hidden rows');
  await page.getByLabel('Filter runs').fill('');
  await page.locator('button.more').first().click();
  check(await shown() === 400, 'not all rows after asking for all');
  check(await page.locator('button.more').first().isHidden(), 'more than all are offered');
  check(said.length === 0, `long: ${said.join('; ')}`);
  await close();
  const plain = await open('long', { javaScriptEnabled: false });
  check(await plain.page.locator('#runs tbody tr').last().isVisible(),
    'without script rows stay hidden');
  await plain.close();
}
{
  const { page, close } = await open('pair', looks[0][1]);
  check(await page.locator('.verdict').count() === 1, 'no verdict');
  check(await page.locator('figure.flip').count() > 0, 'no flips');
  await close();
}
await browser.close();
console.log(failures === 0 ? 'all as expected' : `${failures} failures`);
process.exit(failures === 0 ? 0 : 1);
