// Unsaved changes are not lost by a slip, and a form is not sent twice by a double click.
const before = new WeakMap();

export function startGuard() {
  for (const form of document.querySelectorAll("form[data-form]")) before.set(form, state(form));
  window.addEventListener("beforeunload", (event) => {
    if ([...document.querySelectorAll("form[data-form]")].some(hasChanges)) event.preventDefault();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) event.preventDefault();
    else form.dataset.sent = "yes";
  });
  // The page may come back from the browser's memory, or a download may have left it where it is.
  window.addEventListener("pageshow", release);
  window.addEventListener("focus", () => setTimeout(release, 3000));
}

function hasChanges(form) {
  if (form.dataset.sent) return false;
  return Boolean(form.querySelector("#errors")) || before.get(form) !== state(form);
}

export function state(form) {
  const pairs = [...new FormData(form)].filter(([name]) => name !== "_csrf");
  return JSON.stringify(pairs.map(([name, value]) => [name, value instanceof File ? value.name : value]));
}

function release() {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
}
