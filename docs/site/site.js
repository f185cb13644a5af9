// What the pages do by themselves. A guess works as `fc.guess` and `fc.reveal` in a notebook: it is scored here, and kept
// in this browser alone. What waits for it, `details.answer`, can also be opened by hand.
"use strict";

(() => {
const key = (id) => `fercourse.guess.${id}`;
const forms = [...document.querySelectorAll("form.guess")];
const made = {};

function say(form, { answer, confidence }) {
  const right = form.dataset.right;
  const status = form.querySelector("[role=status]");
  const said = `You said ${answer}, ${confidence} % sure.`;
  if (!right) {
    status.textContent = `${said} None of the options was right, so no guess is scored. The answer stands below.`;
    return;
  }
  const brier = (confidence / 100 - (answer === right ? 1 : 0)) ** 2;
  const verdict = answer === right ? "Right." : `Not this time: it is ${right}.`;
  status.textContent = `${verdict} ${said} Brier score ${brier.toFixed(2)}; 0 is best.`;
}

function open(form, guess) {
  made[form.dataset.guess] = guess;
  say(form, guess);
  for (const answer of document.querySelectorAll("details.answer")) {
    if (answer.dataset.waitsFor.split(" ").every((id) => id in made)) answer.open = true;
  }
}

function kept(id) {
  try {
    return JSON.parse(localStorage.getItem(key(id)));
  } catch { // a browser that keeps nothing, or what is no guess: then it is asked again
    return null;
  }
}

function keep(id, guess) {
  try {
    localStorage.setItem(key(id), JSON.stringify(guess));
  } catch { // as above: the guess counts until the page is left
  }
}

for (const form of forms) {
  const sure = form.querySelector("input[type=range]");
  const shown = form.querySelector("output");
  const show = () => { shown.value = `${sure.value} %`; };
  sure.addEventListener("input", show);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const answer = form.querySelector("input[type=radio]:checked").value;
    const guess = { answer, confidence: Number(sure.value) };
    keep(form.dataset.guess, guess);
    open(form, guess);
  });
  const guess = kept(form.dataset.guess);
  const choice = guess && [...form.querySelectorAll("input[type=radio]")].find((each) => each.value === guess.answer);
  if (choice) { // an option that is no longer there is forgotten
    choice.checked = true;
    sure.value = guess.confidence;
    show();
    open(form, guess);
  }
}

// On a telephone a table with many columns of sentences becomes a list, for which each cell needs its head: site.css.
for (const table of document.querySelectorAll(".md-typeset table:not([class])")) {
  const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent.trim());
  const cells = [...table.querySelectorAll("tbody td")];
  if (heads.length < 5 || !cells.some((cell) => cell.textContent.length > 80)) continue;
  table.dataset.sentences = "";
  for (const cell of cells) cell.dataset.head = heads[cell.cellIndex];
}

// Whoever has no mouse scrolls a wide table or figure by the keys, once it can be reached by them.
function reachable() {
  const wide = ".shown, .output pre, .figure, .diagram .picture, .md-typeset__scrollwrap, .md-typeset p:has(> img:only-child)";
  for (const box of document.querySelectorAll(wide)) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else if (box.tagName !== "A") box.removeAttribute("tabindex");
  }
}
addEventListener("resize", reachable);
document.addEventListener("toggle", reachable, true); // of what was folded nothing had a width
new MutationObserver(reachable).observe(document.body, { childList: true, subtree: true }); // Material wraps tables
reachable();

// Material names its search by a picture of a magnifying glass alone.
document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
})();
