// The list of errors takes the focus when a form comes back; each of its links goes into the field.
export function startErrors() {
  focusErrors();
  document.addEventListener("htmx:after:swap", focusErrors);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('.errors a[href^="#"]');
    const field = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!field) return;
    event.preventDefault();
    const control = field.matches("input, select, textarea, button") ? field : field.querySelector("input:not([type=hidden]), select, textarea");
    (control ?? field).focus({ preventScroll: true });
    field.scrollIntoView({ block: "center" });
  });
}

let shown = null;

function focusErrors() {
  const list = document.getElementById("errors");
  if (list && list !== shown) list.focus();
  shown = list;
}
