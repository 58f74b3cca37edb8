// Comforts on top of pages that work without it: clocks, menus, dialogs, copying, the theme.

const root = document.documentElement;

// --- Clocks: counted from the server's time, so a wrong machine clock does not matter -------
const serverTime = document.querySelector('meta[name="server-time"]')?.content;
const offset = serverTime ? Date.parse(serverTime) - Date.now() : 0;

function words(seconds) {
  const two = (n) => String(n).padStart(2, "0");
  const [m, h, d] = [60, 3600, 86400];
  if (seconds < m) return seconds ? `${seconds} s` : "under 1 s";
  if (seconds < h) return `${Math.floor(seconds / m)} m ${two(seconds % m)} s`;
  if (seconds < d) return `${Math.floor(seconds / h)} h ${two(Math.floor((seconds % h) / m))} m`;
  const days = Math.floor(seconds / d);
  if (seconds % d < h || seconds > 10 * d) return days === 1 ? "1 day" : `${days} days`;
  return `${days} d ${Math.floor((seconds % d) / h)} h`;
}

function tick() {
  const now = Date.now() + offset;
  for (const clock of document.querySelectorAll("time[data-due]")) {
    const left = Math.trunc((Date.parse(clock.dataset.due) - now) / 1000);
    const pattern = left >= 0 ? clock.dataset.left : clock.dataset.over;
    const text = pattern.replace("{}", words(Math.abs(left)));
    if (clock.textContent !== text) clock.textContent = text;
    if (left >= 0) fill(clock, left);
  }
}

// The bar was drawn for the moment of the page; what it stood for tells the whole time.
function fill(clock, left) {
  const bar = clock.parentElement.querySelector(".bar-fill");
  if (!bar) return;
  const share = Number(bar.getAttribute("width"));
  clock.dataset.whole ??= share < 100 ? left / (1 - share / 100) : 0;
  const whole = Number(clock.dataset.whole);
  if (whole > 0) bar.setAttribute("width", Math.min(100, 100 * (1 - left / whole)).toFixed(1));
}
if (document.querySelector("time[data-due]")) tick();
setInterval(tick, 1000);

// --- What only a script can do appears when there is one ------------------------------------
function prepare(scope) {
  for (const button of scope.querySelectorAll("[data-copy]")) button.hidden = false;
  for (const button of scope.querySelectorAll("[data-needless]")) button.hidden = true;
}
prepare(document);
document.addEventListener("htmx:load", (event) => prepare(event.target));

// --- Menus close like menus ------------------------------------------------------------------
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (menu !== except) menu.open = false;
  }
}

// --- Theme: at once here, and kept by the form's own address --------------------------------
async function keepTheme(form, theme) {
  root.dataset.theme = theme;
  for (const button of document.querySelectorAll(".theme-choice button")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
  const body = new FormData(form);
  body.set("theme", theme);
  await fetch(form.action, { method: "POST", body, redirect: "manual" });
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-theme-form]") && event.submitter?.value) {
    event.preventDefault();
    keepTheme(form, event.submitter.value);
  }
});

document.addEventListener("click", async (event) => {
  closeMenus(event.target.closest("details[data-menu]"));
  const opener = event.target.closest("[data-dialog]");
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (dialog) {
    event.preventDefault();
    dialog.showModal();
  }
  if (event.target.closest("[data-close]") || event.target.matches("dialog")) {
    event.target.closest("dialog").close();
  }
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    await navigator.clipboard.writeText(copy.parentElement.querySelector("[data-copy-text]").textContent);
    copy.setAttribute("aria-label", copy.dataset.done);
    copy.classList.add("is-done");
    setTimeout(() => copy.classList.remove("is-done"), 1600);
  }
  if (event.target.closest("[data-print]")) window.print();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus(null);
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    const search = document.querySelector("[data-search]");
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  }
});
